// How full the state buffer is, from the Program's own ownership table.
#pragma once

#include <cstdint>
#include <vector>

#include "program/program.hpp"

namespace infsim::stats {

/// Contents of the fullest partition at one time, in bytes.
struct Held {
    std::int64_t weights_in_use = 0;      ///< of layers that have begun
    std::int64_t weights_prefetched = 0;  ///< of layers that have not
    std::int64_t constants = 0;
    std::int64_t replicated = 0;   ///< side-by-side copies of an input, for the array
    std::int64_t activations = 0;  ///< everything else
    std::int64_t sum() const { return weights_in_use + weights_prefetched + constants + replicated + activations; }
};

/// State buffer in use over the order of execution, in bytes of the fullest partition.
struct Occupancy {
    std::int64_t peak_bytes = 0;  ///< maximum over time
    std::vector<Held> layers;     ///< per layer, at the peak between its first and last instruction
};

/// Reads Program::allocations and the sequence numbers of the engines' instructions; PSUM is not counted.
Occupancy occupancy(const program::Program& program);

}  // namespace infsim::stats
