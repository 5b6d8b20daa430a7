// What fitting needs to know of a compilation.
#pragma once

#include "compiler/compilation.hpp"

namespace infsim::compiler {

/// The compilation's options as fit() wants them. Refers to `compilation`.
FitOptions fit_options(const Compilation& compilation);

/// How the compilation's plans become code. Refers to `compilation`.
PlanEmission emission_of(const Compilation& compilation);

}  // namespace infsim::compiler
