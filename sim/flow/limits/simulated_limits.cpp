#include "flow/limits/simulated_limits.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace infsim::flow {

namespace {

constexpr int kThroughputWindow = 2;
constexpr double kWorthIt = 1.03;           ///< gain in throughput for which a batch of twice the size is simulated
constexpr double kEstimateMayBeLow = 1.02;  ///< relative to another batch
constexpr double kNextMayBeLow = 1.06;      ///< relative to the next batch up or down

}  // namespace

/// Simulates the batches that have not been; batches that do not fit are left out.
void SimulatedLimits::simulate(const std::vector<int>& batches) {
    std::vector<PointRequest> requests;
    for (int b : batches)
        if (records_.count(b) == 0 && questions_.fits(any_, b)) requests.push_back(with_batch(any_.request, b));
    if (requests.empty()) return;
    auto records = tools_.simulate(requests);
    for (std::size_t i = 0; i < records.size(); ++i) records_[requests[i].batch] = std::move(records[i]);
}

const record::RunRecord* SimulatedLimits::record_at(int batch) {
    simulate({batch});
    const auto found = records_.find(batch);
    return found == records_.end() ? nullptr : &found->second;
}

Limit SimulatedLimits::simulated_limit(int batch) {
    Limit limit;
    limit.batch = batch;
    limit.open = batch == most_;
    for (const auto& [b, record] : records_) limit.asked.push_back(b);
    if (const auto* r = batch > 0 ? record_at(batch) : nullptr) limit.record = *r;
    return limit;
}

/// The simulated batch nearest to this one; `whole` is simulated.
int SimulatedLimits::nearest(int batch, int whole) {
    simulate({whole});
    int best = whole;
    for (const auto& [b, record] : records_)
        if (std::abs(b - batch) < std::abs(best - batch)) best = b;
    return best;
}

/// Throughput of a batch by the compiler's estimate, scaled by that of the nearest simulated batch; empty if one of
/// them does not fit.
std::optional<double> SimulatedLimits::estimated_at(int batch, int whole) {
    const auto& at_batch = questions_.prospect(with_batch(any_.request, batch));
    const int beside = nearest(batch, whole);
    const auto* known = record_at(beside);
    if (!at_batch || !known) return std::nullopt;
    return known->throughput_avg.value_or(0) * at_batch->expected /
           questions_.prospect(with_batch(any_.request, beside))->expected;
}

/// The possible throughput of `batch` by its roofline and by the compiler's estimate relative to `whole`. Split
/// batches are expensive to compile and simulate, so only those up to twice `whole` and powers of two are considered.
/// A batch twice as large has twice the latency, so it must give enough more to be worth it. The neighbours of a
/// simulated batch are its comparison, so they get the benefit of the doubt.
std::optional<double> SimulatedLimits::bound_at(int batch, int whole) {
    const bool is_power = (batch & (batch - 1)) == 0;
    if (whole > 0 && batch > 2 * whole && !is_power) return 0;
    const auto& prospect = questions_.prospect(with_batch(any_.request, batch));
    if (!prospect) return std::nullopt;
    if (whole == 0 || batch == whole) return prospect->most;
    const auto estimated = estimated_at(batch, whole);
    if (!estimated) return prospect->most;
    const bool is_next = std::abs(nearest(batch, whole) - batch) == 1;
    const double benefit = is_next ? kNextMayBeLow : kEstimateMayBeLow;
    if (batch < whole) return std::min(prospect->most, *estimated * benefit);
    estimates_[batch] = *estimated;
    const double worth = is_next ? benefit : 1 / std::pow(kWorthIt, std::log2(1.0 * batch / whole));
    return std::min(prospect->most, *estimated * worth);
}

/// A remark if larger batches that were not simulated may give more.
std::string SimulatedLimits::and_larger(int best, double throughput) const {
    constexpr double kMore = 1.005;
    const auto most = std::max_element(estimates_.upper_bound(best), estimates_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == estimates_.end() || most->second < kMore * throughput) return "";
    return fmt::format("; of larger ones B={} about {:.1f} by that estimate", most->first, most->second);
}

Limit SimulatedLimits::best_throughput(const Limit& any, int whole) {
    std::map<int, std::optional<double>> measured;
    const Measure measure = [&](const std::vector<int>& batches) {
        simulate(batches);
        std::vector<std::optional<double>> values;
        for (int b : batches) values.push_back(records_.count(b) > 0 ? records_[b].throughput_avg : std::nullopt);
        return values;
    };
    const Bound bound = [&](int b) { return bound_at(b, whole); };
    const int best = find_best(measure, bound, any.batch, measured);
    Limit limit = simulated_limit(best);
    if (limit.open) return limit;
    if (!questions_.fits(any_, best + 1)) {
        limit.certificate =
            best == any.batch && any.certificate ? *any.certificate : questions_.certificate(any_, best + 1);
        return limit;
    }
    limit.certificate = less_throughput(best, whole);
    return limit;
}

/// Why not one more, if the next batch fits.
Certificate SimulatedLimits::less_throughput(int best, int whole) {
    Certificate c;
    c.batch = best + 1;
    c.resource = "throughput";
    c.unit = "items/s";
    c.capacity = *records_.at(best).throughput_avg;
    const char *how = "", *by = "";
    if (records_.count(best + 1) > 0) {
        c.demand = records_[best + 1].throughput_avg.value_or(0);
    } else if (whole > 0) {
        c.demand = estimated_at(best + 1, whole).value_or(0), how = "about ", by = " by the compiler's estimate";
    } else {
        c.demand = bound_at(best + 1, whole).value_or(0), how = "at most ", by = " by its roofline";
    }
    c.gap = std::max(0.0, c.capacity - c.demand);
    c.text = fmt::format("B={} gives {:.1f} items/s, B={} {}{:.1f}{}", best, c.capacity, best + 1, how, c.demand, by) +
             and_larger(best, c.capacity);
    return c;
}

/// Lower bound on the mean latency of a batch: by Little's law, its items in flight over the highest throughput.
double SimulatedLimits::least_latency_ms(int batch) {
    const auto& prospect = questions_.prospect(with_batch(any_.request, batch));
    return prospect ? 1000.0 * point_.cores * point_.workers * batch / prospect->most : 0;
}

Limit SimulatedLimits::latency(const Limit& any, double bound) {
    const auto holds = [&](int b) {
        if (b > any.batch || least_latency_ms(b) > bound) return false;
        const auto* r = record_at(b);
        return r != nullptr && r->latency_ms_p99.value_or(bound + 1) <= bound;
    };
    const LargestBatch found = find_largest(holds, any.batch, kThroughputWindow);
    Limit limit = simulated_limit(found.batch);
    limit.holes = found.holes;
    limit.asked = found.asked;
    if (limit.open) return limit;
    const int next = found.batch + 1;
    if (!questions_.fits(any_, next)) {
        limit.certificate =
            found.batch == any.batch && any.certificate ? *any.certificate : questions_.certificate(any_, next);
        return limit;
    }
    Certificate c;
    c.batch = next;
    c.resource = "latency";
    c.unit = "ms";
    c.capacity = bound;
    c.demand = *record_at(next)->latency_ms_p99;
    c.gap = c.demand - c.capacity;
    c.text = fmt::format("B={} takes {:.3f} ms (99th percentile), {:.3f} are allowed", next, c.demand, bound);
    limit.certificate = std::move(c);
    return limit;
}

}  // namespace infsim::flow
