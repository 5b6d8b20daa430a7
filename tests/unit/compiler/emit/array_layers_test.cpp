// Normalisations and attention: layers that send sums through the PE array, instruction by instruction.
#include <catch2/catch.hpp>

#include <algorithm>

#include "compiler/emit/constants.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

using Lines = std::vector<std::string>;

TEST_CASE("a layer norm centres, sums squares over the lanes and scales") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 3), y = h.value("y", {2}, 1, 3);
    LayerNormOp op;
    op.gamma = h.tensor("gamma", {2});
    op.epsilon = 0.25F;
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) ==
          Lines{"q2 set ones p0+8 @0 4*1", "q0 stationary ones p0+2 @0 4*1",
                "q0 matmul x p0+2 @0 3*1; psum p0+4 @0 3*1", "q1 activate psum p0+4 @0 3*1; mean p0+4 @0 3*1",
                "q1 activate psum p0+4 @0 3*1; mean p4+4 @0 3*1",
                "q2 alu x p0+2 @0 3*1; mean p0+2 @0 3*1; centred p0+2 @0 3*1",
                "q1 activate centred p0+2 @0 3*1; squares p0+2 @0 3*1", "q0 stationary ones p0+2 @0 4*1",
                "q0 matmul squares p0+2 @0 3*1; psum p0+4 @64 3*1",
                "q1 activate psum p0+4 @64 3*1; inverse deviation p0+4 @0 3*1",
                "q1 activate psum p0+4 @64 3*1; inverse deviation p4+4 @0 3*1",
                "q2 alu centred p0+2 @0 3*1; inverse deviation p0+2 @0 3*1; centred p0+2 @0 3*1",
                "q2 scalar centred p0+2 @0 3*1; y p0+2 @0 3*1; by y/constants p0 @0"});
    CHECK(nth<program::Activate>(code, 0).scale == 0.5F);  // two channels
    CHECK(nth<program::Activate>(code, 3).bias.value == 0.25F);
    CHECK(nth<program::Activate>(code, 3).function == program::ActFunction::rsqrt);
}

TEST_CASE("a layer norm with beta adds a second constant per channel") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 3), y = h.value("y", {2}, 1, 3);
    LayerNormOp op;
    op.gamma = h.tensor("gamma", {2});
    op.beta = h.tensor("beta", {2});
    h.layer(op, {x}, y);
    CHECK(engine_lines(h.code()).back() ==
          "q2 scalar centred p0+2 @0 3*1; y p0+2 @0 3*1; by y/constants p0 @0; by y/constants p0 @4");
}

TEST_CASE("ones are made once for all layers") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 1, 3), a = h.value("a", {4}, 1, 3), y = h.value("y", {4}, 1, 3);
    h.layer(SpreadOp{}, {x}, a);
    LayerNormOp op;
    op.gamma = h.tensor("gamma", {4});
    h.layer(op, {a}, y);
    const Lines lines = engine_lines(h.code());
    CHECK(std::count_if(lines.begin(), lines.end(),
                        [](const std::string& l) { return l.find("set ones") != std::string::npos; }) == 1);
}

TEST_CASE("bands of a local response normalisation connect slots that a window reaches") {
    const auto bands = lrn_bands({4, 4, 2}, 3, 4, 2);
    std::vector<std::pair<int, int>> pairs;
    for (const LrnBand& b : bands) pairs.emplace_back(b.out, b.from);
    CHECK(pairs == std::vector<std::pair<int, int>>{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 2}, {2, 1}, {2, 2}});
    CHECK(bands[6].offset == 6 * 4 * 2);
    CHECK(lrn_bands({4, 4}, 1, 4, 2).size() == 2);
    CHECK(lrn_bands({4, 4, 4}, 11, 4, 2).size() == 9);  // five channels either way
}

TEST_CASE("a local response normalisation multiplies with a power of the window's sum") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 2), y = h.value("y", {2}, 1, 2);
    LrnOp op;
    op.size = 3;
    op.alpha = 0.75F;
    op.beta = 0.5F;
    op.bias = 2;
    h.layer(op, {x}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) ==
          Lines{"q1 activate x p0+2 @0 2*1; squares p0+2 @0 2*1", "q0 stationary y/band p0+2 @0 2*1",
                "q0 matmul squares p0+2 @0 2*1; psum p0+2 @0 2*1", "q1 activate psum p0+2 @0 2*1; lrn log p0+2 @0 2*1",
                "q1 activate lrn log p0+2 @0 2*1; lrn power p0+2 @0 2*1",
                "q2 alu x p0+2 @0 2*1; lrn power p0+2 @0 2*1; y p0+2 @0 2*1"});
    CHECK(nth<program::Activate>(code, 1).scale == 0.25F);
    CHECK(nth<program::Activate>(code, 1).bias.value == 2);
    CHECK(nth<program::Activate>(code, 2).scale == -0.5F);
    const auto& recipe = code.segments[1].recipe;  // ones one below, on and above the diagonal
    REQUIRE(recipe.size() == 3);
    CHECK(recipe[0].count[0] == 1);
    CHECK(recipe[1].count[0] == 2);
    CHECK(recipe[2].count[0] == 1);
    CHECK(recipe[2].segment_offset == 8);  // row 1, column 0
}

