// What fitting needs to know of a compilation.
#pragma once

#include <optional>

#include "compiler/compilation.hpp"

namespace infsim::compiler {

/// The compilation's options as fit() wants them. Refers to `compilation`.
FitOptions fit_options(const Compilation& compilation);

/// How the compilation's plans become code. Refers to `compilation`.
PlanEmission emission_of(const Compilation& compilation);

/// Why device DRAM does not hold what the decision comes to. A decision that stands for others has no words for it.
std::optional<DoesNotFit> shortage_of(const Decision& decision, const program::Target& target);

}  // namespace infsim::compiler
