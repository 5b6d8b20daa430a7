// Percentiles as numpy computes them by default.
#pragma once

#include <vector>

namespace infsim::analysis {

/// The `p`-th percentile (0..100) of `values` (any order, at least one) by linear interpolation between the
/// two nearest ranks: rank p/100 * (n - 1).
double percentile(std::vector<double> values, double p);

/// Arithmetic mean of at least one value.
double mean(const std::vector<double>& values);

}  // namespace infsim::analysis
