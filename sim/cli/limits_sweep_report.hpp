// The output of a sweep of limits.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/console.hpp"
#include "cli/paint.hpp"
#include "explore/limits_sweep.hpp"

namespace infsim::cli {

/// A line per cell: axes, and the limits or the requested columns. Each reason for not one more stands once below.
std::string limits_rows_text(const explore::Sweep& sweep, const std::vector<explore::LimitsRow>& rows,
                             const std::vector<std::string>& columns, const Paint& paint);
json::Value limits_rows_json(const explore::Sweep& sweep, const std::vector<explore::LimitsRow>& rows,
                             const std::string& folder);
/// The exit status; says on stderr which cells failed or were given up.
int limits_status(const std::vector<explore::LimitsRow>& rows, Console& console);

}  // namespace infsim::cli
