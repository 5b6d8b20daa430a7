// place: from an allocation to the order of the instructions of a code, and who touches what when.
#pragma once

#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/ir/placement.hpp"
#include "compiler/memory/allocate.hpp"

namespace infsim::compiler {

/// The order of the instructions of `code` under an allocation whose starts count its instructions: every load goes
/// before the instruction at which it starts, everything else keeps its order. Addresses are copied.
Placement placement_of(const Code& code, Allocation&& allocation);

}  // namespace infsim::compiler
