#include "analysis/interval.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/percentile.hpp"
#include "base/check.hpp"

namespace infsim::analysis {

namespace {
constexpr double kNormal = 1.96;  ///< 95 % of a normal distribution, in standard errors to either side
constexpr double kCorrelated = 3.6;
constexpr double kDrift = 0.012;
}  // namespace

double standard_error(const std::vector<double>& values) {
    INFSIM_CHECK(values.size() >= 2, "a deviation needs two values");
    const double average = mean(values), n = static_cast<double>(values.size());
    double squares = 0;
    for (const double v : values) squares += (v - average) * (v - average);
    return std::sqrt(squares / (n - 1) / n);
}

double correlation_length(const std::vector<double>& values) {
    INFSIM_CHECK(values.size() >= 2, "a correlation needs two values");
    const double average = mean(values);
    const auto covariance = [&](std::size_t lag) {
        double sum = 0;
        for (std::size_t i = lag; i < values.size(); ++i) sum += (values[i] - average) * (values[i - lag] - average);
        return sum;
    };
    const double variance = covariance(0);
    if (variance == 0) return 1;
    double length = -1;
    for (std::size_t lag = 0; lag + 1 < values.size(); lag += 2) {
        const double pair = (covariance(lag) + covariance(lag + 1)) / variance;
        if (pair <= 0) break;
        length += 2 * pair;
    }
    return std::max(1.0, length);
}

double relative_scatter(const std::vector<double>& windows) {
    const double factor = std::max(kCorrelated, kNormal * std::sqrt(correlation_length(windows)));
    return factor * standard_error(windows) / mean(windows);
}

double half_width(const std::vector<double>& windows) {
    return std::hypot(relative_scatter(windows), kDrift) * mean(windows);
}

}  // namespace infsim::analysis
