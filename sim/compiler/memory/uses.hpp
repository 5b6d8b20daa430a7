// Who uses which buffer when: what the choice of evictions has to know of a code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/recompute.hpp"

namespace infsim::compiler {

/// The instructions that touch each buffer, list after list: those of buffer b are at [begin[b], begin[b.next()]).
struct Uses {
    IdVector<BufferId, std::uint32_t> begin;        ///< one more than there are buffers
    std::vector<std::int32_t> position;             ///< ascending within a buffer
    IdVector<BufferId, std::uint32_t> write_begin;  ///< the same for the instructions that write it
    std::vector<std::int32_t> write_position;
    std::vector<std::int64_t> write_bytes;  ///< by write: the bytes written so far, over all partitions
    std::vector<std::int32_t>
        write_transfers;  ///< by write: DMA instructions that save those bytes, or bring them back
    /// Last position at which a movable load touches it, -1: none does.
    IdVector<BufferId, std::int32_t> last_load;
    /// The load that alone writes it, from weights, constants or graph inputs, if there is one.
    IdVector<BufferId, LoadId> sole_load;
    IdVector<BufferId, std::int64_t> written_bytes;  ///< over all partitions
    IdVector<LoadId, std::int32_t> load_instructions;
    Recipes recipes;  ///< what can be recomputed, if requested

    /// Position of the last write of `b` up to `until`, -1: there is none.
    std::int32_t last_write(BufferId b, std::int32_t until) const {
        const std::size_t behind = first_write_behind(b, until);
        return behind == write_begin[b] ? -1 : write_position[behind - 1];
    }
    /// Position of the first write of `b` after `from`, INT32_MAX: there is none.
    std::int32_t next_write(BufferId b, std::int32_t from) const {
        const std::size_t behind = first_write_behind(b, from);
        return behind == write_begin[b.next()] ? INT32_MAX : write_position[behind];
    }
    /// Bytes of `b`, over all partitions, written by instructions up to `until`.
    std::int64_t bytes_at(BufferId b, std::int32_t until) const {
        const std::size_t behind = first_write_behind(b, until);
        return behind == write_begin[b] ? 0 : write_bytes[behind - 1];
    }
    /// DMA instructions that save what instructions up to `until` have written of `b`.
    std::int32_t transfers_at(BufferId b, std::int32_t until) const {
        const std::size_t behind = first_write_behind(b, until);
        return behind == write_begin[b] ? 0 : write_transfers[behind - 1];
    }

private:
    std::size_t first_write_behind(BufferId b, std::int32_t from) const {
        const auto at = [&](std::uint32_t i) { return write_position.begin() + static_cast<std::ptrdiff_t>(i); };
        const auto found = std::upper_bound(at(write_begin[b]), at(write_begin[b.next()]), from);
        return static_cast<std::size_t>(found - write_position.begin());
    }
};

}  // namespace infsim::compiler
