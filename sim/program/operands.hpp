// What an instruction touches: the only place that knows which operands of each instruction are read and
// written. Verifier, race check, executor and mutation all use it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "program/program.hpp"

namespace infsim::program {

/// Names an instruction of a Program.
struct InstructionId {
    std::uint8_t queue = 0;
    std::uint32_t index = 0;  ///< within the queue
};
constexpr bool operator==(InstructionId a, InstructionId b) { return a.queue == b.queue && a.index == b.index; }
constexpr bool operator!=(InstructionId a, InstructionId b) { return !(a == b); }

inline const Instruction& at(const Program& p, InstructionId id) { return p.queues[id.queue].instructions[id.index]; }

/// One on-chip operand. A scalar taken per partition appears as a pattern of one element.
struct OnChipAccess {
    AccessPattern pattern;
    bool write = false;
};

/// The DRAM operand: `rows` times the pattern, partition_step apart (partitions; for a gather the table's
/// rows).
struct DramAccess {
    DramPattern pattern;
    std::int64_t rows = 0;
    int element_bytes = 0;
    bool write = false;
};

struct Accesses {
    std::array<OnChipAccess, 5> on_chip;  ///< reads first, the write last
    int on_chip_count = 0;
    std::optional<DramAccess> dram;
    /// The write adds to the destination (Matmul with accumulate), which must have been written before, but
    /// needs no wait for writes of its own queue. It is not listed among the reads.
    bool accumulates = false;

    const OnChipAccess* begin() const { return on_chip.data(); }
    const OnChipAccess* end() const { return on_chip.data() + on_chip_count; }
    void read(const AccessPattern& p) { on_chip[on_chip_count++] = {p, false}; }
    void write(const AccessPattern& p) { on_chip[on_chip_count++] = {p, true}; }
};

/// The pattern that a per_partition scalar reads over `lanes` partitions; empty for the other kinds.
std::optional<AccessPattern> scalar_pattern(const ScalarOperand& scalar, std::uint16_t lanes);

/// Every operand of `op`; `lanes` of a scalar are the partitions of the instruction's first source.
Accesses accesses(const Operation& op);

/// The engine whose queues may hold `op`; empty for Sync, which any queue may hold.
std::optional<Engine> engine_of(const Operation& op);

/// "matmul", "dma_load", ...: the spelling in text forms and reports.
const char* mnemonic(const Operation& op);

}  // namespace infsim::program
