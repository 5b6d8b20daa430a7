// schedule + emit: the final order, addresses and waits.
#pragma once

#include "compiler/code.hpp"
#include "compiler/passes/place.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// Fills queues, allocations and segments of `program` (whose target and layers are set): instructions in the order
/// of `placement`, each with the waits that its memory accesses need. Code is taken apart.
void finish(Code&& code, const Placement& placement, program::Program& program);

/// Gives every segment an address in its region.
void lay_out_dram(program::Program& program);

}  // namespace infsim::compiler
