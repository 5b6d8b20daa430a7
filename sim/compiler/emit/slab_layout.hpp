// How the weights of a convolution or dense layer are cut into slabs, and where every stationary operand lies in a
// slab's buffer and in device DRAM. Numbers only.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/channel_groups.hpp"

namespace infsim::compiler {

/// The inputs of the layout.
struct SlabShape {
    int groups = 1;                 ///< of channels; weights between groups, which would only be zeros, are left out
    std::vector<int> in_lanes;      ///< channels of the input's slots
    int in_first_slot = 0;          ///< of the input's value
    std::vector<int> out_channels;  ///< of the output's slots
    int taps = 1;                   ///< of the filter
    int element = 2;                ///< bytes
    std::int64_t slab_bytes = 0;    ///< per partition, for slabs shared by several slots of the output
    std::int64_t part_bytes = 0;    ///< per partition; a slot that takes more is cut into parts; 0: never
    SlotGeometry geometry;
    int engines = 1, regions = 1;  ///< DMA engines that share every slab; DRAM regions they read
};

/// K-tiles of the same partition range: they travel in one DMA with a contiguous run per partition.
struct KClass {
    int partition = 0, count = 0;
    std::vector<KTile> tiles;
};

/// What one DMA engine loads of a class of a slab: partitions from `first` of the class on, from one DRAM region.
struct SlabPiece {
    int first = 0, count = 0, region = 0;
    std::int64_t segment_offset = 0;
};

/// A class of K-tiles in a slab: `row_bytes` from byte `offset` on in each of its partitions. Classes on different
/// partitions may use the same bytes if blocks are left out.
struct SlabClass {
    std::int64_t offset = 0, row_bytes = 0;
    std::vector<SlabPiece> pieces;  ///< by engine
};

/// The weights of one K-tile, or of some of its taps, for one slot of the output. Those of tap first_tap + t take
/// `columns` elements per partition from byte offset + t * tap_bytes of the slab on.
struct SlabBlock {
    std::size_t k_class = 0;
    KTile tile;
    int slot = 0;           ///< of the output
    int first_channel = 0;  ///< in that slot of the output
    int columns = 0;        ///< channels in that slot
    int first_tap = 0, taps = 1;
    std::int64_t offset = 0, tap_bytes = 0;
};

struct Slab {
    int first_slot = 0, slots = 0;  ///< of the output
    std::int64_t bytes = 0;         ///< per partition
    bool continues = false;         ///< adds to the sums of the previous slab for the same slot
    std::vector<SlabClass> classes;
    /// In storage order: by class, then slot, then K-tile.
    std::vector<SlabBlock> blocks;
};

struct SlabLayout {
    std::vector<KClass> classes;
    std::vector<Slab> slabs;
    std::vector<std::int64_t> region_bytes;  ///< of all slabs, by region

    /// Partitions that hold weights, counted from the first one.
    int partitions() const;
    /// One past the last slab that continues slab `first`.
    std::size_t end_of_parts(std::size_t first) const;
};

/// Every DMA engine loads a share of the partitions of every slab, from a different region than its neighbours,
/// rotating from slab to slab: so a core draws on all its channels at any time.
SlabLayout slab_layout(const SlabShape& shape);

}  // namespace infsim::compiler
