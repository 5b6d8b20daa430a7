// What the passes are called, for options, files and help. They stand in one list: pipeline.cpp.
#pragma once

#include <string>
#include <vector>

#include "compiler/options.hpp"

namespace infsim::compiler {

/// A name under which CompileOptions::skip_passes leaves something out, and the option that it switches off.
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
