// The passes of a compilation as a table for people.
#pragma once

#include <string>
#include <vector>

#include "compiler/outcome.hpp"

namespace infsim::cli {

/// A line per pass with its wall time in milliseconds and what it did; below it, indented, what it tried, with "*"
/// before what was taken. No line exceeds 100 columns: longer ones are cut and end in "...".
std::string passes_text(const std::vector<compiler::PassReport>& passes);

}  // namespace infsim::cli
