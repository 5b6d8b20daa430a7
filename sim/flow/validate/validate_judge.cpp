// Comparison of published and simulated figures.
#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "flow/validate/validate.hpp"

namespace infsim::flow {

std::string_view comparison_name(Comparison comparison) {
    switch (comparison) {
        case Comparison::compared: return "compared";
        case Comparison::skipped: return "skipped";
        case Comparison::infeasible: return "does not fit";
        case Comparison::failed: break;
    }
    return "failed";
}

namespace {

std::optional<double> error_of(std::optional<double> simulated, std::optional<double> published) {
    if (!simulated || !published) return std::nullopt;
    return *simulated / *published - 1;
}

/// Sums over chips; latencies are means weighted by throughput.
struct Sum {
    double throughput = 0, weighted_latency = 0;
    void add(int chips, double rate, double latency) {
        throughput += chips * rate;
        weighted_latency += chips * rate * latency;
    }
    double latency() const { return weighted_latency / throughput; }
};

/// The simulated time of that kind, for a record that is ok.
record::Real latency_of(const record::RunRecord& r, LatencyKind kind) {
    switch (kind) {
        case LatencyKind::p50: return r.latency_ms_p50;
        case LatencyKind::p90: return r.latency_ms_p90;
        case LatencyKind::p95: return r.latency_ms_p95;
        case LatencyKind::p99: return r.latency_ms_p99;
        case LatencyKind::mean: return r.latency_ms_avg;
        case LatencyKind::device: break;
    }
    return r.service_ms;
}

/// Whether the error of the latency counts rather than that of the throughput.
bool judged_by_latency(const PublishedRow& row) {
    return !row.throughput || (row.latency_ms && row.latency_is == LatencyKind::device);
}

void add_closed_form(ValidationOutcome& out, const ValidationRow& row) {
    Sum sum;
    for (const ChipGroup& g : row.groups) {
        if (!g.closed_form) return;
        const analysis::ClosedForm& form = *g.closed_form;
        const bool device = row.published.latency_is == LatencyKind::device;
        const auto latency = device ? std::max(form.dram, form.compute) : form.latency;
        sum.add(g.chips, form.throughput * row.published.batch, record::report_ms(latency));
    }
    out.closed_throughput = sum.throughput;
    out.closed_latency_ms = sum.latency();
    out.closed_error = judged_by_latency(row.published) ? error_of(out.closed_latency_ms, row.published.latency_ms)
                                                        : error_of(out.closed_throughput, row.published.throughput);
}

}  // namespace

ValidationOutcome judge_row(const ValidationRow& row, const std::vector<record::RunRecord>& records) {
    ValidationOutcome out;
    out.reason = row.skipped;
    if (!row.skipped.empty()) return out;
    INFSIM_CHECK(!row.groups.empty() && records.size() == row.groups.size(), "a record for each group of chips");
    out.profile = records[0].compiler;
    for (const record::RunRecord& r : records)
        if (r.status != record::Status::ok) {
            out.status = r.status == record::Status::infeasible ? Comparison::infeasible : Comparison::failed;
            out.reason = r.reason;
            return out;
        }
    Sum sum;
    double squares = 0;
    for (std::size_t g = 0; g < records.size(); ++g) {
        const int chips = row.groups[g].chips;
        const record::RunRecord& r = records[g];
        sum.add(chips, *r.throughput_avg, *latency_of(r, row.published.latency_is));
        const double half = chips * (*r.throughput_high - *r.throughput_low) / 2;
        squares +=
            half * half;  // chips of different groups are independent; those of one group are the same simulation
    }
    out.status = Comparison::compared;
    out.throughput = sum.throughput;
    out.throughput_low = sum.throughput - std::sqrt(squares);
    out.throughput_high = sum.throughput + std::sqrt(squares);
    out.latency_ms = sum.latency();
    out.throughput_error = error_of(out.throughput, row.published.throughput);
    out.latency_error = error_of(out.latency_ms, row.published.latency_ms);
    out.error = judged_by_latency(row.published) ? out.latency_error : out.throughput_error;
    out.main_stall = records[0].main_stall;
    add_closed_form(out, row);
    return out;
}

ValidationSummary summary_of(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes) {
    ValidationSummary s;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const ValidationOutcome& out = outcomes[i];
        const auto error = out.error;
        if (out.status == Comparison::skipped) ++s.skipped;
        else if (!error) ++s.not_compared;
        if (!error) continue;
        ++s.compared;
        s.mean_absolute_error += std::abs(*error);
        s.closed_mean_absolute_error += std::abs(out.closed_error.value_or(0));
        if (s.worst_id.empty() || std::abs(*error) > std::abs(s.worst_error)) {
            s.worst_error = *error;
            s.worst_id = rows[i].published.id;
        }
        if (std::abs(out.closed_error.value_or(0)) > std::abs(s.closed_worst_error))
            s.closed_worst_error = *out.closed_error;
    }
    if (s.compared > 0) {
        s.mean_absolute_error /= s.compared;
        s.closed_mean_absolute_error /= s.compared;
    }
    return s;
}

}  // namespace infsim::flow
