// Conflicting accesses that only luck keeps in order. Derived from waits alone, never from simulated times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/operands.hpp"

namespace infsim::program {

/// Two accesses to one byte, at least one a write, that no chain of waits orders. `first` has the lower
/// sequence.
struct Race {
    enum class Kind : std::uint8_t { write_read, read_write, write_write };
    Kind kind = Kind::write_read;
    InstructionId first, second;
    bool dram = false;
    Space space = Space::state_buffer;  ///< of on-chip races
    std::uint32_t place = 0;            ///< partition, or segment
    std::uint32_t byte = 0;             ///< in the partition or segment
};

/// "write_read: q3[4] dma_load (layer 'conv1') and q0[9] matmul (layer 'conv1') at state buffer partition 0,
/// byte 64".
std::string to_text(const Program& program, const Race& race);

/// All races, one per pair of instructions and kind, by the second's sequence; at most `max_races`.
///
/// Ordering rules: instructions of a queue issue in order and retire in order; a wait for count v of queue q
/// puts the retirement of q's first v instructions before this issue; all of it transitively. An access lasts
/// from issue to retirement, so two queues need "first retires before second issues". Within a queue, write
/// after write and write after read are ordered by retirement, and so is an accumulation into what the same
/// queue wrote, but a read needs a wait for its own queue's write.
///
/// The check follows the sequence order and remembers, per byte, the last write and the reads since. The first
/// race of a byte may hide later ones, but a Program with no finding is free of races. `program` has passed
/// verify().
std::vector<Race> find_races(const Program& program, std::size_t max_races = 100);

}  // namespace infsim::program
