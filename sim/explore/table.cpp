#include "explore/table.hpp"

#include <algorithm>

#include "explore/offers.hpp"
#include "explore/sweep.hpp"
#include "record/csv.hpp"

namespace infsim::explore {

std::vector<std::size_t> extra_axes(const Sweep& sweep) {
    std::vector<std::size_t> extra;
    const auto& own = point_keys();
    for (std::size_t a = 0; a < sweep.axes.size(); ++a)
        if (std::find(own.begin(), own.end(), sweep.axes[a].key) == own.end()) extra.push_back(a);
    return extra;
}

std::string table_csv(const Sweep& sweep, const std::vector<SweepRow>& rows) {
    const auto extra = extra_axes(sweep);
    std::string text;
    for (std::size_t a : extra) text += record::csv_cell(sweep.axes[a].key) + ",";
    record::RareColumns rare;
    for (const SweepRow& row : rows) rare.merge(record::rare_columns(row.record));
    const std::vector<std::string> verdicts = objective_cells(sweep, rows);
    text += record::csv_header(rare) + verdicts.front() + "\n";
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t a : extra) text += record::csv_cell(rows[i].axis_values[a]) + ",";
        text += record::csv_row(rows[i].record, rare) + verdicts[i + 1] + "\n";
    }
    return text;
}

}  // namespace infsim::explore
