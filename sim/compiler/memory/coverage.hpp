// Which bytes of a buffer have been written so far: what a spill has to save.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "program/access.hpp"

namespace infsim::compiler {

/// Bytes [offset, offset + bytes) of each of the partitions [partition, partition + partitions).
struct Piece {
    int partition = 0, partitions = 0;
    std::int64_t offset = 0, bytes = 0;
};

/// Bytes per element of the DMA instructions that move a piece: pairs of bytes if possible.
constexpr int element_bytes(const Piece& piece) { return piece.offset % 2 == 0 && piece.bytes % 2 == 0 ? 2 : 1; }
/// DMA instructions that move a piece when each engine takes a share of its partitions.
std::int32_t transfers_of(const Piece& piece, int engines);

/// The written bytes of one buffer, exactly. Partitions in which the same bytes are written are stored together.
class Coverage {
public:
    /// Adds what `ap` visits; its offset counts from the start of the buffer. Returns how many bytes are new, over all
    /// partitions.
    std::int64_t add(const program::AccessPattern& ap);
    /// The fewest rectangles, merging neighbouring partitions with the same bytes, by partition, then offset; disjoint.
    std::vector<Piece> pieces() const;
    /// Number of pieces, without building them.
    std::size_t size() const;
    /// DMA instructions that move all pieces when each engine takes a share of their partitions, see transfers_of().
    std::int32_t transfers(int engines) const;

private:
    using Run = std::pair<std::int64_t, std::int64_t>;  ///< [first, second)
    struct Strip {
        int first = 0, last = 0;
        std::vector<Run> runs;
    };                           ///< partitions [first, last)
    std::vector<Strip> strips_;  ///< ascending, disjoint

    void split_at(int partition);
    void join();
};

}  // namespace infsim::compiler
