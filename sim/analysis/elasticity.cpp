#include "analysis/elasticity.hpp"

#include <algorithm>
#include <cmath>

namespace infsim::analysis {

namespace {

/// Half of the interval of the logarithm of the throughput.
double log_half(const record::RunRecord& r) {
    return r.throughput_low && r.throughput_high ? 0.5 * std::log(*r.throughput_high / *r.throughput_low) : 0;
}

}  // namespace

std::optional<Elasticity> throughput_elasticity(const record::RunRecord& less, const record::RunRecord& more,
                                                double log_ratio) {
    if (!less.throughput_avg || !more.throughput_avg) return std::nullopt;
    const double value = std::log(*more.throughput_avg / *less.throughput_avg) / log_ratio;
    const double half = std::hypot(log_half(less), log_half(more)) / std::abs(log_ratio);
    return Elasticity{value, value - half, value + half};
}

std::optional<Elasticity> limit_elasticity(int less, int more, double log_ratio) {
    if (less <= 0 || more <= 0) return std::nullopt;
    const auto of = [&](int up, int down) { return std::log(static_cast<double>(up) / down) / log_ratio; };
    const double one = of(more, less + 1), other = of(more + 1, less);
    return Elasticity{of(more, less), std::min(one, other), std::max(one, other)};
}

}  // namespace infsim::analysis
