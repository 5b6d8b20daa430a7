// What the "values" of an axis are.
#pragma once

#include <string>
#include <vector>

#include "base/json_reader.hpp"

namespace infsim::explore {

/// An array as it stands; {"from": 1, "to": 16, "step": 1}, both ends included; or {"powers_of_two": [1, 64]}. The
/// numbers of the latter two may be quantities of one unit ("64KiB"), and the values then are. Empty after having
/// reported what is wrong, or that there is no value.
std::vector<json::Value> axis_values(const json::Cursor& place);

/// A value as table cells show it: text without quotes, numbers shortest.
std::string value_text(const json::Value& value);

}  // namespace infsim::explore
