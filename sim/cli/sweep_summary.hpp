// What a finished sweep says, in a table and in sentences.
#pragma once

#include <string>

#include "base/json.hpp"
#include "explore/sweep.hpp"

namespace infsim::cli {

/// One line per point: the axes and the figures that matter.
std::string sweep_table(const explore::Sweep& sweep, const explore::SweepResult& result);

/// The sentences for each group of points that differ in nothing but the batch: knee, b95, the largest batch
/// and why not one more, and where layers stop being bound by DRAM. With more than a few groups, one line
/// each.
std::string sweep_sentences(const explore::Sweep& sweep, const explore::SweepResult& result);

/// The same for programs: {"groups": [{"point": {...}, "knee": 3, "b95": 4, "largest": 5, "first_beyond":
/// {...}}]}.
json::Value sweep_summary_json(const explore::Sweep& sweep, const explore::SweepResult& result);

}  // namespace infsim::cli
