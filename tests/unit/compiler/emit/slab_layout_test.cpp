// Weights in slabs, with offsets computed by hand.
#include <catch2/catch.hpp>

#include "compiler/emit/slab_layout.hpp"

using namespace infsim::compiler;

namespace {

/// Eight partitions, a PE array of 8 x 4, one engine and one region.
SlabShape shape(std::vector<int> in, std::vector<int> out, int taps) {
    SlabShape s;
    s.in_lanes = std::move(in);
    s.out_channels = std::move(out);
    s.taps = taps;
    s.slab_bytes = 1000;
    s.geometry = {4, 2, 4, 8};
    return s;
}

}  // namespace

TEST_CASE("a dense layer of one slot has one block in one slab") {
    const SlabLayout layout = slab_layout(shape({3}, {2}, 1));
    REQUIRE(layout.classes.size() == 1);
    CHECK(layout.classes[0].partition == 0);
    CHECK(layout.classes[0].count == 3);
    REQUIRE(layout.slabs.size() == 1);
    CHECK(layout.slabs[0].bytes == 4);  // two columns of fp16
    REQUIRE(layout.slabs[0].blocks.size() == 1);
    CHECK(layout.slabs[0].blocks[0].offset == 0);
    CHECK(layout.slabs[0].blocks[0].tap_bytes == 4);
    CHECK(layout.region_bytes == std::vector<std::int64_t>{12});  // three partitions
    CHECK(layout.partitions() == 3);
}

TEST_CASE("two full slots are one K-tile, what is left of an odd number is a class of its own") {
    const SlabLayout layout = slab_layout(shape({4, 4, 4, 4, 2}, {2}, 1));
    REQUIRE(layout.classes.size() == 2);
    REQUIRE(layout.classes[0].tiles.size() == 2);  // the wide class first
    CHECK(layout.classes[0].count == 8);
    CHECK(layout.classes[0].tiles[1].slot == 2);
    CHECK(layout.classes[0].tiles[1].first_channel == 8);
    REQUIRE(layout.classes[1].tiles.size() == 1);
    CHECK(layout.classes[1].count == 2);
    CHECK(layout.classes[1].tiles[0].first_channel == 16);
    CHECK(layout.slabs[0].classes[0].row_bytes == 8);  // two tiles of two columns
    CHECK(layout.slabs[0].classes[1].offset == 8);
    CHECK(layout.slabs[0].classes[1].row_bytes == 4);
    CHECK(layout.slabs[0].bytes == 12);
    CHECK(layout.region_bytes[0] == 8 * 8 + 2 * 4);
}

TEST_CASE("slots are not paired where the PE array has rows for one half only") {
    SlabShape s = shape({4, 4}, {2}, 1);
    s.geometry.pe_rows = 4;
    const SlabLayout layout = slab_layout(s);
    REQUIRE(layout.classes.size() == 2);
    CHECK(layout.classes[0].partition == 0);
    CHECK(layout.classes[1].partition == 4);
    CHECK(layout.partitions() == 8);
}

TEST_CASE("a part that begins in an odd slot begins in the upper half") {
    SlabShape s = shape({4, 3}, {2}, 1);
    s.in_first_slot = 1;
    const SlabLayout layout = slab_layout(s);
    REQUIRE(layout.classes.size() == 2);
    CHECK(layout.classes[0].partition == 0);  // slot 2
    CHECK(layout.classes[0].tiles[0].slot == 1);
    CHECK(layout.classes[1].partition == 4);  // slot 1
    CHECK(layout.classes[1].tiles[0].slot == 0);
}

TEST_CASE("blocks lie slot by slot and in that tile by tile, taps in a row") {
    const SlabLayout layout = slab_layout(shape({4, 4, 4, 4}, {3, 2}, 4));
    const auto& blocks = layout.slabs[0].blocks;
    REQUIRE(blocks.size() == 4);
    const std::int64_t wide = 4 * 3 * 2, narrow = 4 * 2 * 2;  // four taps of three and of two columns
    CHECK(blocks[0].offset == 0);
    CHECK(blocks[1].offset == wide);
    CHECK(blocks[1].tile.slot == 2);
    CHECK(blocks[2].offset == 2 * wide);
    CHECK(blocks[2].slot == 1);
    CHECK(blocks[2].first_channel == 3);
    CHECK(blocks[3].offset == 2 * wide + narrow);
    CHECK(layout.slabs[0].bytes == 2 * wide + 2 * narrow);
}

TEST_CASE("slots of the output share a slab up to its size, one slot is never cut") {
    SlabShape s = shape({4}, {4, 4, 4}, 1);  // 8 bytes each
    s.slab_bytes = 16;
    const SlabLayout two = slab_layout(s);
    REQUIRE(two.slabs.size() == 2);
    CHECK(two.slabs[0].slots == 2);
    CHECK(two.slabs[0].bytes == 16);
    CHECK(two.slabs[1].first_slot == 2);
    CHECK(two.slabs[1].slots == 1);
    CHECK(two.slabs[1].blocks[0].first_channel == 8);
    CHECK(two.slabs[1].blocks[0].offset == 0);
    s.slab_bytes = 1;
    CHECK(slab_layout(s).slabs.size() == 3);
}

