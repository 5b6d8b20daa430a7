// The name of a share of time, as columns spell it.
#pragma once

#include <string_view>

#include "record/record.hpp"

namespace infsim::record {

/// "busy", "wait_weights", ...: what stands between the engine and "fraction" in the name of a column.
std::string_view share_name(TimeShare share);

}  // namespace infsim::record
