#include "serving/verdict.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "serving/confidence.hpp"
#include "serving/early_stopping.hpp"

namespace infsim::serving {

namespace {

constexpr double kConfidence = 0.95;
/// Blocks need enough samples to bound p99 from above; otherwise their percentiles are biased.
constexpr std::int64_t kBlockSamples = 368;

double ms(double picoseconds) { return picoseconds / 1e9; }

/// Three digits, for sentences.
std::string short_ms(double milliseconds) {
    const double digits = milliseconds >= 100 ? 1 : milliseconds >= 1 ? 1000 : 1e6;
    return number_text(std::round(milliseconds * digits) / digits) + " ms";
}

void fill_percentiles(const Scenario& scenario, Tally& tally, Summary& s) {
    const auto blocks = block_interval(tally.latencies, 99, kBlockSamples);
    std::sort(tally.latencies.begin(), tally.latencies.end());
    const auto& sorted = tally.latencies;
    const auto at = [&](double p) { return ms(percentile_of_sorted(sorted, p)); };
    s.p0 = at(0);
    s.p50 = at(50);
    s.p90 = at(90);
    s.p95 = at(95);
    s.p99 = at(99);
    s.p99_9 = at(99.9);
    s.p100 = at(100);
    s.at_percentile = at(scenario.percentile);
    const Ranks ranks = percentile_ranks(static_cast<std::int64_t>(sorted.size()), 99, kConfidence);
    if (!ranks.lower || !ranks.upper) return;
    s.p99_low = ms(static_cast<double>(sorted[static_cast<std::size_t>(*ranks.lower)]));
    s.p99_high = ms(static_cast<double>(sorted[static_cast<std::size_t>(*ranks.upper)]));
    if (!blocks) return;
    s.p99_low = std::min(*s.p99_low, ms(blocks->first));
    s.p99_high = std::max(*s.p99_high, ms(blocks->second));
}

void fill_rates(const Tally& t, Summary& s) {
    const double window = seconds(t.window_end - t.window_start);
    s.throughput = static_cast<double>(t.items) / window;
    s.requests_per_s = static_cast<double>(t.requests) / window;
    s.goodput = static_cast<double>(t.good_items) / window;
    const auto carried = static_cast<double>(t.carried_items), padded = static_cast<double>(t.padded_items);
    s.padding = padded / (carried + padded);
    s.batch_items = carried / static_cast<double>(t.batches);
    const Duration all = t.end - t.first_arrival;
    Duration busy{0};
    for (Duration b : t.core_busy) busy += b;
    s.utilisation = seconds(busy) / seconds(all) / static_cast<double>(t.core_busy.size());
    const auto span = static_cast<double>(all.count());
    s.waiting_avg = static_cast<double>(t.waiting.integral()) / span;
    s.waiting_max = t.waiting.max();
    s.in_system = static_cast<double>(t.in_system.integral()) / span;
    const double rate = static_cast<double>(t.all_requests) / span;
    s.rate_times_latency = rate * (static_cast<double>(t.all_latency) / static_cast<double>(t.all_requests));
}

/// How many Offline samples would last long enough, with two digits.
std::string enough_samples(const MlPerf& m, const Tally& tally, Duration lasted) {
    const double samples = 1.1 * static_cast<double>(tally.items) * seconds(m.duration) / seconds(lasted);
    const double unit = std::pow(10, std::floor(std::log10(samples)) - 1);
    return " (about " + number_text(static_cast<std::int64_t>(std::ceil(samples / unit) * unit)) +
           " samples last as long)";
}

/// MLPerf's requirements for a run: duration, Offline's samples, and the queries of early stopping. Offline's metric is
/// throughput and needs no percentile.
void judge_mlperf(const Scenario& scenario, const Tally& tally, Summary& s) {
    const MlPerf& m = *scenario.mlperf;
    const auto queries = static_cast<std::int64_t>(tally.latencies.size());
    const auto asks = [&](const std::string& what, const std::string& is) {
        s.reasons.push_back("too few samples: MLPerf's " + m.name + " asks for " + what + ", this run has " + is);
    };
    const bool offline = m.kind == MlPerf::Kind::offline;
    const Duration lasted = std::max(tally.last_arrival, tally.end) - TimePoint{};
    if (tally.items < m.samples) asks(number_text(m.samples) + " samples", number_text(tally.items));
    if (lasted < m.duration)
        asks(to_text(m.duration),
             number_text(seconds(lasted)) + " s" + (offline ? enough_samples(m, tally, lasted) : ""));
    if (offline) return;
    if (m.kind == MlPerf::Kind::server) {
        const auto within =
            std::upper_bound(tally.latencies.begin(), tally.latencies.end(), scenario.run.bound.count());
        const std::int64_t over = tally.latencies.end() - within;
        if (s.at_percentile <= milliseconds(scenario.run.bound) && !passes_early_stopping(queries, over, m.percentile))
            asks(number_text(queries_to_pass(over, m.percentile)) + " queries when " + number_text(over) +
                     " of them exceed the bound (early stopping, 99 % confidence)",
                 number_text(queries));
        return;
    }
    const std::int64_t rank = early_stopping_rank(queries, m.percentile);
    if (rank == 0) asks(number_text(queries_to_pass(1, m.percentile)) + " queries", number_text(queries));
    else s.early_stopping = ms(static_cast<double>(tally.latencies[static_cast<std::size_t>(queries - rank)]));
}

void judge_samples(const Scenario& scenario, const Tally& tally, Summary& s) {
    const auto samples = static_cast<std::int64_t>(tally.latencies.size());
    if (scenario.mlperf) return judge_mlperf(scenario, tally, s);
    const std::int64_t least = samples_for_upper_rank(scenario.percentile, kConfidence);
    if (samples < least)
        s.reasons.push_back("too few samples: p" + number_text(scenario.percentile) +
                            " has no upper confidence limit below " + number_text(least) + " requests, this run has " +
                            number_text(samples));
}

void judge_bound(const Scenario& scenario, Summary& s) {
    const double bound = milliseconds(scenario.run.bound);
    s.misses_bound = scenario.run.bound > Duration{0} && s.at_percentile > bound;
    if (!s.misses_bound) return;
    if (s.p0 > bound)
        s.reasons.push_back("constraint missed: the bound of " + to_text(scenario.run.bound) +
                            " is below the latency of the fastest request, " + short_ms(s.p0));
    else
        s.reasons.push_back("constraint missed: p" + number_text(scenario.percentile) + " is " +
                            short_ms(s.at_percentile) + ", the bound is " + to_text(scenario.run.bound));
}

}  // namespace

bool piles_up(const Scenario& scenario, const Tally& t) {
    if (std::holds_alternative<ClosedLoop>(scenario.run.load) || t.last_arrival == t.first_arrival) return false;
    const double half = static_cast<double>(t.all_requests) / 2;
    const double growth = t.in_system.mean(0.75, 1, t.last_arrival) - t.in_system.mean(0.25, 0.5, t.last_arrival);
    return growth > 0.01 * half && growth > 4 * std::sqrt(half);
}

Summary summarise(const Scenario& scenario, Tally& tally) {
    INFSIM_CHECK(!tally.latencies.empty(), "a run without a measured request is summarised");
    Summary s;
    double sum = 0;
    for (std::int64_t latency : tally.latencies) sum += static_cast<double>(latency);
    s.latency_avg = ms(sum / static_cast<double>(tally.latencies.size()));
    fill_percentiles(scenario, tally, s);
    fill_rates(tally, s);
    INFSIM_CHECK(std::abs(s.in_system - s.rate_times_latency) <= 0.01 * s.in_system, "Little's law does not hold");
    judge_samples(scenario, tally, s);
    s.piles_up = piles_up(scenario, tally);
    if (s.piles_up) s.reasons.push_back("queue grows without bound: requests pile up for as long as they arrive");
    judge_bound(scenario, s);
    return s;
}

}  // namespace infsim::serving
