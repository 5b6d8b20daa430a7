// How far a percentile of a simulated run can be trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace infsim::serving {

/// Percentile `p` (0..100) of ascending values, linear interpolation between the nearest ranks as numpy does by
/// default. At least one value.
double percentile_of_sorted(const std::vector<std::int64_t>& sorted, double p);

/// Ranks (0-based) of order statistics between which the p-th percentile of the distribution lies with at least
/// `confidence` (0..1), for `n` independent samples: the binomial bounds, exact (Hahn and Meeker, Statistical
/// Intervals, section 5.2). `upper` is empty where n is too small for an upper bound to exist, `lower` likewise.
struct Ranks {
    std::optional<std::int64_t> lower, upper;
};
Ranks percentile_ranks(std::int64_t n, double p, double confidence);

/// P(X <= k) of the binomial distribution of `n` trials that each succeed with probability `q`. n >= 1, 0 < q < 1.
double binomial_at_most(std::int64_t n, double q, std::int64_t k);

/// The least number of samples for which percentile_ranks has an upper rank.
std::int64_t samples_for_upper_rank(double p, double confidence);

/// An interval for the p-th percentile of a correlated sequence, such as latencies: the mean of the percentiles of 30
/// consecutive blocks, plus and minus Student's quantile (95 %, 29 degrees of freedom: 2.045) times the standard error.
/// Empty for fewer than 30 blocks of `least` values.
std::optional<std::pair<double, double>> block_interval(const std::vector<std::int64_t>& in_order, double p,
                                                        std::int64_t least);

}  // namespace infsim::serving
