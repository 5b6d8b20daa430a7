// How far the mean of a measured series can be trusted.
#pragma once

#include <vector>

namespace infsim::analysis {

/// Standard error of the mean of at least two independent values: s / sqrt(n), with the sample standard deviation s.
double standard_error(const std::vector<double>& values);

/// How many of the values (at least two) count as one independent value, since neighbours are correlated: one plus
/// twice the sum of their autocorrelations, as long as sums of two neighbouring lags are positive (the initial positive
/// sequence of Geyer, Practical Markov Chain Monte Carlo, Statistical Science 7 (1992), section 3.3). At least 1.
double correlation_length(const std::vector<double>& values);

/// Relative scatter of the mean of `windows` (at least two) in 95 of 100 cases: 1.96 standard errors with the number of
/// independent windows, and at least 3.6 standard errors with all windows. Windows of cores that share DRAM are
/// correlated over about five windows of four inferences, and a short series does not show that. The factor 3.6 is
/// measured (tests/README.md, "The long run").
double relative_scatter(const std::vector<double>& windows);

/// Half of the interval around the mean of `windows` that covers the long-run mean in 95 of 100 runs: their scatter
/// combined with an independent error of 1.2 % of the mean, for drift too slow for windows to show. That share is
/// measured, too.
double half_width(const std::vector<double>& windows);

/// The shortest period p <= `longest` at the end of the series: its last 3 p values are the same p values three times.
/// 0 if there is none.
template <class T>
int ending_period(const std::vector<T>& series, int longest) {
    const int n = static_cast<int>(series.size());
    const auto repeats = [&](int p) {
        for (int i = n - 2 * p; i < n; ++i)
            if (!(series[static_cast<std::size_t>(i)] == series[static_cast<std::size_t>(i - p)])) return false;
        return true;
    };
    for (int p = 1; p <= longest && 3 * p <= n; ++p)
        if (repeats(p)) return p;
    return 0;
}

}  // namespace infsim::analysis
