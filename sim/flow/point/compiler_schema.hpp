// Compiler profiles as a JSON schema (2020-12).
#pragma once

#include "base/json.hpp"

namespace infsim::flow {

/// What a compiler profile may say, from the options that the reader knows (compiler_file.hpp). Ranges are the
/// reader's.
json::Value compiler_schema();

}  // namespace infsim::flow
