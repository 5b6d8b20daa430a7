#include "compiler/emit/slab_layout.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace infsim::compiler {

namespace {

std::vector<KClass> k_classes(const SlabShape& shape) {
    const int half = shape.sb_partitions / 2, slots = static_cast<int>(shape.in_lanes.size());
    const auto lanes = [&](int s) { return shape.in_lanes[static_cast<std::size_t>(s)]; };
    std::map<std::pair<int, int>, KClass> classes;  // wide ones first
    int channel = 0;
    for (int s = 0; s < slots;) {
        const int slot = shape.in_first_slot + s;
        KTile tile{s, shape.in_single ? 0 : slot % 2 * half, lanes(s), channel};
        const bool pair = slot % 2 == 0 && s + 1 < slots && tile.count == half && shape.pe_rows >= 2 * half;
        if (pair) tile.count += lanes(s + 1);
        s += pair ? 2 : 1;
        channel += tile.count;
        KClass& c = classes[{tile.partition, -tile.count}];
        c.partition = tile.partition;
        c.count = tile.count;
        c.tiles.push_back(tile);
    }
    std::vector<KClass> list;
    for (auto& entry : classes) list.push_back(std::move(entry.second));
    return list;
}

/// Groups of slots of the output that share a slab.
std::vector<Slab> cut_slabs(const SlabShape& shape, const std::vector<KClass>& classes) {
    std::int64_t tiles = 0;
    for (const KClass& c : classes) tiles += static_cast<std::int64_t>(c.tiles.size());
    const std::int64_t per_column = tiles * shape.taps * shape.element;
    std::vector<Slab> slabs;
    for (std::size_t s = 0; s < shape.out_channels.size(); ++s) {
        const std::int64_t bytes = per_column * shape.out_channels[s];
        if (slabs.empty() || slabs.back().bytes + bytes > shape.slab_bytes) {
            slabs.emplace_back();
            slabs.back().first_slot = static_cast<int>(s);
        }
        slabs.back().bytes += bytes;
        ++slabs.back().slots;
    }
    return slabs;
}

/// Adds what a slab holds of a class. Returns the bytes per partition.
std::int64_t add_blocks(const SlabShape& shape, const KClass& c, std::size_t index, int first_channel,
                        std::int64_t offset, Slab& slab) {
    const std::int64_t begin = offset;
    for (int slot = slab.first_slot; slot < slab.first_slot + slab.slots; ++slot) {
        const int columns = shape.out_channels[static_cast<std::size_t>(slot)];
        const std::int64_t tap_bytes = std::int64_t{columns} * shape.element;
        for (const KTile& tile : c.tiles) {
            slab.blocks.push_back({index, tile, slot, first_channel, columns, offset, tap_bytes});
            offset += shape.taps * tap_bytes;
        }
        first_channel += columns;
    }
    return offset - begin;
}

/// Shares of the partitions of a class, one per engine; `turn`: the region of the first one.
std::vector<SlabPiece> cut_pieces(const SlabShape& shape, const KClass& c, std::int64_t row_bytes, int turn,
                                  std::vector<std::int64_t>& region_bytes) {
    std::vector<SlabPiece> pieces;
    for (int e = 0, done = 0; e < shape.engines; ++e) {
        const int share = (c.count - done) / (shape.engines - e), region = (turn + e) % shape.regions;
        std::int64_t& bytes = region_bytes[static_cast<std::size_t>(region)];
        pieces.push_back({done, share, region, bytes});
        bytes += share * row_bytes;
        done += share;
    }
    return pieces;
}

}  // namespace

int SlabLayout::partitions() const {
    int top = 0;
    for (const KClass& c : classes) top = std::max(top, c.partition + c.count);
    return top;
}

SlabLayout slab_layout(const SlabShape& shape) {
    SlabLayout layout;
    layout.classes = k_classes(shape);
    layout.slabs = cut_slabs(shape, layout.classes);
    layout.region_bytes.assign(static_cast<std::size_t>(shape.regions), 0);
    int first_channel = 0, turn = 0;
    for (Slab& slab : layout.slabs) {
        std::int64_t offset = 0;
        for (std::size_t c = 0; c < layout.classes.size(); ++c) {
            const std::int64_t row = add_blocks(shape, layout.classes[c], c, first_channel, offset, slab);
            slab.classes.push_back({offset, row, cut_pieces(shape, layout.classes[c], row, turn, layout.region_bytes)});
            offset += row;
        }
        for (int s = slab.first_slot; s < slab.first_slot + slab.slots; ++s)
            first_channel += shape.out_channels[static_cast<std::size_t>(s)];
        ++turn;
    }
    return layout;
}

}  // namespace infsim::compiler
