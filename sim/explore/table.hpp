// The table of a sweep.
#pragma once

#include <string>
#include <vector>

#include "explore/sweep_file.hpp"

namespace infsim::explore {

struct SweepRow;

/// table.csv: the axes that are no columns of a record (keys that reach into files), then the record's
/// columns.
std::string table_csv(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// Indices of the axes that are no columns of a record.
std::vector<std::size_t> extra_axes(const Sweep& sweep);

}  // namespace infsim::explore
