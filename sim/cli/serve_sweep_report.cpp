#include "base/text.hpp"
#include "cli/serve_report.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

std::string serving_rows_text(const explore::Sweep& sweep, const std::vector<explore::ServingRow>& rows) {
    std::vector<std::string> names;
    for (const explore::Axis& axis : sweep.axes) names.push_back(axis.key.substr(axis.key.find('.') + 1));
    names.insert(names.end(),
                 {"verdict", "offered req/s", "items/s", "p50 ms", "p99 ms", "padding", "cores busy", "why"});
    Table table(names);
    for (const explore::ServingRow& row : rows) {
        const record::ServingRecord& r = row.record;
        std::vector<std::string> cells = row.axis_values;
        const auto share = [](const record::Real& x) { return x ? percent(*x) : std::string("-"); };
        cells.insert(cells.end(), {r.status == "ok" ? r.verdict : r.status, fixed(r.offered_rate, 1),
                                   fixed(r.throughput_avg, 1), fixed(r.latency_ms_p50, 3), fixed(r.latency_ms_p99, 3),
                                   share(r.padding_fraction), share(r.core_utilisation), r.reason});
        table.add(std::move(cells));
    }
    return table.text();
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
