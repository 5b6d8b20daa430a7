// Least squares for constants of a chip.
#pragma once

#include <functional>
#include <vector>

#include "calibration/constants.hpp"

namespace infsim::calibration {

using Values = std::vector<double>;  ///< of the free constants, in their order, each in its unit

/// ln(simulated / measured) of every row, for these constants.
using Model = std::function<std::vector<double>(const Values&)>;

/// A model that is asked at most once for the same rounded constants.
class Remembering {
public:
    Remembering(const std::vector<FreeConstant>& constants, Model model);
    const std::vector<double>& operator()(const Values& values);

private:
    const std::vector<FreeConstant>& constants_;
    Model model_;
    std::vector<std::pair<Values, std::vector<double>>> known_;
};

/// d ln(simulated) / d ln(constant) by row and constant.
using Slopes = std::vector<std::vector<double>>;

/// Rows, by number.
using Rows = std::vector<std::size_t>;

class Fit {
public:
    Fit(const FreeConstants& free, Remembering& model) : free_(free), model_(model) {}

    /// By finite differences, away from the nearer end of the range.
    Slopes slopes(const Values& at) const;
    /// Where a Gauss-Newton step in logarithms leads, for these rows; rounded. `damping` is Marquardt's.
    Values step(const Values& from, const Rows& rows, const Slopes& slopes, double damping) const;
    /// Squared misfit of the rows, and of the constants to their priors.
    double cost(const Values& values, const Rows& rows) const;
    /// Up to `steps` of them, with a damping that grows where one did not help; the best constants that were tried.
    Values run(const Values& start, const Rows& rows, const Slopes& slopes, int steps) const;
    /// What is left of each constant's spread, and how the errors of any two hang together (-1 to 1), by the curvature
    /// of the cost: inverse of J'J / error^2 + 1 / spread^2.
    struct Certainty {
        std::vector<double> spread;                    ///< of the logarithm
        std::vector<std::vector<double>> correlation;  ///< by constant and constant
    };
    Certainty certainty(const Slopes& slopes) const;

private:
    const FreeConstants& free_;
    Remembering& model_;
};

}  // namespace infsim::calibration
