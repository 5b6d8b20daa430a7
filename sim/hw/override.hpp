// Private to hw: replacing values of a chip document before it is validated.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hw/load.hpp"

namespace infsim::hw {

/// JSON pointer of an overridden number -> the override that set it.
using Overridden = std::map<std::string, const Override*>;

/// Sets each override's value in `document`. Paths that lead nowhere, or not to a single number, are reported
/// at the override's own place. An override of a total replaces what the file says per part, and the other way round
/// (totals.hpp).
Overridden apply_overrides(json::Document& document, const std::vector<Override>& overrides, Problems& problems);

/// Moves problems found inside an overridden number to the place the override came from.
void add_relocated(const Problems& found, const Overridden& overridden, Problems& problems);

}  // namespace infsim::hw
