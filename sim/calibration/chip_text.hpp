// A chip file with fitted values.
#pragma once

#include <string>

#include "base/json.hpp"
#include "calibration/fit.hpp"

namespace infsim::calibration {

/// `document`, a complete chip file, under the name `name`, with these values of the free constants: each is graded
/// "UNK, fitted", and its source says what it is and what it was fitted to (`fitted_to`: rows and table). Throws
/// InternalError where a key is not there. One line for each number, as chip files are written.
std::string chip_text(const json::Value& document, const std::string& name, const FreeConstants& free,
                      const Values& values, const std::string& fitted_to);

}  // namespace infsim::calibration
