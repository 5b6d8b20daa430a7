// Rows of a table of measurements, simulated.
#pragma once

#include <optional>
#include <vector>

#include "flow/validate.hpp"

namespace infsim::cli {

/// Simulates every row, `jobs` points at a time, and holds each against what was published, with progress on stderr
/// (`live`: one line that changes). Empty when interrupted.
std::optional<std::vector<flow::ValidationOutcome>> run_rows(const std::vector<flow::ValidationRow>& rows, int jobs,
                                                             bool live);

}  // namespace infsim::cli
