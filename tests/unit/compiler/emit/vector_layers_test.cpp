// Layers of ACT and POOL, instruction by instruction.
#include <catch2/catch.hpp>

#include "compiler/emit/constants.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

using Lines = std::vector<std::string>;

/// The code of a layer of one input on a graph input of one row.
Code code_of(HandMade& h, LayerOp op, std::vector<int> in_lanes, int in_cols, std::vector<int> out_lanes,
             int out_cols) {
    const ValueId x = h.input("x", std::move(in_lanes), 1, in_cols),
                  y = h.value("y", std::move(out_lanes), 1, out_cols);
    h.layer(std::move(op), {x}, y);
    return h.code();
}
Code code_of(LayerOp op, std::vector<int> lanes, int cols) {
    HandMade h;
    return code_of(h, std::move(op), lanes, cols, lanes, cols);
}

/// Three copies of an input of three rows, one for each row of a padded filter.
Code code_of_copies(bool overlap_stripes) {
    HandMade h;
    const ValueId x = h.input("x", {1}, 3, 2), y = h.value("y", {3}, 3, 2);
    ReplicateOp op;
    op.replicas = 3;
    op.pad = 1;
    h.layer(op, {x}, y);
    h.options.overlap_stripes = overlap_stripes;
    return h.code();
}

}  // namespace

TEST_CASE("a function covers both slots of a group at once and an odd slot by itself") {
    UnaryOp op;
    op.scale = 2;
    op.bias = 3;
    op.function = program::ActFunction::exp;
    const Code code = code_of(op, {4, 4, 2}, 4);
    CHECK(engine_lines(code) ==
          Lines{"q1 activate x p0+8 @0 4*1; y p0+8 @0 4*1", "q1 activate x p0+2 @8 4*1; y p0+2 @8 4*1"});
    CHECK(nth<program::Activate>(code, 0).scale == 2);
    CHECK(nth<program::Activate>(code, 0).bias.value == 3);
    CHECK(nth<program::Activate>(code, 0).function == program::ActFunction::exp);
}

TEST_CASE("scalars are immediate or one per channel") {
    HandMade h;
    ScalarOp op;
    op.first = {program::AluOp::multiply, 0, h.tensor("scale", {2})};
    op.second = {program::AluOp::add, 0, h.tensor("shift", {2})};
    CHECK(engine_lines(code_of(h, op, {2}, 4, {2}, 4)) ==
          Lines{"q2 scalar x p0+2 @0 4*1; y p0+2 @0 4*1; by y/constants p0 @0; by y/constants p0 @4"});
    ScalarOp immediate;
    immediate.first = {program::AluOp::add, 1.5F, graph::kNoTensor};
    const Code code = code_of(immediate, {2}, 4);
    CHECK(engine_lines(code) == Lines{"q2 scalar x p0+2 @0 4*1; y p0+2 @0 4*1"});
    CHECK(nth<program::TensorScalar>(code, 0).scalar0.value == 1.5F);
    CHECK(dma_lines(code).size() == 1);  // the input alone
}

TEST_CASE("constants of channels lie in the half of their slot") {
    HandMade h;
    ScalarOp op;
    op.first = {program::AluOp::multiply, 0, h.tensor("scale", {3})};
    const Code code = code_of(h, op, {2, 1}, 1, {2, 1}, 1);
    CHECK(engine_lines(code) == Lines{"q2 scalar x p0+2 @0; y p0+2 @0; by y/constants p0 @0",
                                      "q2 scalar x p4+1 @0; y p4+1 @0; by y/constants p4 @0"});
    const auto& recipe = code.segments[1].recipe;
    REQUIRE(recipe.size() == 2);
    CHECK(recipe[1].segment_offset == 4 * 4);  // four partitions of one fp32
    CHECK(recipe[1].tensor_offset == 2);
}

TEST_CASE("a copy is a scalar operation without operators") {
    CHECK(engine_lines(code_of(CopyOp{}, {2}, 4)) == Lines{"q2 scalar x p0+2 @0 4*1; y p0+2 @0 4*1"});
}

