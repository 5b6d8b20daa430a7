// Private to hw: replaces values of a chip document before it is validated.
#pragma once

#include <vector>

#include "base/json_override.hpp"
#include "hw/load.hpp"

namespace infsim::hw {

/// Sets each override's value in `document`. Paths that do not lead to a single number are reported at the override's
/// own place. An override of a total replaces what the file says per part, and vice versa (totals.hpp). The overrides
/// must outlive the result.
json::Overridden apply_overrides(json::Document& document, const std::vector<Override>& overrides, Problems& problems);

}  // namespace infsim::hw
