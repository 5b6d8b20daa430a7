// Bytes that a program reads and writes in on-chip memories.
#pragma once

#include <cstdint>

#include "program/program.hpp"

namespace infsim::stats {

struct OnChipBytes {
    std::int64_t state_buffer = 0, psum = 0;
};

/// Bytes read and written by all operands of one inference, including DMA. An element that an access repeats counts
/// each time, and an accumulating matmul also reads its destination.
OnChipBytes on_chip_bytes(const program::Program& program);

}  // namespace infsim::stats