TEST_CASE("two operands are combined where they lie alike") {
    HandMade h;
    const ValueId a = h.input("a", {4, 4}, 1, 2), b = h.input("b", {4, 4}, 1, 2), y = h.value("y", {4, 4}, 1, 2);
    BinaryOp op;
    op.op = program::AluOp::max;
    op.relu = true;
    h.layer(op, {a, b}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q2 alu a p0+8 @0 2*1; b p0+8 @0 2*1; y p0+8 @0 2*1"});
    CHECK(nth<program::TensorTensor>(code, 0).op == program::AluOp::max);
    CHECK(nth<program::TensorTensor>(code, 0).relu);
}

TEST_CASE("an operand with fewer elements repeats each of them") {
    HandMade h;
    const ValueId a = h.input("a", {1}, 1, 6), b = h.input("b", {1}, 1, 2), y = h.value("y", {1}, 1, 6);
    BinaryOp op;
    op.inner = 3;
    h.layer(op, {a, b}, y);
    CHECK(engine_lines(h.code()) == Lines{"q2 alu a p0+1 @0 6*1; b p0+1 @0 2*1 3*0; y p0+1 @0 6*1"});
}

TEST_CASE("an operand that is spread serves every group") {
    HandMade h;
    const ValueId a = h.input("a", {4, 4, 4, 4}, 1, 2), b = h.input("b", {4, 4}, 1, 2),
                  y = h.value("y", {4, 4, 4, 4}, 1, 2);
    BinaryOp op;
    op.spread = true;
    h.layer(op, {a, b}, y);
    CHECK(engine_lines(h.code()) == Lines{"q2 alu a p0+8 @0 2*1; b p0+8 @0 2*1; y p0+8 @0 2*1",
                                          "q2 alu a p0+8 @4 2*1; b p0+8 @0 2*1; y p0+8 @4 2*1"});
}

TEST_CASE("a reduction takes consecutive elements together") {
    HandMade h;
    ReduceOp op;
    op.inner = 2;
    op.scale = 0.5F;
    const Code code = code_of(h, op, {1}, 6, {1}, 3);
    CHECK(engine_lines(code) == Lines{"q2 reduce x p0+1 @0 3*2 2*1; y p0+1 @0 3*1"});
    CHECK(nth<program::Reduce>(code, 0).scale == 0.5F);
}

TEST_CASE("a maximum over windows is one instruction") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 4, 4), y = h.value("y", {2}, 2, 2);
    PoolOp op;
    op.kernel_rows = op.kernel_cols = op.stride_rows = op.stride_cols = 2;
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q2 reduce x p0+2 @0 2*8 2*2 2*4 2*1; y p0+2 @0 4*1"});
    CHECK(nth<program::Reduce>(code, 0).op == program::AluOp::max);
    CHECK(nth<program::Reduce>(code, 0).reduced_dims == 2);
}

TEST_CASE("windows that lose taps to padding have instructions and divisors of their own") {
    const auto average = [](bool with_padding) {
        PoolOp op;
        op.average = true;
        op.count_include_pad = with_padding;
        op.kernel_cols = 3;
        op.pad_left = op.pad_right = 1;
        return code_of(op, {1}, 4);
    };
    const Code code = average(false);
    CHECK(engine_lines(code) == Lines{"q2 reduce x p0+1 @0 2*1; y p0+1 @0",
                                      "q2 reduce x p0+1 @0 2*1 3*1; y p0+1 @2 2*1",
                                      "q2 reduce x p0+1 @4 2*1; y p0+1 @6"});
    CHECK(nth<program::Reduce>(code, 0).scale == 1.0F / 2);
    CHECK(nth<program::Reduce>(code, 1).scale == 1.0F / 3);
    CHECK(nth<program::Reduce>(average(true), 0).scale == 1.0F / 3);
}

