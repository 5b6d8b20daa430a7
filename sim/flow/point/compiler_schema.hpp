// Compiler profiles as a JSON schema (2020-12).
#pragma once

#include "base/json.hpp"

namespace infsim::flow {

/// The allowed content of a compiler profile, from the reader's options and ranges (compiler_file.hpp).
json::Value compiler_schema();

}  // namespace infsim::flow
