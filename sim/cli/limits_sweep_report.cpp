#include "cli/limits_sweep_report.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/cells.hpp"
#include "cli/command.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

namespace {

using explore::LimitsRow;
using explore::Sweep;
using record::LimitsRecord;
using record::Status;

std::string batch_text(const record::LimitColumns& limit) {
    if (!limit.batch) return "-";
    if (*limit.batch == 0) return "none";
    return number_text(*limit.batch) + (limit.open.value_or(false) ? "+" : "");
}

/// Why no larger batch fits; for a cell without limits, why it has none.
std::string why_text(const LimitsRecord& r) {
    if (r.status != Status::ok) return std::string{record::status_name(r.status)} + ": " + r.reason;
    if (r.any.reason.empty()) return "the search ended at B=" + number_text(r.max_batch.value_or(0));
    return "no larger batch fits: " + r.any.reason;
}

std::vector<std::string> usual_cells(const LimitsRecord& r, const std::string& mark) {
    return {batch_text(r.resident), batch_text(r.sub_batched),       batch_text(r.any) + " " + mark,
            batch_text(r.best),     fixed(r.best_throughput_avg, 0), fixed(r.best_latency_ms_p99, 2)};
}

/// The usual cells with the mark of the reason, or the mark and the requested columns.
std::vector<std::string> cells_of(const LimitsRecord& r, const std::vector<std::string>& columns,
                                  const std::string& mark) {
    if (columns.empty()) return usual_cells(r, mark);
    std::vector<std::string> cells = shown_cells(record::limits_columns(), columns, r);
    cells.insert(cells.begin(), mark);
    return cells;
}

Ink ink_of(const LimitsRecord& r) {
    if (r.status == Status::failed) return Ink::bad;
    return r.status == Status::ok ? Ink::plain : Ink::warning;
}

}  // namespace

std::string limits_rows_text(const Sweep& sweep, const std::vector<LimitsRow>& rows,
                             const std::vector<std::string>& columns, const Paint& paint) {
    std::vector<std::string> names;
    for (const explore::Axis& axis : sweep.axes) names.push_back(axis.key);
    const std::vector<std::string> usual{"no spill", "in parts", "at all", "best", "items/s", "p99 ms"};
    if (!columns.empty()) names.emplace_back("");
    const auto& more = columns.empty() ? usual : columns;
    names.insert(names.end(), more.begin(), more.end());
    Table table(names);
    Footnotes reasons;
    for (const LimitsRow& row : rows) {
        std::vector<std::string> cells = row.axis_values;
        for (std::string& cell : cells_of(row.record, columns, reasons.mark(why_text(row.record))))
            cells.push_back(std::move(cell));
        table.add(std::move(cells), ink_of(row.record));
    }
    return table.text(paint) + reasons.text();
}

json::Value limits_rows_json(const Sweep& sweep, const std::vector<LimitsRow>& rows, const std::string& folder) {
    return json::Object{{"question", sweep.question}, {"folder", folder}, {"cells", rows_json(sweep, rows)}};
}

int limits_status(const std::vector<LimitsRow>& rows, Console& console) {
    std::size_t given_up = 0;
    bool failed = false;
    for (const LimitsRow& row : rows) {
        const LimitsRecord& r = row.record;
        given_up += r.status == Status::timeout || r.status == Status::out_of_memory ? 1 : 0;
        if (r.status != Status::failed) continue;
        failed = true;
        console.error("failed: cell " + r.cell_id + ": " + r.reason);
    }
    if (given_up > 0)
        console.error(std::to_string(given_up) + (given_up == 1 ? " cell was" : " cells were") +
                      " given up; the same command with a higher limit runs them again");
    return failed ? kInternalFault : kDone;
}

}  // namespace infsim::cli
