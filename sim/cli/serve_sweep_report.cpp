#include <algorithm>

#include "base/text.hpp"
#include "cli/serve_report.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

namespace {

using record::ServingRecord;

/// With as many digits as mean something; "-" where there is no value.
std::string shown_cell(const record::ServingColumn& column, const ServingRecord& r) {
    const json::Value value = record::json_value(record::member_of(column, r));
    if (value.is_number() && !value.is_int()) return rounded(value.as_number());
    const std::string text = record::cell_text(column, r);
    return text.empty() ? "-" : text;
}

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

std::vector<std::string> serving_column_names() {
    std::vector<std::string> names;
    for (const record::ServingColumn& c : record::serving_columns()) names.push_back(c.name);
    return names;
}

std::string serving_record_table(const ServingRecord& record, const std::vector<std::string>& columns) {
    Table table({"column", "unit", "value"});
    for (const std::string& name : columns)
        for (const record::ServingColumn& c : record::serving_columns())
            if (c.name == name) table.add({c.name, c.unit, shown_cell(c, record)});
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
        const auto rest = usual_cells(r, mark);
        if (marks) cells.push_back(mark);
        if (columns.empty()) cells.insert(cells.end(), rest.begin(), rest.end());
        for (const std::string& name : columns)
            for (const record::ServingColumn& c : record::serving_columns())
                if (c.name == name) cells.push_back(shown_cell(c, r));
        table.add(std::move(cells), r.status == "ok" && r.verdict == "VALID" ? Ink::plain : Ink::warning);
    }
    return table.text(paint) + reasons.text();
}

json::Value serving_rows_json(const explore::Sweep& sweep, const std::vector<explore::ServingRow>& rows,
                              const std::string& folder) {
    json::Array points;
    for (const explore::ServingRow& row : rows) {
        json::Object axes;
        for (std::size_t a = 0; a < sweep.axes.size(); ++a) axes.set(sweep.axes[a].key, row.axis_values[a]);
        points.push_back(json::Object{{"axes", std::move(axes)}, {"record", record::to_object(row.record)}});
    }
    return json::Object{{"question", sweep.question}, {"folder", folder}, {"points", std::move(points)}};
}

}  // namespace infsim::cli
