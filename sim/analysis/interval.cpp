#include "analysis/interval.hpp"

#include <cmath>
#include <cstddef>

#include "analysis/percentile.hpp"
#include "base/check.hpp"

namespace infsim::analysis {

namespace {
constexpr double kCorrelated = 3.6;
}

double half_width(const std::vector<double>& windows) {
    INFSIM_CHECK(windows.size() >= 2, "a deviation needs two windows");
    const double average = mean(windows), n = static_cast<double>(windows.size());
    double squares = 0;
    for (const double w : windows) squares += (w - average) * (w - average);
    return kCorrelated * std::sqrt(squares / (n - 1) / n);
}

double relative_half_width(const std::vector<double>& windows) { return half_width(windows) / mean(windows); }

}  // namespace infsim::analysis
