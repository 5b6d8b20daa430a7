// Results of single operations. Private to the executor.
#pragma once

#include "exec/execute.hpp"

namespace infsim::exec {

/// Throws DataFault when an operand leaves its memory or the operands' shapes do not fit each other.
void check_operands(const program::Program& program, program::InstructionId id, const ExecState& state);

/// Fills `effect`'s bytes or sums from the sources in `state`, and its DRAM rows; bytes that come out of DRAM only get
/// their room. Replaces the stationary operand where `id` does that. Operands have passed check_operands.
void compute(const program::Program& program, program::InstructionId id, ExecState& state, Effect& effect);

}  // namespace infsim::exec
