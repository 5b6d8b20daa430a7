// The table of a sweep as objectives see it.
#pragma once

#include <vector>

#include "explore/sweep.hpp"
#include "explore/verdicts.hpp"

namespace infsim::explore {

/// Settles the sweep's objectives against the columns of its table (settle_objectives).
void check_objectives(Sweep& sweep, Problems& problems);

/// What the rows offer by the sweep's objectives. Throughput has the interval of its measurement; latencies, service
/// time and cost are off by the same share, because in a closed loop they go with its inverse.
std::vector<OfferedRow> offered_rows(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// What the sweep's objectives say of its rows.
Verdicts verdicts_of(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// A column that the table has beside the record's, with a cell for each row.
struct AddedColumn {
    record::TableColumn column;
    std::vector<std::string> cells;
};
/// The columns that objectives add at the end of the table; none where the sweep has no objectives.
std::vector<AddedColumn> objective_columns(const Sweep& sweep, const std::vector<SweepRow>& rows);

}  // namespace infsim::explore