TEST_CASE("a product of two activations contracts their lanes") {
    HandMade h;
    const ValueId a = h.input("a", {2}, 1, 3), b = h.input("b", {2}, 1, 2), y = h.value("y", {3}, 1, 2);
    HeadMatmulOp op;
    op.scale = 0.5F;
    h.layer(op, {a, b}, y);
    const Code code = h.code();
    CHECK(engine_lines(code) == Lines{"q0 stationary a p0+2 @0 3*1", "q0 matmul b p0+2 @0 2*1; psum p0+3 @0 2*1",
                                      "q1 activate psum p0+3 @0 2*1; y p0+3 @0 2*1"});
    CHECK(nth<program::Activate>(code, 0).scale == 0.5F);
}

TEST_CASE("heads in the same half of the partitions leave one bank together") {
    HandMade h;
    const ValueId a = h.input("a", {4, 4, 4, 4}, 1, 4), b = h.input("b", {4, 4, 4, 4}, 1, 2),
                  y = h.value("y", {4, 4, 4, 4}, 1, 2);
    HeadMatmulOp op;
    op.heads = 4;
    h.layer(op, {a, b}, y);
    const Lines lines = engine_lines(h.code());
    REQUIRE(lines.size() == 10);
    CHECK(lines[0] == "q0 stationary a p0+4 @0 4*1");
    CHECK(lines[1] == "q0 matmul b p0+4 @0 2*1; psum p0+4 @0 2*1");
    CHECK(lines[2] == "q0 stationary a p0+4 @8 4*1");  // head 2, in the group behind
    CHECK(lines[3] == "q0 matmul b p0+4 @4 2*1; psum p0+4 @8 2*1");
    CHECK(lines[4] == "q1 activate psum p0+4 @0 4*1; y p0+4 @0 4*1");
    CHECK(lines[5] == "q0 stationary a p4+4 @0 4*1");
    CHECK(lines[9] == "q1 activate psum p0+4 @64 4*1; y p4+4 @0 4*1");
}

TEST_CASE("what is added to a product comes in with the evacuation, scale first") {
    HandMade h;
    const ValueId a = h.input("a", {2}, 1, 3), b = h.input("b", {2}, 1, 2), m = h.input("m", {3}, 1, 2),
                  y = h.value("y", {3}, 1, 2);
    HeadMatmulOp op;
    op.scale = 0.5F;
    op.added = h.part(m);
    h.layer(op, {a, b, m}, y);
    const Code code = h.code();
    CHECK(engine_lines(code).back() == "q2 alu psum p0+3 @0 2*1; m p0+3 @0 2*1; y p0+3 @0 2*1");
    CHECK(nth<program::TensorTensor>(code, 0).scalar.value == 0.5F);
    CHECK(nth<program::TensorTensor>(code, 0).scalar_op == program::AluOp::multiply);
}

TEST_CASE("a transpose exchanges lanes and columns") {
    HandMade h;
    const ValueId x = h.input("x", {2}, 1, 3), y = h.value("y", {3}, 1, 2);
    h.layer(TransposeOp{}, {x}, y);
    CHECK(engine_lines(h.code()) ==
          Lines{"q0 transpose x p0+2 @0 3*1; psum p0+3 @0 2*1", "q1 activate psum p0+3 @0 2*1; y p0+3 @0 2*1"});
}

TEST_CASE("a bank that cannot hold the lanes of a transpose is a refusal that names the layer") {
    HandMade h;
    h.target.psum_bank_bytes = 8;  // two fp32
    const ValueId x = h.input("x", {4}, 1, 1), y = h.value("y", {1}, 1, 4);
    h.layer(TransposeOp{}, {x}, y);
    struct Nobody : CodeSink {
        void see(const VirtualInstruction&, const std::vector<program::Segment>&) override {}
        void see_read(BufferId, LayerId) override {}
    } nobody;
    const auto outcome = emit_watched(h.emit_input(), h.plan, nobody, 4096);
    REQUIRE(std::holds_alternative<DoesNotFit>(outcome));
    CHECK(std::get<DoesNotFit>(outcome).layer == "y");
    CHECK(std::get<DoesNotFit>(outcome).wanted_bytes == 16);
    CHECK(std::get<DoesNotFit>(outcome).available_bytes == 8);
}

TEST_CASE("a value of one lane is spread by a column of ones") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 1, 3), y = h.value("y", {4, 4}, 1, 3);
    h.layer(SpreadOp{}, {x}, y);
    CHECK(engine_lines(h.code()) == Lines{"q2 set ones p0+8 @0 4*1", "q0 stationary ones p0+1 @0 4*1",
                                          "q0 matmul x p0+1 @0 3*1; psum p0+4 @0 3*1",
                                          "q1 activate psum p0+4 @0 3*1; y p0+4 @0 3*1",
                                          "q1 activate psum p0+4 @0 3*1; y p4+4 @0 3*1"});
}
