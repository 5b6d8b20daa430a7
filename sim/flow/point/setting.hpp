// One value set from outside a file: a sweep's axis or base, or an option of the command line.
#pragma once

#include <string>

#include "base/json.hpp"

namespace infsim::flow {

/// `key` is a path with dots, such as "chip.state_buffer.partition_bytes"; `file` and `where` are what
/// problems with it are reported at, such as "sweep.json" and "/axes/0/values/2", or "" and "--set".
struct Setting {
    std::string key;
    json::Value value;
    std::string file;
    std::string where;
};

}  // namespace infsim::flow
