// A shadow of every byte: has it been written, and is anybody about to write it?
#pragma once

#include <cstdint>
#include <vector>

#include "exec/memory.hpp"

namespace infsim::exec {

/// Finds reads of bytes never written, reads of bytes being written, writes of two queues at the same time,
/// and sources that change while they are read. Segments of weights, constants and inputs count as written
/// from the start.
class Tracker {
public:
    explicit Tracker(const program::Program& program);

    /// At issue: throws DataFault unless every source byte has been written and nobody is about to write it.
    /// An accumulating matmul's destination must have been written, or be about to be by its own queue.
    void check_sources(const program::Program& program, program::InstructionId id) const;
    /// At issue, behind check_sources: the destination is poison from now on.
    void begin_write(const program::Program& program, program::InstructionId id);
    /// At retirement, behind the write: the destination's bytes are good.
    void end_write(const program::Program& program, program::InstructionId id);

    /// Of the source bytes as they are now.
    std::uint64_t hash_sources(const program::Program& program, program::InstructionId id, const Memory& memory) const;
    /// At retirement: throws DataFault when the sources differ from what `hash_at_issue` saw, or another
    /// queue is about to write them.
    void recheck_sources(const program::Program& program, program::InstructionId id, const Memory& memory,
                         std::uint64_t hash_at_issue) const;

    /// What lay in these bytes belongs to nobody any more: reading them before the next write is an error.
    void forget(const program::Allocation& allocation);

private:
    /// Per byte: bit 7 "written", below it the number of writes in flight; and the queue that issued the last
    /// of them.
    struct Map {
        std::int64_t partition_bytes = 0;
        std::vector<std::uint8_t> state, writer;
        bool tracked() const { return !state.empty(); }
    };
    const Map& map_of(program::Space s) const { return s == program::Space::psum ? psum_ : state_buffer_; }
    Map& map_of(program::Space s) { return s == program::Space::psum ? psum_ : state_buffer_; }
    void change(const program::Accesses& accesses, std::uint8_t queue, bool begin);

    Map state_buffer_, psum_;
    std::vector<Map> dram_;  ///< untracked for segments that the Program does not write
};

}  // namespace infsim::exec
