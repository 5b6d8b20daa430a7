// What the passes of a compilation did, as a table for people.
#pragma once

#include <string>
#include <vector>

#include "compiler/outcome.hpp"

namespace infsim::cli {

/// A line per pass with its wall time in milliseconds and what it did; below it what it tried on the way, indented, "*"
/// in front of what was taken. No line exceeds 100 columns: longer ones are cut and end in "...".
std::string passes_text(const std::vector<compiler::PassReport>& passes);

}  // namespace infsim::cli