TEST_CASE("engines share the partitions of a class, regions take turns from slab to slab") {
    SlabShape s = shape({3}, {2, 2}, 1);
    s.slab_bytes = 4;
    s.engines = 2;
    s.regions = 2;
    const SlabLayout layout = slab_layout(s);
    REQUIRE(layout.slabs.size() == 2);
    const auto& first = layout.slabs[0].classes[0].pieces;
    REQUIRE(first.size() == 2);
    CHECK(first[0].count == 1);
    CHECK(first[0].region == 0);
    CHECK(first[1].first == 1);
    CHECK(first[1].count == 2);
    CHECK(first[1].region == 1);
    const auto& second = layout.slabs[1].classes[0].pieces;
    CHECK(second[0].region == 1);
    CHECK(second[0].segment_offset == 8);  // behind two partitions of the first slab
    CHECK(second[1].region == 0);
    CHECK(second[1].segment_offset == 4);
    CHECK(layout.region_bytes == std::vector<std::int64_t>{12, 12});
}

TEST_CASE("a slot whose weights are larger than a part is cut between taps and between tiles") {
    SlabShape s = shape({8, 8, 4}, {2}, 3);  // 4 bytes per tap, 3 taps of 3 tiles
    s.geometry = {8, 2, 8, 16};
    s.part_bytes = 20;
    const SlabLayout layout = slab_layout(s);
    REQUIRE(layout.slabs.size() == 2);
    CHECK_FALSE(layout.slabs[0].continues);
    CHECK(layout.slabs[1].continues);
    CHECK(layout.end_of_parts(0) == 2);
    const auto& first = layout.slabs[0].blocks;
    REQUIRE(first.size() == 2);
    CHECK(first[0].taps == 3);
    CHECK(first[1].first_tap == 0);
    CHECK(first[1].taps == 2);
    CHECK(first[1].offset == 12);
    CHECK(layout.slabs[0].bytes == 20);
    const auto& second = layout.slabs[1].blocks;
    REQUIRE(second.size() == 1);
    CHECK(second[0].first_tap == 2);
    CHECK(second[0].taps == 1);
    CHECK(layout.slabs[1].bytes == 4);
    CHECK(layout.slabs[1].classes[0].row_bytes + layout.slabs[1].classes[1].row_bytes == 4);
}

TEST_CASE("a part holds one tap at least, and what fits is not cut") {
    SlabShape s = shape({4}, {4, 4}, 2);  // 8 bytes per tap
    s.part_bytes = 1;
    s.slab_bytes = 1;
    const SlabLayout taps = slab_layout(s);
    REQUIRE(taps.slabs.size() == 4);
    CHECK(taps.end_of_parts(0) == 2);
    CHECK(taps.slabs[2].first_slot == 1);
    CHECK_FALSE(taps.slabs[2].continues);
    CHECK(taps.slabs[2].blocks[0].first_channel == 4);
    s.part_bytes = 16;
    CHECK(slab_layout(s).slabs.size() == 2);
}

TEST_CASE("of a convolution in groups every slot of the output takes its own channels, both halves the same bytes") {
    SlabShape s = shape({4, 4, 2}, {4, 4, 2}, 9);
    s.groups = 10;
    const SlabLayout layout = slab_layout(s);
    REQUIRE(layout.classes.size() == 3);  // slots 0, 2 (two channels) and 1
    REQUIRE(layout.slabs.size() == 1);
    const Slab& slab = layout.slabs[0];
    REQUIRE(slab.blocks.size() == 3);
    for (const SlabBlock& block : slab.blocks) CHECK(block.tile.slot == block.slot);
    CHECK(slab.blocks[0].tile.partition == 0);
    CHECK(slab.blocks[0].offset == 0);
    CHECK(slab.blocks[1].tile.partition == 0);
    CHECK(slab.blocks[1].tile.count == 2);
    CHECK(slab.blocks[1].offset == 9 * 4 * 2);  // behind slot 0, whose partitions it shares
    CHECK(slab.blocks[2].tile.partition == 4);
    CHECK(slab.blocks[2].offset == 0);
    CHECK(slab.bytes == 9 * (4 + 2) * 2);
    CHECK(layout.region_bytes[0] == (4 + 4) * 9 * 4 * 2 + 2 * 9 * 2 * 2);
}

TEST_CASE("a slab of a convolution in groups is as large as what lies in one partition") {
    SlabShape s = shape({4, 4, 4, 4}, {4, 4, 4, 4}, 1);  // 8 bytes each, two slots in every partition
    s.groups = 16;
    s.slab_bytes = 16;
    CHECK(slab_layout(s).slabs.size() == 1);
    s.slab_bytes = 8;
    REQUIRE(slab_layout(s).slabs.size() == 2);
    CHECK(slab_layout(s).slabs[1].first_slot == 2);
    CHECK(slab_layout(s).slabs[1].blocks[0].offset == 0);
}

TEST_CASE("a group across slots makes pairs of them, where both are wanted") {
    SlabShape s = shape({4, 4, 4, 4}, {4, 4}, 1);  // channels 0 to 7 for outputs 0 to 3, the others for the rest
    s.groups = 2;
    const SlabLayout pairs = slab_layout(s);
    REQUIRE(pairs.classes.size() == 1);
    CHECK(pairs.classes[0].count == 8);
    REQUIRE(pairs.slabs[0].blocks.size() == 2);
    CHECK(pairs.slabs[0].blocks[1].tile.slot == 2);
    CHECK(pairs.slabs[0].blocks[1].offset == 8);
    s = shape({4, 2}, {1, 2}, 1);
    s.groups = 3;  // of two channels: outputs 1 and 2 want channels 2 to 5
    const SlabLayout mixed = slab_layout(s);
    REQUIRE(mixed.classes.size() == 2);
    CHECK(mixed.classes[0].count == 6);                                              // both slots, for outputs 1 and 2
    CHECK(mixed.classes[1].count == 4);                                              // slot 0, for output 0
    CHECK(mixed.slabs[0].classes[1].offset == mixed.slabs[0].classes[0].row_bytes);  // they share partitions
}
