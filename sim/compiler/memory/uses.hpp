// Who uses which buffer when: what choosing evictions has to know of a code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/recompute.hpp"

namespace infsim::compiler {

/// The instructions that touch each buffer, one list behind the other: those of buffer b are at [begin[b], begin[b +
/// 1]).
struct Uses {
    std::vector<std::uint32_t> begin;
    std::vector<std::int32_t> position;      ///< ascending within a buffer
    std::vector<std::uint32_t> write_begin;  ///< the same of the instructions that write it
    std::vector<std::int32_t> write_position;
    std::vector<std::int64_t> write_bytes;  ///< by write: the bytes written so far, over all partitions
    // By buffer:
    std::vector<std::int32_t> last_load;  ///< last position at which a movable load touches it, -1: none does
    std::vector<std::int32_t>
        sole_load;  ///< the load that alone writes it, from weights, constants or graph inputs; -1: none
    std::vector<std::int64_t> written_bytes;  ///< over all partitions
    Recipes recipes;                          ///< what can be computed again, where somebody has asked recipes_of()

    /// Position of the last write of `b` up to `position`, -1: there is none.
    std::int32_t last_write(BufferId b, std::int32_t position) const {
        const std::size_t behind = first_write_behind(b, position);
        return behind == write_begin[static_cast<std::size_t>(b)] ? -1 : write_position[behind - 1];
    }
    /// Position of the first write of `b` behind `position`, INT32_MAX: there is none.
    std::int32_t next_write(BufferId b, std::int32_t position) const {
        const std::size_t behind = first_write_behind(b, position);
        return behind == write_begin[b.index() + 1] ? INT32_MAX : write_position[behind];
    }
    /// Bytes of `b`, over all partitions, that are written by instructions up to `position`.
    std::int64_t bytes_at(BufferId b, std::int32_t position) const {
        const std::size_t behind = first_write_behind(b, position);
        return behind == write_begin[static_cast<std::size_t>(b)] ? 0 : write_bytes[behind - 1];
    }

private:
    std::size_t first_write_behind(BufferId b, std::int32_t position) const {
        const auto at = [&](std::uint32_t i) { return write_position.begin() + static_cast<std::ptrdiff_t>(i); };
        const auto found = std::upper_bound(at(write_begin[static_cast<std::size_t>(b)]),
                                            at(write_begin[static_cast<std::size_t>(b) + 1]), position);
        return static_cast<std::size_t>(found - write_position.begin());
    }
};

}  // namespace infsim::compiler