TEST_CASE("a window wholly in the padding is set") {
    PoolOp op;
    op.pad_left = 1;
    HandMade h;
    const Code code = code_of(h, op, {1}, 1, {1}, 2);
    CHECK(engine_lines(code) == Lines{"q2 set y p0+1 @0", "q2 reduce x p0+1 @0; y p0+1 @2"});
    CHECK(nth<program::Memset>(code, 0).value == -65504.0F);
}

TEST_CASE("a replicated input has a copy per filter row and zeros where one reaches into the padding") {
    const Code code = code_of_copies(false);
    CHECK(engine_lines(code) == Lines{"q2 set y p0+3 @0 2*1", "q2 set y p0+3 @8 2*1"});  // rows 0 and 2
    CHECK(dma_lines(code) == Lines{"q4 load x p0+1 @0 6*1", "q6 copy x p0+1 @0 4*1; y p0+1 @4 4*1",
                                   "q6 copy x p0+1 @0 6*1; y p1+1 @0 6*1", "q6 copy x p0+1 @4 4*1; y p2+1 @0 4*1"});
}

TEST_CASE("where stripes overlap, a DMA brings the padding of each copy, which waits for nothing") {
    const Code code = code_of_copies(true);
    CHECK(engine_lines(code) == Lines{"q2 set zeros p0+4 @0 2*1"});  // once for both
    CHECK(dma_lines(code) == Lines{"q4 load x p0+1 @0 6*1", "q6 copy zeros p0+1 @0 2*1; y p0+1 @0 2*1",
                                   "q6 copy x p0+1 @0 4*1; y p0+1 @4 4*1", "q6 copy x p0+1 @0 6*1; y p1+1 @0 6*1",
                                   "q6 copy zeros p0+1 @0 2*1; y p2+1 @8 2*1", "q6 copy x p0+1 @4 4*1; y p2+1 @0 4*1"});
}

TEST_CASE("a softmax is a maximum, exponentials, their sum and a product with its inverse") {
    CHECK(engine_lines(code_of(SoftmaxOp{}, {2}, 3)) ==
          Lines{"q2 reduce x p0+2 @0 3*1; softmax max p0+2 @0",
                "q1 activate x p0+2 @0 3*1; softmax exp p0+2 @0 3*1; by softmax max p0 @0",
                "q2 reduce softmax exp p0+2 @0 3*1; softmax sum p0+2 @0",
                "q1 activate softmax sum p0+2 @0; softmax norm p0+2 @0",
                "q2 scalar softmax exp p0+2 @0 3*1; y p0+2 @0 3*1; by softmax norm p0 @0"});
}

TEST_CASE("the logarithm of a softmax is a difference") {
    SoftmaxOp op;
    op.log = true;
    const Code code = code_of(op, {2}, 3);
    CHECK(engine_lines(code).back() ==
          "q2 scalar x p0+2 @0 3*1; y p0+2 @0 3*1; by softmax max p0 @0; by softmax norm p0 @0");
    CHECK(nth<program::Activate>(code, 1).function == program::ActFunction::log);
}

TEST_CASE("softmaxes of groups of the same lanes share their reductions") {
    const Code code = code_of(SoftmaxOp{}, {4, 4, 4, 4}, 3);
    CHECK(engine_lines(code) == Lines{"q2 reduce x p0+8 @0 2*3 3*1; softmax max p0+8 @0 2*1",
                                      "q1 activate x p0+8 @0 3*1; softmax exp p0+8 @0 3*1; by softmax max p0 @0",
                                      "q1 activate x p0+8 @6 3*1; softmax exp p0+8 @12 3*1; by softmax max p0 @4",
                                      "q2 reduce softmax exp p0+8 @0 2*3 3*1; softmax sum p0+8 @0 2*1",
                                      "q1 activate softmax sum p0+8 @0 2*1; softmax norm p0+8 @0 2*1",
                                      "q2 scalar softmax exp p0+8 @0 3*1; y p0+8 @0 3*1; by softmax norm p0 @0",
                                      "q2 scalar softmax exp p0+8 @12 3*1; y p0+8 @6 3*1; by softmax norm p0 @4"});
}
