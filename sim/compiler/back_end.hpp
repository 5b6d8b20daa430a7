// What fitting needs to know about a compilation.
#pragma once

#include <optional>

#include "compiler/compilation.hpp"

namespace infsim::compiler {

/// The compilation's options as fit() wants them. Refers to `compilation`.
FitOptions fit_options(const Compilation& compilation);

/// How the compilation's plans become code. Refers to `compilation`.
PlanEmission emission_of(const Compilation& compilation);

/// Why device DRAM cannot hold what the decision needs. The refusal of a decision that stands for others has no text.
std::optional<DoesNotFit> shortage_of(const Decision& decision, const program::Target& target);

}  // namespace infsim::compiler
