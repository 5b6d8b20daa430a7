// A fit with all that tells how far it can be trusted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "calibration/fit.hpp"

namespace infsim::calibration {

/// A measurement: what it is called, and the model that it is of (see model_of).
struct Row {
    std::string id, model;
};

/// Predictions of rows that the fit did not see.
struct LeftOut {
    std::vector<double> errors;                             ///< by row: simulated / measured - 1
    double mean = 0;                                        ///< of their absolute values
    std::vector<std::pair<std::string, Values>> constants;  ///< what was left out, and what the others came to
};

/// What the rows say about a constant.
struct Told {
    double spread = 0;              ///< left of the prior's spread, of the logarithm
    bool cannot_tell = false;       ///< the rows hardly narrow it: the value is its prior's
    std::vector<std::size_t> with;  ///< constants that the rows only tell together with it
};

struct Calibration {
    Values before, after;
    std::vector<double> errors_before, errors_after;  ///< by row: simulated / measured - 1
    LeftOut rows, models;    ///< each left out in turn; `models` is empty where there is but one
    Slopes slopes;           ///< where the fit ended
    std::vector<Told> told;  ///< by constant
};

/// Fits from `before`: slopes and up to four steps, again as long as that leads far. Each row and each model is left
/// out by one full step from the fit of all, taken whether or not it helps the others: where jitter would refuse it,
/// the constants would still know the rows that were left out.
Calibration calibrate(const FreeConstants& free, const std::vector<Row>& rows, const Values& before,
                      const Model& model);

/// The mean of the absolute values.
double mean_absolute(const std::vector<double>& errors);

}  // namespace infsim::calibration
