// How far the mean of a measured series can be trusted.
#pragma once

#include <vector>

namespace infsim::analysis {

/// Standard error of the mean of at least two independent values: s / sqrt(n), s being the sample's standard deviation.
double standard_error(const std::vector<double>& values);

/// How many of the values (at least two) count as one independent value, since neighbours resemble each other: one plus
/// twice the sum of their autocorrelations, as far as sums of two neighbouring lags are above zero (the initial
/// positive sequence of Geyer, Practical Markov Chain Monte Carlo, Statistical Science 7 (1992), section 3.3). At
/// least 1.
double correlation_length(const std::vector<double>& values);

/// How far the mean of `windows` (at least two) scatters, relative to it, in 95 of 100 cases. That is 1.96 standard
/// errors of as many windows as are independent, and at least 3.6 standard errors of them all: windows of cores that
/// share DRAM resemble their neighbours over about five of four inferences, and a short series does not show that. The
/// factor is measured (tests/README.md, "The long run").
double relative_scatter(const std::vector<double>& windows);

/// Half of the interval around the mean of `windows` that covers the long-run mean in 95 of 100 runs: their scatter,
/// and, as from another source, 1.2 % of the mean for what drifts too slowly for windows to show it. That share is
/// measured, too.
double half_width(const std::vector<double>& windows);

/// The shortest period p <= `longest` with which the series ends: its last 3 p values are three times the same. 0 where
/// there is none.
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
