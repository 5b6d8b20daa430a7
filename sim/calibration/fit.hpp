// Least-squares fit of constants of a chip.
#pragma once

#include <functional>
#include <vector>

#include "calibration/constants.hpp"

namespace infsim::calibration {

using Values = std::vector<double>;  ///< of the free constants, in order, each in its unit

/// ln(simulated / measured) of every row, for these constants.
using Model = std::function<std::vector<double>(const Values&)>;

/// A model that is evaluated at most once for equal rounded constants.
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

/// Rows, by index.
using Rows = std::vector<std::size_t>;

class Fit {
public:
    Fit(const FreeConstants& free, Remembering& model) : free_(free), model_(model) {}

    /// By finite differences, in the direction of the farther end of the range.
    Slopes slopes(const Values& at) const;
    /// The result of a Gauss-Newton step in logarithms, for these rows; rounded. `damping` is Marquardt's.
    Values step(const Values& from, const Rows& rows, const Slopes& slopes, double damping) const;
    /// Sum of squared misfits of the rows and of the constants to their priors.
    double cost(const Values& values, const Rows& rows) const;
    /// Up to `steps` such steps, with a damping that grows after a step that did not help; the best constants tried.
    Values run(const Values& start, const Rows& rows, const Slopes& slopes, int steps) const;
    /// The posterior spread of each constant, and the correlation of the errors of any two (-1 to 1), from the
    /// curvature of the cost: inverse of J'J / error^2 + 1 / spread^2.
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
