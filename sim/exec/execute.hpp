// The effect of instructions on bytes, in two phases so that time can pass between them on a timed chip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "exec/memory.hpp"
#include "exec/tracking.hpp"
#include "program/program.hpp"

namespace infsim::exec {

/// What the PE holds between a load_stationary and its matmuls: values[row * columns + column].
struct Stationary {
    int first_row = 0, rows = 0, columns = 0;
    std::vector<float> values;
};

enum class Tracking : std::uint8_t { off, on };

/// Everything that instructions change. `tracker` is set to find reads of wrong bytes.
struct ExecState {
    explicit ExecState(const program::Program& program, Tracking tracking = Tracking::on);
    Memory memory;
    Stationary stationary;
    std::optional<Tracker> tracker;
};

/// The result of one instruction, computed and not yet visible.
struct Effect {
    program::InstructionId id;
    std::vector<std::byte> bytes;  ///< the destination's elements, packed, in its type
    std::vector<float> sums;       ///< for a matmul instead: [columns x elements], added at the write if it accumulates
    std::uint64_t source_hash = 0;
    std::optional<DramRows> dram;  ///< of a DMA instruction that reads or writes DRAM
};

/// What moves an instruction's bytes into and out of DRAM: the functions below, on `memory.dram`; or a carrier between
/// the two phases, which moves `Effect::bytes` from or to the rows `Effect::dram`. Everything else is the same,
/// including the checks of DRAM operands.
enum class DramSide : std::uint8_t { here, carrier };

/// At issue: checks and reads the sources, computes the result, and marks the destination as being written. The
/// stationary operand is inside the PE and changes here, since the PE issues in order. Throws DataFault.
Effect read_sources(const program::Program& program, program::InstructionId id, ExecState& state,
                    DramSide side = DramSide::here);

/// At retirement: checks the sources again, then writes. Instructions of one queue retire in order, and an
/// accumulating matmul adds here, so it needs no wait for the previous matmul. Throws DataFault.
void write(const program::Program& program, const Effect& effect, ExecState& state, DramSide side = DramSide::here);

/// Both phases of one instruction at once.
void execute(const program::Program& program, program::InstructionId id, ExecState& state);

/// What the chip does when it gets the Program: the static loads. The segments must have been filled. Throws
/// InternalError for a load outside its memories; the verifier says which one.
void load_static(const program::Program& program, Memory& memory);

/// The static loads, then all instructions by ascending sequence. With tracking, an allocation's bytes count as never
/// written when it begins. The segments must have been filled (segments.hpp). Throws DataFault.
void run_serial(const program::Program& program, ExecState& state);

}  // namespace infsim::exec
