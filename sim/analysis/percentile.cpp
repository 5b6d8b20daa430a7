#include "analysis/percentile.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"

namespace infsim::analysis {

double percentile(std::vector<double> values, double p) {
    INFSIM_CHECK(!values.empty() && p >= 0 && p <= 100, "percentile of nothing or outside 0..100");
    std::sort(values.begin(), values.end());
    const double rank = p / 100 * static_cast<double>(values.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(rank), values.size() - 1);
    const auto above = std::min(below + 1, values.size() - 1);
    return values[below] + (rank - static_cast<double>(below)) * (values[above] - values[below]);
}

double mean(const std::vector<double>& values) {
    INFSIM_CHECK(!values.empty(), "mean of nothing");
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace infsim::analysis
