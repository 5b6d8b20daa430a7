#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/cells.hpp"
#include "cli/run_report.hpp"
#include "cli/sweep_summary.hpp"
#include "cli/table.hpp"
#include "record/columns.hpp"

namespace infsim::cli {

namespace {

using explore::Sweep;
using explore::SweepResult;
using record::RunRecord;
using record::Status;

std::string interval_text(const RunRecord& r) {
    if (r.status == Status::estimated) return "estimate";
    if (!r.throughput_high || *r.throughput_high == *r.throughput_avg) return "exact";
    return fmt::format("{:.1f} %", 100 * (*r.throughput_high / *r.throughput_avg - 1));
}

/// Shown instead of figures.
std::string verdict(Status status) {
    switch (status) {
        case Status::ok:
        case Status::estimated: break;
        case Status::infeasible: return "no fit";
        case Status::failed: return "failed";
        case Status::timeout: return "timeout";
        case Status::out_of_memory: return "no memory";
    }
    return "";
}

std::vector<std::string> figures(const RunRecord& r) {
    const auto busy = r.engine_share[0][0];
    return {fixed(r.throughput_avg, 0),
            interval_text(r),
            fixed(record::typical_latency_ms(r), 2),
            fixed(r.latency_ms_p99, 2),
            fixed(r.service_ms, 2),
            fixed(r.roofline_ms, 2),
            efficiency_text(r.efficiency),
            r.bound,
            busy ? percent(*busy) : "-",
            percent(*r.dram_utilisation),
            megabytes(*r.weight_bytes_per_inference),
            number_text(*r.sb_peak_bytes)};
}

/// Why a row has no figures.
std::string reason_text(const RunRecord& r) {
    if (!r.infeasible_wanted_bytes) return std::string(record::status_name(r.status)) + ": " + r.reason;
    return "does not fit: " + r.infeasible_layer + " needs " + number_text(*r.infeasible_wanted_bytes) + " of " +
           number_text(*r.infeasible_available_bytes) + " B " + r.infeasible_resource;
}

/// Why a row is slow, or what limits it.
std::string remark_text(const RunRecord& r) {
    if (r.status == Status::estimated)
        return "from the compiler's estimate, not simulated: +-10 %, and the latency is a mean";
    return r.why_slow.empty() ? limit_in_brief(r) : "far from ideal: " + r.why_slow;
}

/// The colour of a row: the knee stands out.
Ink ink_of(const RunRecord& r, const std::set<std::string>& knees) {
    if (r.status == Status::failed) return Ink::bad;
    if (!record::has_results(r)) return Ink::warning;
    return knees.count(r.point_id) > 0 ? Ink::good : Ink::plain;
}

/// Remarks in the order of their first rows, each with its rows.
class Remarks {
public:
    void add(const std::string& row, const std::string& what) {
        auto at = std::find_if(told_.begin(), told_.end(), [&](const auto& t) { return t.first == what; });
        if (at == told_.end()) at = told_.insert(told_.end(), {what, {}});
        at->second.push_back(row);
    }
    /// "batch 1, 2: PE is busy 53 % of the time and waits mostly for weights (21 %)".
    std::string text(const std::string& keys) const {
        std::string lines;
        for (const auto& [what, rows] : told_) lines += wrapped(keys + " " + join(rows, ", ") + ": " + what) + "\n";
        return lines;
    }

private:
    std::vector<std::pair<std::string, std::vector<std::string>>> told_;
};

std::vector<std::string> usual_names() {
    return {"items/s", "+-",    "p50 ms", "p99 ms", "service", "roofline",
            "eff.",    "bound", "PE",     "DRAM",   "weights", "SB B"};
}

/// The requested figures, or the usual ones; without figures, the mark of the reason.
std::vector<std::string> cells_of(const RunRecord& r, const std::vector<std::string>& columns,
                                  const std::string& mark) {
    if (columns.empty()) return record::has_results(r) ? figures(r) : std::vector{mark};
    return shown_cells(record::columns(), columns, r);
}

}  // namespace

std::string sweep_table(const Sweep& sweep, const SweepResult& result, const std::vector<std::string>& columns,
                        const std::set<std::string>& knees, const Paint& paint) {
    std::vector<std::string> names;
    for (const explore::Axis& axis : sweep.axes) names.push_back(axis.key);
    const std::string keys = join(names, "/");
    const bool all_ran = std::all_of(result.rows.begin(), result.rows.end(),
                                     [](const explore::SweepRow& row) { return record::has_results(row.record); });
    const bool marks = !columns.empty() && !all_ran;
    if (marks) names.emplace_back("");
    const auto more = columns.empty() ? usual_names() : columns;
    names.insert(names.end(), more.begin(), more.end());
    Table table(names);
    Footnotes reasons;
    Remarks remarks;
    for (const explore::SweepRow& row : result.rows) {
        const RunRecord& r = row.record;
        const bool ran = record::has_results(r);
        std::vector<std::string> cells = row.axis_values;
        const std::string mark = ran ? "" : verdict(r.status) + " " + reasons.mark(reason_text(r));
        if (marks) cells.push_back(mark);
        const auto rest = cells_of(r, columns, mark);
        cells.insert(cells.end(), rest.begin(), rest.end());
        cells.resize(names.size());
        table.add(std::move(cells), ink_of(r, knees));
        if (ran) remarks.add(join(row.axis_values, "/"), remark_text(r));
    }
    return table.text(paint) + reasons.text() + "\n" + remarks.text(keys);
}

}  // namespace infsim::cli
