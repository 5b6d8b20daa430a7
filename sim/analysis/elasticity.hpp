// By how many per cent a figure moves when a constant moves by one.
#pragma once

#include <optional>

#include "record/record.hpp"

namespace infsim::analysis {

/// d ln(figure) / d ln(constant), and between which values it lies as far as the figures are known.
struct Elasticity {
    double value = 0, low = 0, high = 0;
};

/// Of throughput, from a run with less of the constant and one with more; `log_ratio`: ln(more / less), not 0. The
/// intervals of the two measurements are independent, so their relative halves add up in squares. Empty where one has
/// no throughput.
std::optional<Elasticity> throughput_elasticity(const record::RunRecord& less, const record::RunRecord& more,
                                                double log_ratio);

/// Of a limit. A batch is an integer, the limit somewhere up to the next one: that is the interval. Empty where one is
/// 0.
std::optional<Elasticity> limit_elasticity(int less, int more, double log_ratio);

}  // namespace infsim::analysis
