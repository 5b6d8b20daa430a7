// Where images of values lie, and what operands in them are.
#include <catch2/catch.hpp>

#include "compiler/emit/emission_ends.hpp"
#include "compiler/emit/storage.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

/// Storage for the network of a hand-made layer, in a code of its own.
struct Stored {
    const HandMade& h;
    EmitInput input = h.emit_input();
    CodeBuilder builder{h.target, 4096, nullptr, CodeBuilder::Keep::all};
    ValueStorage storage{input, h.plan, builder};
    explicit Stored(const HandMade& of) : h(of) {}
};

}  // namespace

TEST_CASE("images of a value of one slot lie in either half in turn where they may be paired") {
    HandMade h;
    h.batch = 2;
    h.options.small_image_elements = 1;
    const ValueId x = h.input("x", {2}, 1, 4), y = h.value("y", {2}, 1, 4);
    h.layer(CopyOp{}, {x}, y);
    Stored s(h);
    CHECK(s.storage.first_partition(y, 0, ImageId(0)) == 0);
    CHECK(s.storage.first_partition(y, 0, ImageId(1)) == 4);
    CHECK(s.storage.partitions_of(y, ImageId(1)) == Half::upper);
    s.storage.ensure(y, {LayerId(0), ImageId(1)});
    CHECK(s.storage.has(y, ImageId(1)));
    CHECK_FALSE(s.storage.has(y, ImageId(0)));
    const Operand o = s.storage.access(y, 0, 2, ImageId(1), {0, 1, 1, 1, 3, 1});
    CHECK(o.ap.partition_start == 4);
    CHECK(o.ap.offset == 2);
    CHECK(s.builder.buffer(o.buffer).rotates);  // no layer with weights touches it
    h.options.pair_images = false;
    CHECK(Stored(h).storage.first_partition(y, 0, ImageId(1)) == 0);
}

TEST_CASE("slots lie in groups of two, one in each half of the partitions") {
    HandMade h;
    const ValueId x = h.input("x", {4, 4, 2}, 2, 3), y = h.value("y", {4, 4, 2}, 2, 3);
    h.layer(CopyOp{}, {x}, y);
    Stored s(h);
    s.storage.ensure(y, {LayerId(0), ImageId(0)});
    CHECK(s.builder.buffer(s.storage.place(y, ImageId(0)).buffer).bytes == 2 * 6 * 2);
    CHECK(s.storage.access(y, 1, 4, ImageId(0), {}).ap.partition_start == 4);
    CHECK(s.storage.access(y, 2, 2, ImageId(0), {1, 1, 1, 2, 1, 1}).ap.offset == (6 + 3 + 2) * 2);
    const auto chunks = s.storage.chunks({h.part(x), h.part(y)});
    REQUIRE(chunks.size() == 2);
    CHECK(chunks[0].lanes == 8);
    CHECK(chunks[1].slot == 2);
    CHECK(s.storage.chunks({{x, 0, 2}, {y, 1, 2}}).size() == 2);  // in different halves
    const Operand both = s.storage.access_groups(y, 0, 4, ImageId(0), {0, 1, 1, 0, 2, 1}, 2, 1);
    CHECK(both.ap.count == std::array<std::uint16_t, 4>{1, 1, 2, 2});
    CHECK(both.ap.step[2] == 6);  // from group to group
}

