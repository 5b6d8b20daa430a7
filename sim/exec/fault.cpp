#include "exec/fault.hpp"

#include <fmt/format.h>

namespace infsim::exec {

const char* fault_name(FaultKind kind) {
    switch (kind) {
        case FaultKind::out_of_bounds: return "operand out of bounds";
        case FaultKind::shape: return "operands do not fit";
        case FaultKind::unwritten_read: return "read of bytes never written";
        case FaultKind::in_flight_read: return "read of bytes being written";
        case FaultKind::source_changed: return "source overwritten while it was read";
        case FaultKind::in_flight_write: return "write of bytes being written by another queue";
        case FaultKind::gather_index: return "index outside the table";
    }
    return "?";
}

std::string describe(const program::Program& program, program::InstructionId id) {
    const program::Instruction& i = program::at(program, id);
    const std::string layer = i.layer < program.layers.size() ? program.layers[i.layer].name : "?";
    return fmt::format("{} q{}[{}] of layer '{}', image {}", program::mnemonic(i.op), id.queue, id.index, layer,
                       i.image);
}

void fault(FaultKind kind, const program::Program& program, program::InstructionId id, const std::string& detail) {
    throw DataFault(kind, id, fmt::format("{}: {}: {}", fault_name(kind), describe(program, id), detail));
}

}  // namespace infsim::exec
