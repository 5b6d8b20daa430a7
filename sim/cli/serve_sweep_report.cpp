#include <algorithm>

#include "base/text.hpp"
#include "cli/cells.hpp"
#include "cli/serve_report.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

namespace {

using record::ServingRecord;

std::vector<std::string> usual_cells(const ServingRecord& r, const std::string& mark) {
    const auto share = [](const record::Real& x) { return x ? percent(*x) : std::string("-"); };
    return {(r.status == "ok" ? r.verdict : r.status) + (mark.empty() ? "" : " " + mark),
            fixed(r.offered_rate, 1),
            fixed(r.throughput_avg, 1),
            fixed(r.latency_ms_p50, 3),
            fixed(r.latency_ms_p99, 3),
            share(r.padding_fraction),
            share(r.core_utilisation)};
}

}  // namespace

std::string serving_record_table(const ServingRecord& record, const std::vector<std::string>& columns) {
    Table table({"column", "unit", "value"});
    const auto shown = record::named(record::serving_columns(), columns);
    const auto cells = shown_cells(record::serving_columns(), columns, record);
    for (std::size_t c = 0; c < shown.size(); ++c) table.add({shown[c]->name, shown[c]->unit, cells[c]});
    return table.text();
}

std::string serving_rows_text(const explore::Sweep& sweep, const std::vector<explore::ServingRow>& rows,
                              const std::vector<std::string>& columns, const Paint& paint) {
    std::vector<std::string> names;
    for (const explore::Axis& axis : sweep.axes) names.push_back(axis.key.substr(axis.key.find('.') + 1));
    const std::vector<std::string> usual{"verdict", "offered req/s", "items/s",   "p50 ms",
                                         "p99 ms",  "padding",       "cores busy"};
    const bool marks = !columns.empty() && std::any_of(rows.begin(), rows.end(), [](const explore::ServingRow& row) {
        return !row.record.reason.empty();
    });
    if (marks) names.emplace_back("");
    const auto& more = columns.empty() ? usual : columns;
    names.insert(names.end(), more.begin(), more.end());
    Table table(names);
    Footnotes reasons;
    for (const explore::ServingRow& row : rows) {
        const ServingRecord& r = row.record;
        std::vector<std::string> cells = row.axis_values;
        const std::string mark = r.reason.empty() ? "" : reasons.mark(r.reason);
        if (marks) cells.push_back(mark);
        const auto rest = columns.empty() ? usual_cells(r, mark) : shown_cells(record::serving_columns(), columns, r);
        cells.insert(cells.end(), rest.begin(), rest.end());
        table.add(std::move(cells), r.status == "ok" && r.verdict == "VALID" ? Ink::plain : Ink::warning);
    }
    return table.text(paint) + reasons.text();
}

json::Value serving_rows_json(const explore::Sweep& sweep, const std::vector<explore::ServingRow>& rows,
                              const std::string& folder) {
    return json::Object{{"question", sweep.question}, {"folder", folder}, {"points", rows_json(sweep, rows)}};
}

}  // namespace infsim::cli
