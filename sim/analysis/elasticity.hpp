// By how many percent a figure changes when a constant changes by one percent.
#pragma once

#include <optional>

#include "record/record.hpp"

namespace infsim::analysis {

/// d ln(figure) / d ln(constant), with its interval from the intervals of the figures.
struct Elasticity {
    double value = 0, low = 0, high = 0;
};

/// Of throughput, from a run with a smaller and one with a larger constant; `log_ratio`: ln(more / less), not 0. The
/// two measurements are independent, so the squares of their relative half-intervals add up. Empty if one has no
/// throughput.
std::optional<Elasticity> throughput_elasticity(const record::RunRecord& less, const record::RunRecord& more,
                                                double log_ratio);

/// Of a limit. A batch is an integer, and the exact limit lies between it and the next one: that is the interval. Empty
/// if one is 0.
std::optional<Elasticity> limit_elasticity(int less, int more, double log_ratio);

}  // namespace infsim::analysis
