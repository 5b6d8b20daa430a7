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

/// All that a slab holds, in its order; where it lies in the slab is not yet said.
std::vector<SlabBlock> blocks_of(const SlabShape& shape, const std::vector<KClass>& classes, const Slab& slab,
                                 int first_channel) {
    std::vector<SlabBlock> blocks;
    for (std::size_t c = 0; c < classes.size(); ++c)
        for (int slot = slab.first_slot, channel = first_channel; slot < slab.first_slot + slab.slots; ++slot) {
            const int columns = shape.out_channels[static_cast<std::size_t>(slot)];
            for (const KTile& tile : classes[c].tiles)
                blocks.push_back(
                    {c, tile, slot, channel, columns, 0, shape.taps, 0, std::int64_t{columns} * shape.element});
            channel += columns;
        }
    return blocks;
}

/// The blocks of a slab in parts of at most `part_bytes`, or of one tap where that is more.
std::vector<std::vector<SlabBlock>> cut_parts(const std::vector<SlabBlock>& blocks, std::int64_t part_bytes) {
    std::vector<std::vector<SlabBlock>> parts(1);
    std::int64_t left = part_bytes;
    for (const SlabBlock& block : blocks)
        for (int done = 0; done < block.taps;) {
            if (left < block.tap_bytes && !parts.back().empty()) {
                parts.emplace_back();
                left = part_bytes;
            }
            SlabBlock some = block;
            some.first_tap = done;
            some.taps = std::min(block.taps - done, std::max(1, static_cast<int>(left / block.tap_bytes)));
            left -= some.taps * some.tap_bytes;
            done += some.taps;
            parts.back().push_back(some);
        }
    return parts;
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

/// Gives the blocks their places in a slab, class by class, and adds it to the layout.
void add_slab(const SlabShape& shape, std::vector<SlabBlock> blocks, Slab slab, int turn, SlabLayout& layout) {
    slab.bytes = 0;
    for (std::size_t c = 0; c < layout.classes.size(); ++c) {
        const std::int64_t begin = slab.bytes;
        for (SlabBlock& block : blocks) {
            if (block.k_class != c) continue;
            block.offset = slab.bytes;
            slab.bytes += block.taps * block.tap_bytes;
        }
        const std::int64_t row = slab.bytes - begin;
        slab.classes.push_back({begin, row, cut_pieces(shape, layout.classes[c], row, turn, layout.region_bytes)});
    }
    slab.blocks = std::move(blocks);
    layout.slabs.push_back(std::move(slab));
}

}  // namespace

int SlabLayout::partitions() const {
    int top = 0;
    for (const KClass& c : classes) top = std::max(top, c.partition + c.count);
    return top;
}

std::size_t SlabLayout::end_of_parts(std::size_t first) const {
    std::size_t end = first + 1;
    while (end < slabs.size() && slabs[end].continues) ++end;
    return end;
}

SlabLayout slab_layout(const SlabShape& shape) {
    SlabLayout layout;
    layout.classes = k_classes(shape);
    layout.region_bytes.assign(static_cast<std::size_t>(shape.regions), 0);
    int first_channel = 0, turn = 0;
    for (const Slab& slab : cut_slabs(shape, layout.classes)) {
        std::vector<SlabBlock> blocks = blocks_of(shape, layout.classes, slab, first_channel);
        if (shape.part_bytes > 0 && slab.slots == 1 && slab.bytes > shape.part_bytes) {
            Slab part = slab;
            for (std::vector<SlabBlock>& some : cut_parts(blocks, shape.part_bytes)) {
                add_slab(shape, std::move(some), part, turn++, layout);
                part.continues = true;
            }
        } else {
            add_slab(shape, std::move(blocks), slab, turn++, layout);
        }
        for (int s = slab.first_slot; s < slab.first_slot + slab.slots; ++s)
            first_channel += shape.out_channels[static_cast<std::size_t>(s)];
    }
    return layout;
}

}  // namespace infsim::compiler
