#include "cli/limits_sweep_report.hpp"

#include <algorithm>
#include <iostream>
#include <utility>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

namespace {

using explore::LimitsRow;
using explore::Sweep;
using record::Status;

std::string batch_text(const record::LimitColumns& limit) {
    if (!limit.batch) return "-";
    if (*limit.batch == 0) return "none";
    return number_text(*limit.batch) + (limit.open.value_or(false) ? "+" : "");
}

/// Why the largest batch of all is not one more; for a cell without limits, why it has none.
std::string why_text(const record::LimitsRecord& r) {
    if (r.status != Status::ok) return std::string{record::status_name(r.status)} + ": " + r.reason;
    return r.any.reason.empty() ? "the search ended at B=" + number_text(r.max_batch.value_or(0)) : r.any.reason;
}

}  // namespace

std::string limits_rows_text(const Sweep& sweep, const std::vector<LimitsRow>& rows) {
    std::vector<std::string> names, keys;
    for (const explore::Axis& axis : sweep.axes) keys.push_back(axis.key);
    names = keys;
    names.insert(names.end(), {"no spill", "in parts", "at all", "best", "items/s", "p99 ms"});
    Table table(names);
    std::vector<std::pair<std::string, std::vector<std::string>>> told;  // the same words once, with their rows
    for (const LimitsRow& row : rows) {
        const record::LimitsRecord& r = row.record;
        std::vector<std::string> cells = row.axis_values;
        cells.insert(cells.end(), {batch_text(r.resident), batch_text(r.sub_batched), batch_text(r.any),
                                   batch_text(r.best), fixed(r.best_throughput_avg, 0),
                                   fixed(r.best_latency_ms_p99, 2)});
        table.add(std::move(cells));
        const std::string text = why_text(r);
        auto entry = std::find_if(told.begin(), told.end(), [&](const auto& t) { return t.first == text; });
        if (entry == told.end()) entry = told.insert(told.end(), {text, {}});
        entry->second.push_back(join(row.axis_values, "/"));
    }
    std::string text = table.text() + "\nWhy not one more, of what fits at all:\n";
    for (const auto& [what, of] : told)
        text += wrapped((keys.empty() ? std::string{} : join(keys, "/") + " " + join(of, ", ") + ": ") + what) + "\n";
    return text;
}

json::Value limits_rows_json(const Sweep& sweep, const std::vector<LimitsRow>& rows, const std::string& folder) {
    json::Array cells;
    for (const LimitsRow& row : rows) {
        json::Object axes;
        for (std::size_t a = 0; a < sweep.axes.size(); ++a) axes.set(sweep.axes[a].key, row.axis_values[a]);
        cells.push_back(json::Object{{"axes", std::move(axes)}, {"record", record::to_object(row.record)}});
    }
    return json::Object{{"question", sweep.question}, {"folder", folder}, {"cells", std::move(cells)}};
}

int limits_status(const std::vector<LimitsRow>& rows) {
    std::size_t given_up = 0;
    bool failed = false;
    for (const LimitsRow& row : rows) {
        const record::LimitsRecord& r = row.record;
        given_up += r.status == Status::timeout || r.status == Status::out_of_memory ? 1 : 0;
        if (r.status != Status::failed) continue;
        failed = true;
        std::cerr << "failed: cell " << r.cell_id << ": " << r.reason << "\n";
    }
    if (given_up > 0)
        std::cerr << given_up << (given_up == 1 ? " cell was" : " cells were")
                  << " given up; the same command with a higher limit runs them again\n";
    return failed ? kInternalFault : kDone;
}

}  // namespace infsim::cli
