// schedule + emit: the final order, addresses and waits.
#pragma once

#include "compiler/code.hpp"
#include "compiler/passes/place.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// Fills queues, allocations and segments of `program` (whose target and layers are set): instructions in the order
/// of `placement`, each with the waits that its memory accesses need. Code is taken apart.
void finish(Code&& code, const Placement& placement, program::Program& program);

/// What the fullest DRAM region of a core holds.
struct DramUse {
    std::int64_t bytes = 0;           ///< segments, and in region 0 the program
    int region = 0;
    std::int64_t program_bytes = 0;   ///< of the program itself, see program::kInstructionBytes
};

/// Gives every segment an address in its region.
DramUse lay_out_dram(program::Program& program);

}  // namespace infsim::compiler
