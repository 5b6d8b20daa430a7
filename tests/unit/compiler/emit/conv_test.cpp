// Convolutions and dense layers, instruction by instruction.
#include <catch2/catch.hpp>

#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

using Lines = std::vector<std::string>;

/// A convolution with a weight tensor of its own.
ConvOp conv(HandMade& h, int kernel_rows = 1, int kernel_cols = 1) {
    ConvOp op;
    op.kernel_rows = kernel_rows;
    op.kernel_cols = kernel_cols;
    op.weight.tensor = h.tensor("w", {1, 1, kernel_rows, kernel_cols});
    return op;
}

}  // namespace

TEST_CASE("a dense layer is a stationary load, a matmul and an evacuation") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 4), y = h.value("y", {3}, 1, 4);
    h.layer(conv(h), {x}, y);
    h.output(y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q0 stationary y/weights p0+2 @0 3*1",
                                      "q0 matmul x p0+2 @0 4*1; psum p0+3 @0 4*1",
                                      "q1 activate psum p0+3 @0 4*1; y p0+3 @0 4*1"});
    CHECK(dma_lines(code) == Lines{"q4 load x p0+2 @0 4*1", "q3 load y/weights p0+2 @0 3*1", "q6 store y p0+3 @0 4*1"});
    CHECK_FALSE(nth<program::Matmul>(code, 0).accumulate);
}

TEST_CASE("of a padded filter the tap that covers the tile comes first") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 3, 1), y = h.value("y", {1}, 3, 1);
    ConvOp op = conv(h, 3, 1);
    op.pad_top = 1;
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q0 stationary y/weights p0+1 @2", "q0 matmul x p0+1 @0 3*1; psum p0+1 @0 3*1",
                                      "q0 stationary y/weights p0+1 @0", "q0 matmul x p0+1 @0 2*1; psum p0+1 @4 2*1",
                                      "q0 stationary y/weights p0+1 @4", "q0 matmul x p0+1 @2 2*1; psum p0+1 @0 2*1",
                                      "q1 activate psum p0+1 @0 3*1; y p0+1 @0 3*1"});
    CHECK_FALSE(nth<program::Matmul>(code, 0).accumulate);
    CHECK(nth<program::Matmul>(code, 1).accumulate);
    CHECK(nth<program::Matmul>(code, 2).accumulate);
}

TEST_CASE("a tile that no tap covers starts as zeros") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 1, 1), y = h.value("y", {1}, 1, 2);
    ConvOp op = conv(h, 1, 2);
    op.pad_left = 1;
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q2 set psum p0+1 @0 2*1", "q0 stationary y/weights p0+1 @0",
                                      "q0 matmul x p0+1 @0; psum p0+1 @4", "q0 stationary y/weights p0+1 @2",
                                      "q0 matmul x p0+1 @0; psum p0+1 @0",
                                      "q1 activate psum p0+1 @0 2*1; y p0+1 @0 2*1"});
    CHECK(nth<program::Matmul>(code, 0).accumulate);
}

TEST_CASE("a stride is a step of the moving operand") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 1, 4), y = h.value("y", {1}, 1, 2);
    ConvOp op = conv(h);
    op.stride_cols = 2;
    h.layer(op, {x}, y);
    CHECK(engine_lines(h.code())[1] == "q0 matmul x p0+1 @0 2*2; psum p0+1 @0 2*1");
}

TEST_CASE("two slots of the input are contracted at once, two of the output one after the other") {
    HandMade h;
    const ValueId x = h.input("x", {4, 4}, 1, 2), y = h.value("y", {4, 1}, 1, 2);
    h.layer(conv(h), {x}, y);
    CHECK(engine_lines(h.code()) ==
          Lines{"q0 stationary y/weights p0+8 @0 4*1", "q0 matmul x p0+8 @0 2*1; psum p0+4 @0 2*1",
                "q1 activate psum p0+4 @0 2*1; y p0+4 @0 2*1", "q0 stationary y/weights p0+8 @8",
                "q0 matmul x p0+8 @0 2*1; psum p0+1 @64 2*1", "q1 activate psum p0+1 @64 2*1; y p4+1 @0 2*1"});
}

