// Rows of a table of measurements, simulated.
#pragma once

#include <optional>
#include <vector>

#include "explore/progress.hpp"
#include "flow/validate/validate.hpp"

namespace infsim::cli {

/// Simulates every row, `jobs` points at a time, and compares it with the published figures. `progress` may be nullptr.
/// Empty when interrupted.
std::optional<std::vector<flow::ValidationOutcome>> run_rows(const std::vector<flow::ValidationRow>& rows, int jobs,
                                                             explore::Progress* progress);

}  // namespace infsim::cli
