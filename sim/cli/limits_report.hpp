// The output of `infsim limits` for people.
#pragma once

#include <string>
#include <vector>

#include "cli/paint.hpp"
#include "flow/limits/limits.hpp"

namespace infsim::cli {

/// A table of the limits, then for each why not one more and what would help. `columns`: of the records, instead of the
/// usual ones; "-" for a limit that was not simulated.
std::string limits_text(const flow::Limits& limits, const flow::LimitsOptions& options,
                        const std::vector<std::string>& columns, const Paint& paint);

}  // namespace infsim::cli
