// place: from an allocation to the order in which the instructions of a code stand, and who touches what when.
#pragma once

#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/ir/placement.hpp"
#include "compiler/memory/allocate.hpp"

namespace infsim::compiler {

/// The order of the instructions of `code` under an allocation whose starts count its instructions: every load stands
/// in front of the instruction at which it starts, everything else as it stood. Addresses are taken over.
Placement placement_of(const Code& code, Allocation&& allocation);

}  // namespace infsim::compiler