TEST_CASE("tiles that do not fit one bank share a stationary load, as many as the plan says") {
    HandMade h;
    h.plan.psum_banks = {2};
    const ValueId x = h.input("x", {1}, 1, 24), y = h.value("y", {1}, 1, 24);
    h.layer(conv(h), {x}, y);
    CHECK(engine_lines(h.code()) ==
          Lines{"q0 stationary y/weights p0+1 @0", "q0 matmul x p0+1 @0 12*1; psum p0+1 @0 12*1",
                "q0 matmul x p0+1 @24 12*1; psum p0+1 @64 12*1", "q1 activate psum p0+1 @0 12*1; y p0+1 @0 12*1",
                "q1 activate psum p0+1 @64 12*1; y p0+1 @24 12*1"});
    h.plan.psum_banks = {1};
    CHECK(engine_lines(h.code()).size() == 6);  // two stationary loads
}

TEST_CASE("bias and residual come in with the evacuation") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 1, 4), r = h.input("r", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    ConvOp op = conv(h);
    op.bias = h.tensor("b", {1});
    op.residual = h.part(r);
    op.relu_after_add = true;
    h.layer(op, {x, r}, y);
    const Code code = h.code();
    CHECK(engine_lines(code)[2] == "q2 alu psum p0+1 @0 4*1; r p0+1 @0 4*1; y p0+1 @0 4*1; by y/constants p0 @0");
    CHECK(nth<program::TensorTensor>(code, 0).scalar_op == program::AluOp::add);
    CHECK(nth<program::TensorTensor>(code, 0).relu);
    CHECK(dma_lines(code)[2] == "q5 load y/constants p0+4 @0");
}

TEST_CASE("a sum takes the place of a residual that nobody reads afterwards") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 1, 4), a = h.value("a", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    h.layer(conv(h), {x}, a);
    ConvOp op = conv(h);
    op.residual = h.part(a);
    h.layer(op, {x, a}, y);
    CHECK(engine_lines(h.code())[5] == "q2 alu psum p0+1 @64 4*1; a p0+1 @0 4*1; a p0+1 @0 4*1");
    h.options.in_place_add = false;
    CHECK(engine_lines(h.code())[5] == "q2 alu psum p0+1 @64 4*1; a p0+1 @0 4*1; y p0+1 @0 4*1");
}

