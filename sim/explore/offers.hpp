// The table of a sweep as objectives see it.
#pragma once

#include <vector>

#include "explore/sweep.hpp"
#include "explore/verdicts.hpp"

namespace infsim::explore {

/// Resolves the sweep's objectives against the columns of its table (settle_objectives).
void check_objectives(Sweep& sweep, Problems& problems);

/// The rows' figures for the sweep's objectives. Throughput has the interval of its measurement. Latencies, service
/// time and cost have the same relative interval, because in a closed loop they are proportional to its inverse.
std::vector<OfferedRow> offered_rows(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// The verdicts of the sweep's objectives on its rows.
Verdicts verdicts_of(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// A column of the table besides the record's, with a cell for each row.
struct AddedColumn {
    record::TableColumn column;
    std::vector<std::string> cells;
};
/// The columns that objectives add at the end of the table; none if the sweep has no objectives.
std::vector<AddedColumn> objective_columns(const Sweep& sweep, const std::vector<SweepRow>& rows);

}  // namespace infsim::explore
