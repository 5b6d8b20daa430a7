// Transfers between the state buffer and device DRAM, instruction by instruction.
#include <catch2/catch.hpp>

#include "base/problems.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

using Lines = std::vector<std::string>;

TEST_CASE("rows of a table are gathered by index, one per partition") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 1), y = h.value("y", {2}, 1, 3);
    GatherOp op;
    op.table = h.tensor("table", {5, 3});
    op.rows = 5;
    op.row_elements = 3;
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(dma_lines(code) == Lines{"q4 load x p0+2 @0", "q5 gather x p0+2 @0; y p0+2 @0 3*1"});
    CHECK(nth<program::DmaGather>(code, 0).table_rows == 5);
    CHECK(nth<program::DmaGather>(code, 0).table.partition_step == 6);
    CHECK(code.segments[1].bytes == 5 * 3 * 2);
}

TEST_CASE("a tensor goes to scratch data and comes back in another layout") {
    HandMade h;
    h.batch = 2;
    const ValueId x = h.input("x", {2}, 1, 4), s = h.value("s", {}, 1, 1), y = h.value("y", {4}, 1, 2);
    h.network.values[s].scratch_elements = 8;
    StoreOp store;
    store.from = h.image(x);
    h.layer(store, {x}, s);
    FetchOp fetch;  // element [a][b] of 4 x 2 is element a * 2 + b of 2 x 4
    fetch.to = h.image(y);
    fetch.from_dtype = DType::fp16;
    FetchBox box;
    box.from.index = s.value();
    box.from.axes = {{{4, 2}}, {}, {{2, 1}}};
    fetch.boxes = {box};
    h.layer(fetch, {s}, y);
    const Code code = h.code();
    CHECK(dma_lines(code) == Lines{"q4 load x p0+2 @0 4*1", "q6 store x p0+2 @0 4*1", "q4 load y p0+4 @0 2*1",
                                   "q4 load x p0+2 @0 4*1", "q6 store x p0+2 @0 4*1", "q4 load y p0+4 @0 2*1"});
    CHECK(nth<program::DmaStore>(code, 0).dst.partition_step == 8);
    CHECK(nth<program::DmaLoad>(code, 1).src.partition_step == 4);
    CHECK(nth<program::DmaStore>(code, 1).dst.offset == 16);  // of image 1
    CHECK(nth<program::DmaLoad>(code, 3).src.offset == 16);
}

TEST_CASE("elements that no box covers are set") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 1, 2), s = h.value("s", {}, 1, 1), y = h.value("y", {1}, 1, 4);
    h.network.values[s].scratch_elements = 2;
    StoreOp store;
    store.from = h.image(x);
    h.layer(store, {x}, s);
    FetchOp fetch;
    fetch.to = h.image(y);
    fetch.from_dtype = DType::fp16;
    fetch.fill = 7;
    FetchBox box;
    box.from.index = s.value();
    box.from.axes = {{}, {}, {{2, 1}}};
    box.start = {0, 0, 1};
    box.step = {1, 1, 2};
    fetch.boxes = {box};
    h.layer(fetch, {s}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q2 set y p0+1 @0 4*1"});
    CHECK(nth<program::Memset>(code, 0).value == 7);
    CHECK(dma_lines(code).back() == "q4 load y p0+1 @2 2*2");  // elements 1 and 3
}

TEST_CASE("a fetched constant is there once for all images") {
    HandMade h;
    h.batch = 2;
    const ValueId y = h.value("y", {1}, 1, 2);
    FetchOp fetch;
    fetch.to = h.image(y);
    fetch.from_dtype = DType::fp16;
    FetchBox box;
    box.from.source = Strided::Source::literal;
    box.from.axes = {{}, {}, {{2, 1}}};
    fetch.boxes = {box};
    h.network.literals = {{0, 3}};
    h.layer(fetch, {}, y);
    const Code code = h.code();
    CHECK(dma_lines(code) == Lines{"q5 load y p0+1 @0 2*1"});
    REQUIRE(code.segments.size() == 1);
    REQUIRE(code.segments[0].recipe.size() == 1);  // zeros need no box
    CHECK(code.segments[0].recipe[0].segment_offset == 2);
    CHECK(code.segments[0].recipe[0].literal == 3);
}

TEST_CASE("inputs and outputs of another type are converted on the chip") {
    HandMade h;
    h.io_dtype = DType::fp32;
    const ValueId x = h.input("x", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    h.layer(CopyOp{}, {x}, y);
    h.output(y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q1 activate x/as received p0+1 @0 4*1; x p0+1 @0 4*1",
                                      "q2 scalar x p0+1 @0 4*1; y p0+1 @0 4*1",
                                      "q1 activate y p0+1 @0 4*1; y/as sent p0+1 @0 4*1"});
    CHECK(dma_lines(code) == Lines{"q4 load x/as received p0+1 @0 4*1", "q6 store y/as sent p0+1 @0 4*1"});
    CHECK(code.instructions[0].load == LoadId(0));
    CHECK_FALSE(code.instructions[1].load.exists());
}

TEST_CASE("the second half of the channels lies a group's lanes behind in device DRAM") {
    HandMade h;
    const ValueId x = h.input("x", {4, 2}, 1, 3), y = h.value("y", {4, 2}, 1, 3);
    h.layer(CopyOp{}, {x}, y);
    const Code code = h.code();
    CHECK(dma_lines(code) == Lines{"q4 load x p0+4 @0 3*1", "q4 load x p4+2 @0 3*1"});
    CHECK(nth<program::DmaLoad>(code, 0).src.partition_step == 6);
    CHECK(nth<program::DmaLoad>(code, 1).src.offset == 4 * 3 * 2);
}

TEST_CASE("a graph input that is an output is an input error") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    h.layer(CopyOp{}, {x}, y);
    h.output(x);
    CHECK_THROWS_AS(h.code(), InputError);
}
