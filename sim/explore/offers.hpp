// The table of a sweep as objectives see it.
#pragma once

#include <vector>

#include "explore/sweep.hpp"
#include "explore/verdicts.hpp"

namespace infsim::explore {

/// What the rows offer by the sweep's objectives. Throughput has the interval of its measurement; latencies, service
/// time and cost are off by the same share, because in a closed loop they go with its inverse.
std::vector<OfferedRow> offered_rows(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// What the sweep's objectives say of its rows.
Verdicts verdicts_of(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// Cells of the columns that objectives add at the end of the table, the header first; empty texts where the sweep has
/// none. They begin with a comma.
std::vector<std::string> objective_cells(const Sweep& sweep, const std::vector<SweepRow>& rows);

}  // namespace infsim::explore
