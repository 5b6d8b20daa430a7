// The "values" of an axis.
#pragma once

#include <string>
#include <vector>

#include "base/json_reader.hpp"

namespace infsim::explore {

/// An array as written; {"from": 1, "to": 16, "step": 1}, both ends included; or {"powers_of_two": [1, 64]}. In the
/// latter two, numbers may be quantities of one unit ("64KiB"), and so are the values then. Empty after reporting
/// what is wrong, or that there are no values.
std::vector<json::Value> axis_values(const json::Cursor& place);

/// A value as in table cells: text without quotes, numbers in their shortest form.
std::string value_text(const json::Value& value);

}  // namespace infsim::explore
