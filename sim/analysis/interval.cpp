#include "analysis/interval.hpp"

#include <cmath>
#include <cstddef>

#include "analysis/percentile.hpp"
#include "base/check.hpp"

namespace infsim::analysis {

namespace {
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

double relative_scatter(const std::vector<double>& windows) {
    return kCorrelated * standard_error(windows) / mean(windows);
}

double half_width(const std::vector<double>& windows) {
    return std::hypot(relative_scatter(windows), kDrift) * mean(windows);
}

}  // namespace infsim::analysis
