// The results of a run: percentiles, rates, and whether they are valid.
#pragma once

#include <string>
#include <vector>

#include "serving/scenario.hpp"
#include "serving/tally.hpp"

namespace infsim::serving {

/// Figures of one run, in milliseconds, items or requests per second.
struct Summary {
    double latency_avg = 0, p0 = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0, p99_9 = 0, p100 = 0;
    double at_percentile = 0;  ///< the percentile that the bound is for
    /// 95 % confidence interval of p99: the wider of those by binomial ranks and by consecutive blocks
    /// (confidence.hpp). Only with enough samples.
    std::optional<double> p99_low, p99_high;
    /// MLPerf's SingleStream and MultiStream: the estimate of the percentile that early stopping allows.
    std::optional<double> early_stopping;
    double throughput = 0, requests_per_s = 0, goodput = 0;
    double padding = 0;      ///< share of zeros in what was executed
    double batch_items = 0;  ///< mean real items of an inference
    double waiting_avg = 0;  ///< items that no inference carries yet
    std::int64_t waiting_max = 0;
    double utilisation = 0;                        ///< mean over the cores, from first arrival to last answer
    double in_system = 0, rate_times_latency = 0;  ///< the two sides of Little's law, over the whole run
    bool piles_up = false, misses_bound = false;
    std::vector<std::string> reasons;  ///< why the run is INVALID; empty: VALID
    bool valid() const { return reasons.empty(); }
    /// A search's criterion for a load; too few samples is not the load's fault.
    bool sustained() const { return !piles_up && !misses_bound; }
};

/// Sorts the tally's latencies. At least one request was measured. A run is INVALID if it has too few samples for its
/// percentile or for MLPerf's rules, if requests pile up for as long as they arrive, or if the percentile misses the
/// bound.
Summary summarise(const Scenario& scenario, Tally& tally);

/// Whether requests pile up: the mean number in the system in the last quarter of the arrivals exceeds that of the
/// second quarter by more than 1 % of the requests that arrived in half of the time, and by more than four times their
/// square root, which chance can explain. Only for open loads.
bool piles_up(const Scenario& scenario, const Tally& tally);

}  // namespace infsim::serving
