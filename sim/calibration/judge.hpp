// A fit with everything that shows how far it can be trusted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "calibration/fit.hpp"

namespace infsim::calibration {

/// A measurement: its name, and its model (see model_of).
struct Row {
    std::string id, model;
};

/// Predictions of rows that the fit did not see.
struct LeftOut {
    std::vector<double> errors;                             ///< by row: simulated / measured - 1
    double mean = 0;                                        ///< of their absolute values
    std::vector<std::pair<std::string, Values>> constants;  ///< what was left out, and the fit of the others
};

/// How well the rows determine a constant.
struct Told {
    double spread = 0;              ///< posterior spread of the logarithm
    bool cannot_tell = false;       ///< the rows hardly narrow it: the value is the prior
    std::vector<std::size_t> with;  ///< constants that the rows determine only together with it
};

struct Calibration {
    Values before, after;
    std::vector<double> errors_before, errors_after;  ///< by row: simulated / measured - 1
    LeftOut rows, models;                             ///< each left out in turn; `models` is empty if there is only one
    Slopes slopes;                                    ///< at the end of the fit
    std::vector<Told> told;                           ///< by constant
};

/// Fits from `before`: slopes and up to four steps, repeated while the constants still move. For each left-out row or
/// model, one full step is taken from the fit of all rows, whether or not it helps the others: if jitter could refuse
/// it, the constants would still contain the left-out rows.
Calibration calibrate(const FreeConstants& free, const std::vector<Row>& rows, const Values& before,
                      const Model& model);

/// The mean of the absolute values.
double mean_absolute(const std::vector<double>& errors);

}  // namespace infsim::calibration
