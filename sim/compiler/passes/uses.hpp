// Who uses which buffer when: what choosing evictions has to know of a code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "compiler/code.hpp"
#include "compiler/passes/recompute.hpp"

namespace infsim::compiler {

/// The instructions that touch each buffer, one list behind the other: those of buffer b are at [begin[b], begin[b + 1]).
struct Uses {
    std::vector<std::uint32_t> begin;
    std::vector<std::int32_t> position;       ///< ascending within a buffer
    std::vector<std::uint32_t> write_begin;   ///< the same of the instructions that write it
    std::vector<std::int32_t> write_position;
    // By buffer:
    std::vector<std::int32_t> last_load;      ///< last position at which a movable load touches it, -1: none does
    std::vector<std::int32_t> sole_load;      ///< the load that alone writes it, from weights, constants or graph inputs; -1: none
    std::vector<std::int64_t> written_bytes;  ///< over all partitions
    Recipes recipes;                          ///< what can be computed again, where somebody has asked recipes_of()

    /// Position of the last write of `b` up to `position`, -1: there is none.
    std::int32_t last_write(BufferId b, std::int32_t position) const {
        const auto begin_of = write_position.begin() + write_begin[static_cast<std::size_t>(b)];
        const auto end_of = write_position.begin() + write_begin[static_cast<std::size_t>(b) + 1];
        const auto behind = std::upper_bound(begin_of, end_of, position);
        return behind == begin_of ? -1 : *(behind - 1);
    }
};

}  // namespace infsim::compiler
