// Where the buffers of a code lie, and the order of its instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/ir/ids.hpp"

namespace infsim::compiler {

struct Placement {
    IdVector<BufferId, std::uint32_t> offset;  ///< bytes within each partition
    std::vector<std::int32_t> order;           ///< new serial order: indices into Code::instructions
    std::vector<std::size_t> queue_length;     ///< instructions, by queue
    /// Positions in `order` of the first and last instruction that touch the buffer.
    IdVector<BufferId, std::int32_t> first, last;
    std::int64_t peak = 0;         ///< highest byte used + 1
    std::int64_t lower_bound = 0;  ///< largest sum of live activations
};

}  // namespace infsim::compiler
