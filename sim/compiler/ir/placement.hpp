// Where the buffers of a code lie, and in which order its instructions stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/ir/ids.hpp"

namespace infsim::compiler {

struct Placement {
    IdVector<BufferId, std::uint32_t> offset;  ///< bytes within each partition
    std::vector<std::int32_t> order;           ///< new serial order: indices into Code::instructions
    std::vector<std::size_t> queue_length;     ///< by queue, instructions
    /// Positions in `order` of the first and last instruction that touch it.
    IdVector<BufferId, std::int32_t> first, last;
    std::int64_t peak = 0;         ///< highest byte used + 1
    std::int64_t lower_bound = 0;  ///< largest sum of live activations
};

}  // namespace infsim::compiler
