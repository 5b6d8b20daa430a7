// Results of single operations. Private to the executor.
#pragma once

#include "exec/execute.hpp"

namespace infsim::exec {

/// Throws DataFault if an operand is outside its memory or the operands' shapes do not match.
void check_operands(const program::Program& program, program::InstructionId id, const ExecState& state);

/// Fills the bytes or sums of `effect` from the sources in `state`, and its DRAM rows; bytes that come from DRAM are
/// only allocated. Replaces the stationary operand if `id` does so. Operands have passed check_operands.
void compute(const program::Program& program, program::InstructionId id, ExecState& state, Effect& effect);

}  // namespace infsim::exec
