// Fitted values for a chip file, and the text of chip files.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "calibration/fit.hpp"

namespace infsim::calibration {

/// The entries for the keys of the free constants with these values: graded "UNK, fitted", with a source that says what
/// the constant is and what it was fitted to (`fitted_to`: rows and table).
std::vector<std::pair<std::string, json::Value>> fitted_entries(const FreeConstants& free, const Values& values,
                                                                const std::string& fitted_to);

/// A chip file in the usual layout: one line for each number with its grade and source.
std::string chip_text(const json::Value& chip);

}  // namespace infsim::calibration
