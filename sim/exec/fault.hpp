// What can go wrong while a Program computes. It is always a bug in the Program, hence in its producer.
#pragma once

#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "program/operands.hpp"

namespace infsim::exec {

enum class FaultKind : std::uint8_t {
    out_of_bounds,    ///< an operand is outside its memory or segment
    shape,            ///< operands do not match (counts, stationary and moving)
    unwritten_read,   ///< a byte is read that nothing has written
    in_flight_read,   ///< a byte is read that another instruction is about to write
    source_changed,   ///< a source was overwritten between issue and retirement
    in_flight_write,  ///< two queues write a byte at the same time
    gather_index,     ///< an index of a DmaGather is outside its table
};

const char* fault_name(FaultKind kind);

/// Stops the execution. what() names instruction, layer and address.
class DataFault : public InternalError {
public:
    DataFault(FaultKind what, program::InstructionId where, const std::string& text)
        : InternalError(text), kind(what), id(where) {}
    FaultKind kind;
    program::InstructionId id;
};

/// "matmul q0[17] of layer 'conv1', image 2".
std::string describe(const program::Program& program, program::InstructionId id);

/// Throws a DataFault "fault: instruction: detail".
[[noreturn]] void fault(FaultKind kind, const program::Program& program, program::InstructionId id,
                        const std::string& detail);

}  // namespace infsim::exec
