// Bytes that a program reads and writes in the memories on the chip.
#pragma once

#include <cstdint>

#include "program/program.hpp"

namespace infsim::stats {

struct OnChipBytes {
    std::int64_t state_buffer = 0, psum = 0;
};

/// What all operands of one inference visit, reads and writes, those of DMA included; an element that an access repeats
/// counts each time, and a matmul that adds to its destination reads it too.
OnChipBytes on_chip_bytes(const program::Program& program);

}  // namespace infsim::stats
