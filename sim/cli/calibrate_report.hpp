// What `infsim calibrate` prints.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "calibration/judge.hpp"

namespace infsim::cli {

/// Constants before and after the fit, and how well the rows determine them; rows before, after, left out alone and
/// with their model; how much each row moves with each constant.
std::string calibration_text(const calibration::FreeConstants& free, const std::vector<calibration::Row>& rows,
                             const calibration::Calibration& result);

/// {"constants": [{"keys", "before", "value", "prior", "why", "spread_left", "cannot_tell", "told_with"}], "points",
/// "before", "fit", "leave_one_row_out", "leave_one_model_out": {"errors", "mean_absolute_error"[, "constants"]},
/// "sensitivity": by key and row, the change of throughput (as a share) for a constant 10 % larger}.
json::Value calibration_json(const calibration::FreeConstants& free, const std::vector<calibration::Row>& rows,
                             const calibration::Calibration& result);

}  // namespace infsim::cli