TEST_CASE("small images of a layer with weights share a buffer, at most a section's at once") {
    HandMade h;
    h.batch = 3;
    const ValueId x = h.input("x", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    ConvOp conv;
    conv.weight.tensor = h.tensor("w", {1, 1, 1, 1});
    h.layer(conv, {x}, y);
    h.plan.sections = {{0, 1, 2}};
    Stored s(h);
    CHECK(s.storage.is_array(y));
    CHECK_FALSE(s.storage.is_array(x));  // inputs arrive one by one
    for (int i : {0, 2}) s.storage.ensure(y, {LayerId(0), ImageId(i)});
    CHECK(s.storage.place(y, ImageId(0)).buffer == s.storage.place(y, ImageId(1)).buffer);
    CHECK(s.storage.place(y, ImageId(2)).buffer != s.storage.place(y, ImageId(1)).buffer);
    CHECK(s.storage.place(y, ImageId(1)).index == 1);
    CHECK(s.storage.place(y, ImageId(2)).images == 1);  // what is left of the batch
    CHECK(s.storage.access(y, 0, 1, ImageId(1), {0, 1, 1, 0, 4, 1}).ap.offset == 8);
}

TEST_CASE("rows are cut where a band begins") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 7, 1), y = h.value("y", {1}, 7, 1);
    h.layer(CopyOp{}, {x}, y);
    h.plan.band_bytes = 6;  // three rows of fp16
    Stored s(h);
    REQUIRE(s.storage.in_bands(y));
    const auto rows = s.storage.cut_rows({x, y}, 1, 6);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].lo == 1);
    CHECK(rows[0].hi == 3);
    CHECK(rows[2].lo == 6);
    CHECK(rows[2].hi == 7);
    s.storage.ensure(y, {LayerId(0), ImageId(0)});
    CHECK(s.storage.bands(y, ImageId(0)).size() == 3);
    CHECK(s.storage.place(y, ImageId(0), 5).row0 == 3);
    std::vector<int> ends;  // output rows of stride two that read row 2 * r - 1
    s.storage.for_each_source_piece(y, {1, 4}, 2, -1, [&](const RowRange& r) { ends.push_back(r.hi); });
    CHECK(ends == std::vector<int>{2, 4});  // rows 1, then 3 and 5
}

TEST_CASE("queues are three engines and the rings of every DMA engine, which take turns") {
    HandMade h;
    h.target.dma_engines = 2;
    CodeBuilder builder(h.target, 4096, nullptr, CodeBuilder::Keep::all);
    CHECK(builder.ring(0, Ring::weights) == 3);
    CHECK(builder.ring(1, Ring::others) == 10);
    CHECK(builder.next_ring(Ring::inputs) == 4);
    CHECK(builder.next_ring(Ring::inputs) == 8);
    CHECK(builder.next_ring(Ring::inputs) == 4);
    CHECK(builder.take_bank() == 0);
    CHECK(builder.take_bank() == 1);
    CHECK(builder.take_bank() == 0);
    CHECK(builder.take().queues.size() == 3 + 2 * 4);
    h.target.rings_per_engine = 2;  // what has no ring of its own takes the last one
    CHECK(CodeBuilder(h.target, 4096, nullptr, CodeBuilder::Keep::all).ring(1, Ring::others) == 6);
}

TEST_CASE("stores and copies of weights have their own rings if there are queues enough") {
    HandMade h;
    h.options.own_rings = true;
    h.target.rings_per_engine = kAllRings;
    const int engines = h.target.dma_engines;
    h.target.max_queues = 3 + kAllRings * engines;
    CHECK(h.code().queues.size() == static_cast<std::size_t>(h.target.max_queues));
    --h.target.max_queues;
    CHECK(h.code().queues.size() == static_cast<std::size_t>(3 + kFewRings * engines));
    const CodeBuilder few(h.target, 4096, nullptr, CodeBuilder::Keep::all);
    CHECK(few.ring(0, Ring::stores) == few.ring(0, Ring::others));
    const CodeBuilder all(h.target, 4096, nullptr, CodeBuilder::Keep::all, kAllRings);
    CHECK(all.ring(0, Ring::stores) == all.ring(0, Ring::others) + 1);
    CHECK(all.ring(0, Ring::copies) == all.ring(0, Ring::others) + 2);
}

TEST_CASE("a buffer takes whole words and at most the capacity") {
    const program::Target target = small_target();
    CodeBuilder builder(target, 8, nullptr, CodeBuilder::Keep::all);
    const BufferId b = builder.new_buffer(LayerId(3), "b", 5, Half::lower, program::Purpose::spill);
    CHECK(builder.buffer(b).bytes == 8);
    CHECK(builder.buffer(b).layer == 3);
    CHECK_THROWS_AS(builder.new_buffer(LayerId(3), "c", 9, Half::both, program::Purpose::spill), EmissionEnds);
}
