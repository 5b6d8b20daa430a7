// A shadow of every byte: whether it has been written, and whether a write to it is in flight.
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

    /// At issue: throws DataFault unless every source byte has been written and no write to it is in flight.
    /// An accumulating matmul's destination must have been written, or have a write of its own queue in flight.
    void check_sources(const program::Program& program, program::InstructionId id) const;
    /// At issue, after check_sources: the destination is poison from now on.
    void begin_write(const program::Program& program, program::InstructionId id);
    /// At retirement, after the write: the destination's bytes are good.
    void end_write(const program::Program& program, program::InstructionId id);

    /// Hash of the current source bytes.
    std::uint64_t hash_sources(const program::Program& program, program::InstructionId id, const Memory& memory) const;
    /// At retirement: throws DataFault if the sources have changed since `hash_at_issue`, or if another
    /// queue has a write to them in flight.
    void recheck_sources(const program::Program& program, program::InstructionId id, const Memory& memory,
                         std::uint64_t hash_at_issue) const;

    /// The destinations of the static loads are good from now on.
    void note_static_loads(const program::Program& program);

    /// The contents of these bytes are dead: reading them before the next write is an error.
    void forget(const program::Allocation& allocation);

private:
    /// Per byte: bit 7 "written", the other bits the number of writes in flight; and the queue that issued the
    /// last of them.
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
