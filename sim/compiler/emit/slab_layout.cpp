#include "compiler/emit/slab_layout.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace infsim::compiler {

namespace {

int sum(const std::vector<int>& list) { return std::accumulate(list.begin(), list.end(), 0); }

/// The K-tiles of every slot of the output.
using Tiles = std::vector<std::vector<KTile>>;
Tiles tiles_by_slot(const SlabShape& shape) {
    const int in = sum(shape.in_lanes), out = sum(shape.out_channels);
    if (shape.groups == 1)
        return {shape.out_channels.size(), k_tiles(shape.geometry, shape.in_lanes, shape.in_first_slot, {0, in})};
    Tiles tiles;
    int channel = 0;
    for (const int columns : shape.out_channels) {
        tiles.push_back(k_tiles(shape.geometry, shape.in_lanes, shape.in_first_slot,
                                inputs_of_outputs(shape.groups, in, out, {channel, channel + columns})));
        channel += columns;
    }
    return tiles;
}

bool same_class(const KClass& c, const KTile& tile) { return c.partition == tile.partition && c.count == tile.count; }

std::vector<KClass> k_classes(const SlabShape& shape, const Tiles& tiles) {
    std::map<std::pair<int, int>, KClass> classes;  // wide ones first
    const std::size_t different = shape.groups == 1 ? std::min<std::size_t>(1, tiles.size()) : tiles.size();
    for (std::size_t s = 0; s < different; ++s)
        for (const KTile& tile : tiles[s]) {
            KClass& c = classes[{tile.partition, -tile.count}];
            c.partition = tile.partition;
            c.count = tile.count;
            const auto same = [&](const KTile& t) { return t.first_channel == tile.first_channel; };
            if (std::none_of(c.tiles.begin(), c.tiles.end(), same)) c.tiles.push_back(tile);
        }
    std::vector<KClass> list;
    for (auto& entry : classes) list.push_back(std::move(entry.second));
    return list;
}

/// Where the rows of each class of a slab begin, and their total size.
struct Stack {
    std::vector<std::int64_t> begin;
    std::int64_t bytes = 0;
};
Stack stack_of(const SlabShape& shape, const std::vector<KClass>& classes, const std::vector<std::int64_t>& rows) {
    const auto share = [&](const KClass& a, const KClass& b) {
        return shape.groups == 1 || (a.partition < b.partition + b.count && b.partition < a.partition + a.count);
    };
    Stack stack;
    for (std::size_t c = 0; c < classes.size(); ++c) {
        std::int64_t begin = 0;
        for (std::size_t b = 0; b < c; ++b)
            if (rows[b] > 0 && share(classes[b], classes[c])) begin = std::max(begin, stack.begin[b] + rows[b]);
        stack.begin.push_back(begin);
        stack.bytes = std::max(stack.bytes, begin + rows[c]);
    }
    return stack;
}

/// Groups of slots of the output that share a slab.
std::vector<Slab> cut_slabs(const SlabShape& shape, const std::vector<KClass>& classes, const Tiles& tiles) {
    std::vector<Slab> slabs;
    std::vector<std::int64_t> rows(classes.size(), 0);  // of the current slab
    for (std::size_t s = 0; s < shape.out_channels.size(); ++s) {
        std::vector<std::int64_t> own(classes.size(), 0), both = rows;
        for (std::size_t c = 0; c < classes.size(); ++c) {
            for (const KTile& tile : tiles[s])
                if (same_class(classes[c], tile))
                    own[c] += static_cast<std::int64_t>(shape.out_channels[s]) * shape.taps * shape.element;
            both[c] += own[c];
        }
        if (slabs.empty() || stack_of(shape, classes, both).bytes > shape.slab_bytes) {
            slabs.emplace_back();
            slabs.back().first_slot = static_cast<int>(s);
            both = own;
        }
        rows = both;
        slabs.back().bytes = stack_of(shape, classes, rows).bytes;
        ++slabs.back().slots;
    }
    return slabs;
}

/// Everything in a slab, in order; the offsets are not yet set.
std::vector<SlabBlock> blocks_of(const SlabShape& shape, const std::vector<KClass>& classes, const Tiles& tiles,
                                 const Slab& slab, int first_channel) {
    std::vector<SlabBlock> blocks;
    for (std::size_t c = 0; c < classes.size(); ++c)
        for (int slot = slab.first_slot, channel = first_channel; slot < slab.first_slot + slab.slots; ++slot) {
            const int columns = shape.out_channels[static_cast<std::size_t>(slot)];
            for (const KTile& tile : tiles[static_cast<std::size_t>(slot)])
                if (same_class(classes[c], tile))
                    blocks.push_back(
                        {c, tile, slot, channel, columns, 0, shape.taps, 0, std::int64_t{columns} * shape.element});
            channel += columns;
        }
    return blocks;
}

/// The blocks of a slab in parts of at most `part_bytes`, or of one tap if that is more.
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

/// Shares of the partitions of a class, one per engine; `turn`: region of the first one.
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

/// Gives the blocks their places in a slab, class by class, and adds the slab to the layout.
void add_slab(const SlabShape& shape, std::vector<SlabBlock> blocks, Slab slab, int turn, SlabLayout& layout) {
    std::vector<std::int64_t> rows(layout.classes.size(), 0);
    for (SlabBlock& block : blocks) {
        block.offset = rows[block.k_class];
        rows[block.k_class] += block.taps * block.tap_bytes;
    }
    const Stack stack = stack_of(shape, layout.classes, rows);
    for (SlabBlock& block : blocks) block.offset += stack.begin[block.k_class];
    for (std::size_t c = 0; c < rows.size(); ++c)
        slab.classes.push_back(
            {stack.begin[c], rows[c], cut_pieces(shape, layout.classes[c], rows[c], turn, layout.region_bytes)});
    slab.bytes = stack.bytes;
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
    const Tiles tiles = tiles_by_slot(shape);
    layout.classes = k_classes(shape, tiles);
    layout.region_bytes.assign(static_cast<std::size_t>(shape.regions), 0);
    int first_channel = 0, turn = 0;
    for (const Slab& slab : cut_slabs(shape, layout.classes, tiles)) {
        std::vector<SlabBlock> blocks = blocks_of(shape, layout.classes, tiles, slab, first_channel);
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
