// The partitions that channels lie on.
#pragma once

#include <algorithm>
#include <numeric>

#include "program/program.hpp"

namespace infsim::compiler {

/// Channels lie in slots of at most `width` partitions. Slots are `region` partitions apart; `ways` of them fill the
/// state buffer once and form a group, and groups follow each other in the free dimension. The defaults are those of
/// NeuronCore-v1: 128 partitions, an array of 128 x 64.
struct SlotGeometry {
    int width = 64;     ///< channels per slot: what the columns of the array write at once
    int ways = 2;       ///< slots per group, a power of two
    int region = 64;    ///< partitions from one slot of a group to the next
    int pe_rows = 128;  ///< partitions that one matmul contracts

    int partitions() const { return ways * region; }
    /// Channels of a group.
    int channels() const { return ways * width; }
    int group_of(int slot) const { return slot / ways; }
    /// The first partition of a slot.
    int partition_of(int slot) const { return slot % ways * region; }
    int groups(int slots) const { return (slots + ways - 1) / ways; }
    /// Given things of `slots` slots each: how many of them until one lies on the same partitions again.
    int period(int slots) const { return ways / std::gcd(ways, slots); }
    /// Maximum number of neighbouring slots of a group that one matmul contracts.
    int slots_per_tile() const { return std::clamp(pe_rows / region, 1, ways); }
    bool operator==(const SlotGeometry& o) const {
        return width == o.width && ways == o.ways && region == o.region && pe_rows == o.pe_rows;
    }
};

/// Slots as wide as the columns of the array, PSUM and state buffer allow; as many per group as the partitions hold.
inline SlotGeometry slot_geometry(const program::Target& t) {
    SlotGeometry g;
    g.width = std::max(1, std::min({t.pe_columns, t.psum_partitions, t.sb_partitions}));
    g.ways = 1;
    while (2 * g.ways * g.width <= t.sb_partitions) g.ways *= 2;
    g.region = t.sb_partitions / g.ways;
    g.pe_rows = t.pe_rows;
    return g;
}

}  // namespace infsim::compiler
