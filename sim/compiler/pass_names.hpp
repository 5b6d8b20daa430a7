// The names of the passes, for options, files and help. There is one list of them: pipeline.cpp.
#pragma once

#include <string>
#include <vector>

#include "compiler/options.hpp"

namespace infsim::compiler {

/// A name that CompileOptions::skip_passes may hold, and the option that it switches off.
struct Skip {
    const char* name = nullptr;
    bool CompileOptions::*option = nullptr;
};

/// Names of all passes, in order.
std::vector<std::string> pass_names();
/// Names that CompileOptions::optional_passes may hold.
std::vector<std::string> optional_pass_names();
/// What CompileOptions::skip_passes may name: the names of all skips, in the order of the passes.
std::vector<Skip> all_skips();

}  // namespace infsim::compiler
