// When a run of MLPerf's LoadGen may stop: early stopping (MLPerf Inference rules, appendix "Early Stopping Criterion";
// LoadGen's early_stopping.cc and results.cc), at its confidence of 99 % and its tolerance of 0.
#pragma once

#include <cstdint>

namespace infsim::serving {

constexpr double kEarlyStoppingConfidence = 0.99;

/// Whether `queries`, with `over` of them above a latency, show that at least `percentile` percent of all queries stay
/// within it: if fewer did, at most `over` would exceed it with a probability below 1 %. 0 <= over <= queries,
/// percentile in (0, 100).
bool passes_early_stopping(std::int64_t queries, std::int64_t over, double percentile);

/// The least number of queries that passes with `over` of them above the latency; at most kMostQueries.
std::int64_t queries_to_pass(std::int64_t over, double percentile);
constexpr std::int64_t kMostQueries = 1'000'000'000;

/// The rank from above (1: the slowest) of the query whose latency is the estimate of the percentile: the largest rank
/// that passes. 0 for too few queries: below 64 for p90, 662 for p99.
std::int64_t early_stopping_rank(std::int64_t queries, double percentile);

}  // namespace infsim::serving
