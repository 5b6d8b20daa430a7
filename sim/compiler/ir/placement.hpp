// Where the buffers of a code lie, and in which order its instructions stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace infsim::compiler {

struct Placement {
    std::vector<std::uint32_t> offset;      ///< by buffer, bytes within each partition
    std::vector<std::int32_t> order;        ///< new serial order: indices into Code::instructions
    std::vector<std::size_t> queue_length;  ///< by queue, instructions
    std::vector<std::int32_t> first,
        last;                      ///< by buffer: positions in `order` of the first and last instruction that touch it
    std::int64_t peak = 0;         ///< highest byte used + 1
    std::int64_t lower_bound = 0;  ///< largest sum of live activations
};

}  // namespace infsim::compiler
