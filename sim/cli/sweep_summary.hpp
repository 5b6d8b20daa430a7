// The output of a finished sweep, as a table and in sentences.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/paint.hpp"
#include "explore/sweep.hpp"

namespace infsim::cli {

/// Ids of the points that are the knee of a group, if there are few groups: see sweep_sentences().
std::set<std::string> knees_of(const explore::Sweep& sweep, const explore::SweepResult& result);

/// One line per point: the axes and the main figures, or `columns` of its record. Reasons for missing figures stand
/// below, each once; the knees are coloured.
std::string sweep_table(const explore::Sweep& sweep, const explore::SweepResult& result,
                        const std::vector<std::string>& columns, const std::set<std::string>& knees,
                        const Paint& paint);

/// The sentences for each group of points that differ only in the batch: knee, b95, the largest batch and why not
/// one more, and where layers stop being bound by DRAM. With more than a few groups, one line each.
std::string sweep_sentences(const explore::Sweep& sweep, const explore::SweepResult& result, const Paint& paint);

/// The same for programs: {"groups": [{"point": {...}, "knee": 3, "b95": 4, "largest": 5, "first_beyond":
/// {...}}]}.
json::Value sweep_summary_json(const explore::Sweep& sweep, const explore::SweepResult& result);

}  // namespace infsim::cli
