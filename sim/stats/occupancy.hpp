// How full the state buffer is, from the Program's own ownership table.
#pragma once

#include <cstdint>
#include <vector>

#include "program/program.hpp"

namespace infsim::stats {

/// State buffer in use over the order of execution, in bytes of the fullest partition.
struct Occupancy {
    std::int64_t peak_bytes = 0;            ///< most at any instant
    std::vector<std::int64_t> layer_bytes;  ///< per layer, most at any instant between its first and last instruction
};

/// Reads Program::allocations and the sequence numbers of the engines' instructions; PSUM is not counted.
Occupancy occupancy(const program::Program& program);

}  // namespace infsim::stats
