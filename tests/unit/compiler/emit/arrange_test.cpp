// Copies within partitions and constants in the order of the chip, instruction by instruction.
#include <catch2/catch.hpp>

#include "compiler/emit/packed_constants.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

using Lines = std::vector<std::string>;

namespace {

/// An image of 2 rows and 3 columns on two channels, doubled in both directions.
ArrangeOp doubled() {
    ArrangeOp op;
    op.pieces.push_back({0, 0, 0, {{2, 3, 12}, {2, 0, 6}, {3, 1, 2}, {2, 0, 1}}, 1, false});
    return op;
}

}  // namespace

TEST_CASE("doubling reads every element twice in a row, and every row twice") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 2, 3), y = h.value("y", {2}, 4, 6);
    h.layer(doubled(), {x}, y);
    CHECK(engine_lines(h.code()) == Lines{"q2 scalar x p0+2 @0 2*3 2*0 3*1 2*0; y p0+2 @0 24*1"});
}

TEST_CASE("copies alternate between POOL and ACT, and fill comes first") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 4), y = h.value("y", {2}, 1, 6);
    ArrangeOp op;
    op.fill = 0.0F;
    op.pieces.push_back({0, 0, 1, {{2, 1, 1}}, 1, false});
    op.pieces.push_back({0, 2, 4, {{2, 1, 1}}, 1, false});
    h.layer(op, {x}, y);
    CHECK(engine_lines(h.code()) == Lines{"q2 set y p0+2 @0 6*1", "q2 scalar x p0+2 @0 2*1; y p0+2 @2 2*1",
                                          "q1 activate x p0+2 @4 2*1; y p0+2 @8 2*1"});
}

TEST_CASE("weighted taps are scaled by ACT and summed up by POOL") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 4), y = h.value("y", {2}, 1, 4);
    ArrangeOp op;
    op.pieces.push_back({0, 0, 0, {{4, 1, 1}}, 0.25F, false});
    op.pieces.push_back({0, 1, 0, {{3, 1, 1}}, 0.75F, true});
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) ==
          Lines{"q1 activate x p0+2 @0 4*1; y p0+2 @0 4*1", "q2 alu x p0+2 @2 3*1; y p0+2 @0 3*1; y p0+2 @0 3*1"});
    CHECK(nth<program::Activate>(code, 0).scale == 0.25F);
    CHECK(nth<program::TensorTensor>(code, 0).scalar.value == 0.75F);
}

TEST_CASE("a scalar per channel is read where its value lies") {
    HandMade h;
    const ValueId x = h.input("x", {4, 4, 2}, 1, 3), s = h.input("s", {4, 4, 2}, 1, 1),
                  y = h.value("y", {4, 4, 2}, 1, 3);
    ScalarOp op;
    op.first = {program::AluOp::multiply, 0, graph::kNoTensor, 1};
    h.layer(op, {x, s}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q2 scalar x p0+8 @0 3*1; y p0+8 @0 3*1; by s p0 @0",
                                      "q2 scalar x p0+2 @6 3*1; y p0+2 @6 3*1; by s p0 @2"});
    CHECK(nth<program::TensorScalar>(code, 0).scalar0.dtype == DType::fp16);
}

TEST_CASE("a constant that is read along partitions is packed in one run per partition") {
    TransferWalk walk;  // tokens in columns, 16 apart in the tensor; hidden on partitions
    walk.runs = {{0, 0, 4, 0, 5, 1}, {1, 0, 2, 0, 9, 1}};
    walk.free = {{3, 1, 16}};
    const auto copy = packed(walk, 2);
    REQUIRE(copy.has_value());
    CHECK(copy->elements == 3 * 6);
    CHECK(copy->walk.free[0].there == 1);
    CHECK(copy->walk.runs[0].there == 0);
    CHECK(copy->walk.runs[0].lane_there == 3);
    CHECK(copy->walk.runs[1].there == 12);
    REQUIRE(copy->recipe.size() == 2);
    CHECK(copy->recipe[1].segment_offset == 24);
    CHECK(copy->recipe[1].tensor_offset == 9);
    CHECK(copy->recipe[1].tensor_step[0] == 1);
    CHECK(copy->recipe[1].tensor_step[1] == 16);
    CHECK(copy->recipe[1].segment_step[1] == 2);
}

TEST_CASE("numbers of the compiler are packed as boxes of one number, without zeros") {
    TransferWalk walk;
    walk.runs = {{0, 0, 4, 0, 0, 0}};
    walk.free = {{2, 3, 0}, {3, 1, 1}};
    const std::vector<float> numbers = {1, 0, 2};
    const auto copy = packed(walk, 2, &numbers);
    REQUIRE(copy.has_value());
    REQUIRE(copy->recipe.size() == 2);
    CHECK(copy->recipe[1].literal == 2);
    CHECK(copy->recipe[1].segment_offset == 4);
    CHECK(copy->recipe[1].count[0] == 4);
    CHECK(copy->recipe[1].count[1] == 2);
}

TEST_CASE("what a partition reads in one run is read where it lies") {
    TransferWalk walk;
    walk.runs = {{0, 0, 4, 0, 0, 8}};
    walk.free = {{8, 1, 1}};
    CHECK_FALSE(packed(walk, 2));
}
