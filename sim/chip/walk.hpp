// Where the bytes of a transfer are in a channel: runs of adjacent bytes, in the order in which they are moved.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "program/instruction.hpp"

namespace infsim::chip {

/// Run (i0..i4), outermost first, begins sum(i_d * step[d]) bytes after the transfer's address.
struct DramWalk {
    static constexpr int kDims = 1 + program::kAccessDims;
    std::int64_t run = 0;  ///< bytes
    std::array<std::int64_t, kDims> count{1, 1, 1, 1, 1}, step{};

    std::int64_t offset_of(std::int64_t index) const {
        std::int64_t offset = 0;
        for (int d = kDims - 1; d >= 0; --d) {
            offset += index % count[d] * step[d];
            index /= count[d];
        }
        return offset;
    }
};

/// The DRAM side of a DMA instruction. The rows of a gather are assumed to be consecutive, since they depend on the
/// data. One run for instructions without a DRAM side.
DramWalk walk_of(const program::Instruction& instruction);

/// Calls visit(offset, bytes) for the runs of bytes [from, from + bytes) of the transfer.
template <class Visit>
void for_each_run(const DramWalk& walk, std::int64_t from, std::int64_t bytes, Visit&& visit) {
    while (bytes > 0) {
        const std::int64_t inside = from % walk.run, length = std::min(bytes, walk.run - inside);
        visit(walk.offset_of(from / walk.run) + inside, length);
        from += length;
        bytes -= length;
    }
}

}  // namespace infsim::chip