TEST_CASE("small images lie side by side and leave PSUM together") {
    HandMade h;
    h.batch = 3;
    const ValueId x = h.input("x", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    h.layer(conv(h), {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q0 stationary y/weights p0+1 @0", "q0 matmul x p0+1 @0 4*1; psum p0+1 @0 4*1",
                                      "q0 matmul x p0+1 @0 4*1; psum p0+1 @16 4*1",
                                      "q0 matmul x p0+1 @0 4*1; psum p0+1 @32 4*1",
                                      "q1 activate psum p0+1 @0 12*1; y p0+1 @0 12*1"});
    CHECK(code.buffers.back().images == 3);
}

TEST_CASE("an array of small images moves at once, plane by plane") {
    HandMade h;
    h.batch = 2;
    const ValueId x = h.input("x", {1}, 1, 4), a = h.value("a", {1}, 1, 4), y = h.value("y", {1}, 1, 2);
    h.layer(conv(h), {x}, a);
    ConvOp op = conv(h);
    op.stride_cols = 3;
    h.layer(op, {a}, y);
    CHECK(engine_lines(h.code())[5] == "q0 matmul a p0+1 @0 2*4 2*3; psum p0+1 @64 4*1");
}

TEST_CASE("paired images use the stationary operand in either half of the partitions") {
    HandMade h;
    h.batch = 2;
    h.options.small_image_elements = 1;
    const ValueId x = h.input("x", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    h.layer(conv(h), {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q0 stationary y/weights p0+1 @0", "q0 matmul x p0+1 @0 4*1; psum p0+1 @0 4*1",
                                      "q1 activate psum p0+1 @0 4*1; y p0+1 @0 4*1", "q0 stationary y/weights p4+1 @0",
                                      "q0 matmul x p4+1 @0 4*1; psum p0+1 @64 4*1",
                                      "q1 activate psum p0+1 @64 4*1; y p4+1 @0 4*1"});
    CHECK(dma_lines(code) == Lines{"q4 load x p0+1 @0 4*1", "q4 load x p4+1 @0 4*1", "q3 load y/weights p0+1 @0",
                                   "q6 copy y/weights p0+1 @0; y/weights p4+1 @0"});
}

TEST_CASE("a grouped filter has a box of weights for every group") {
    HandMade h;
    const ValueId x = h.input("x", {4}, 1, 1), y = h.value("y", {4}, 1, 1);
    ConvOp op = conv(h);
    op.groups = 2;
    op.weight.so = 2, op.weight.sc = 1;  // [4][2]
    h.layer(op, {x}, y);
    const Code code = h.code();
    const auto& segment = code.segments[1];  // behind the input
    REQUIRE(segment.name == "y");
    REQUIRE(segment.recipe.size() == 2);
    CHECK(segment.bytes == 4 * 8);  // four partitions of four columns
    CHECK(segment.recipe[0].segment_offset == 0);
    CHECK(segment.recipe[0].tensor_offset == 0);
    CHECK(segment.recipe[0].count[0] == 2);
    CHECK(segment.recipe[0].count[3] == 2);
    CHECK(segment.recipe[1].segment_offset == 2 * 8 + 2 * 2);  // partition 2, column 2
    CHECK(segment.recipe[1].tensor_offset == 2 * 2);
}

TEST_CASE("a depthwise filter multiplies every slot by its own channels only") {
    HandMade h;
    const ValueId x = h.input("x", {4, 4}, 1, 2), y = h.value("y", {4, 4}, 1, 2);
    ConvOp op = conv(h);
    op.groups = 8;
    op.weight.so = 1, op.weight.sc = 1;  // [8][1]
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) ==
          Lines{"q0 stationary y/weights p0+4 @0 4*1", "q0 matmul x p0+4 @0 2*1; psum p0+4 @0 2*1",
                "q1 activate psum p0+4 @0 2*1; y p0+4 @0 2*1", "q0 stationary y/weights p4+4 @0 4*1",
                "q0 matmul x p4+4 @0 2*1; psum p0+4 @64 2*1", "q1 activate psum p0+4 @64 2*1; y p4+4 @0 2*1"});
    CHECK_FALSE(nth<program::Matmul>(code, 1).accumulate);
    CHECK(dma_lines(code) == Lines{"q4 load x p0+4 @0 2*1", "q4 load x p4+4 @0 2*1", "q3 load y/weights p0+4 @0 4*1",
                                   "q3 load y/weights p4+4 @0 4*1"});
    CHECK(code.segments[1].bytes == 2 * 4 * 8);
    h.options.skip_zero_blocks = false;
    const Code whole = h.code();
    CHECK(engine_lines(whole)[0] == "q0 stationary y/weights p0+8 @0 4*1");
    CHECK(whole.segments[1].bytes == 8 * 16);
}

TEST_CASE("what is cut off at a limit leaves PSUM by POOL in one pass, the limit in every partition") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 4), y = h.value("y", {2}, 1, 4);
    ConvOp op = conv(h);
    op.limit = 6.0F;
    op.bias = h.tensor("b", {2});
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) ==
          Lines{"q0 stationary y/weights p0+2 @0 2*1", "q0 matmul x p0+2 @0 4*1; psum p0+2 @0 4*1",
                "q2 set limit p0+4 @0",
                "q2 alu psum p0+2 @0 4*1; limit p0+2 @0 4*0; y p0+2 @0 4*1; by y/constants p0 @0"});
    const auto& cut = nth<program::TensorTensor>(code, 0);
    CHECK(cut.scalar_op == program::AluOp::add);
    CHECK(cut.op == program::AluOp::min);
    CHECK(cut.relu);
    CHECK(nth<program::Memset>(code, 0).value == 6.0F);
}

TEST_CASE("weights arrive once for all images, or for each of them without batching") {
    HandMade h;
    h.batch = 2;
    const ValueId x = h.input("x", {1}, 1, 4), y = h.value("y", {1}, 1, 4);
    h.layer(conv(h), {x}, y);
    CHECK(h.code().loads.size() == 3);  // two images and a slab
    h.options.batching = false;
    CHECK(h.code().loads.size() == 4);
}
