// schedule + emit: the final order, addresses and waits.
#pragma once

#include "compiler/ir/code.hpp"
#include "compiler/ir/placement.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// Fills queues, allocations and segments of `program` (whose target and layers are set): instructions in the order of
/// `placement`, each with the waits that its memory accesses need. Consumes the code.
void insert_waits(Code&& code, const Placement& placement, program::Program& program);

}  // namespace infsim::compiler
