// The name of a share of time, as in column names.
#pragma once

#include <string_view>

#include "record/record.hpp"

namespace infsim::record {

/// "busy", "wait_weights", ...: the part of a column name between the engine and "fraction".
std::string_view share_name(TimeShare share);

}  // namespace infsim::record
