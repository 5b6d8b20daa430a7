// One value set from outside a file: a sweep's axis or base, or an option of the command line.
#pragma once

#include "base/json_override.hpp"

namespace infsim::flow {

/// Its key is a path with dots, such as "chip.state_buffer.partition_bytes".
using Setting = json::Override;

}  // namespace infsim::flow
