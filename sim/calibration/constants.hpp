// The free constants of a fit, with their priors.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"

namespace infsim::calibration {

/// A number of the chip. Several keys may share one value.
struct FreeConstant {
    std::vector<std::string> keys;  ///< of the chip file: "dram.model.efficiency"
    std::string unit;               ///< "GB/s", "cycles"; empty: a plain number
    double prior = 1;               ///< in `unit`, like all that follow
    double spread = 0.1;            ///< of the logarithm of the prior: 0.1 is about 10 %
    double low = 0, high = 1, step = 0.1;
    std::string why;  ///< what it is, and the source of the prior

    /// The nearest multiple of `step` within the range.
    double rounded(double x) const;
    /// With its unit.
    std::string text(double x) const;
    /// The same as in a chip file and --set: text with a unit, or a number.
    json::Value value(double x) const;
};

struct FreeConstants {
    std::vector<FreeConstant> constants;
    double error = 0.04;  ///< of a good measurement: rounding, clocks, versions
    /// Names of the same model, of which each row may use a different one; for leaving out a model.
    std::vector<std::vector<std::string>> same_model;
};

/// Reads {"error", "same_model", "free": [{"keys", "prior", "spread", "low", "high", "step", "why"}, ...]}. If anything
/// is added to `problems`, the result must not be used.
FreeConstants read_free_constants(const std::string& path, Problems& problems);

/// The model named `name`: the first of its list, or itself.
std::string model_of(const FreeConstants& free, const std::string& name);

}  // namespace infsim::calibration
