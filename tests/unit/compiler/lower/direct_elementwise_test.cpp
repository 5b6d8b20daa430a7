// Functions of one tensor, constants and rows beside a tensor, tensors that lie alike.
#include <catch2/catch.hpp>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::BinaryOp;
using compiler::HeadMatmulOp;
using compiler::ScalarOp;
using compiler::SpreadOp;
using compiler::UnaryOp;
using graph::Op;
using program::ActFunction;
using program::AluOp;

TEST_CASE("every operator that is called like an ACT function is one layer with this function") {
    for (const auto& spec : program::kActFunctions) {
        const auto op = graph::parse_op(spec.name);
        if (!op || *op == Op::identity) continue;
        Net net;
        const Lowered l(net, net.unary(*op, net.input({1, 3, 4, 5})));
        CAPTURE(spec.name);
        REQUIRE(l.kinds() == std::string(spec.name));
        CHECK(l.op<UnaryOp>(0).function == spec.function);
        CHECK(l.op<UnaryOp>(0).scale == 1.0F);
        CHECK(l.op<UnaryOp>(0).bias == 0.0F);
        CHECK(l.written_by(0) == image({3}, 4, 5));
    }
}

TEST_CASE("a change of sign is a scale of -1") {
    Net net;
    const Lowered l(net, net.unary(Op::neg, net.input({1, 3, 4, 5})));
    REQUIRE(l.kinds() == "neg");
    CHECK(l.op<UnaryOp>(0).function == ActFunction::identity);
    CHECK(l.op<UnaryOp>(0).scale == -1.0F);
}

TEST_CASE("a clip is the larger of a bound and the smaller of the other") {
    Net net;
    const Lowered l(net, net.clip(net.input({1, 3, 4, 5}), -0.5, 6));
    REQUIRE(l.kinds() == "clip");
    const ScalarOp& op = l.op<ScalarOp>(0);
    CHECK(op.first.op == AluOp::max);
    CHECK(op.first.immediate == -0.5F);
    CHECK(op.second.op == AluOp::min);
    CHECK(op.second.immediate == 6.0F);
}

TEST_CASE("a number beside a tensor is an immediate, reversed where it stands first") {
    const std::vector<std::pair<Op, AluOp>> reversed = {
        {Op::sub, AluOp::reverse_subtract}, {Op::div, AluOp::reverse_divide},
        {Op::pow, AluOp::reverse_power},    {Op::add, AluOp::add},
        {Op::mul, AluOp::multiply},         {Op::maximum, AluOp::max},
        {Op::minimum, AluOp::min}};
    for (const auto& [op, alu] : reversed) {
        Net net;
        const Lowered l(net, net.binary(op, net.number(3), net.input({1, 3, 4, 5})));
        REQUIRE(l.network.layers.size() == 1);
        CHECK(l.op<ScalarOp>(0).first.op == alu);
        CHECK(l.op<ScalarOp>(0).first.immediate == 3.0F);
        CHECK(l.op<ScalarOp>(0).second.op == AluOp::none);
    }
    Net net;
    const Lowered l(net, net.binary(Op::sub, net.input({1, 3, 4, 5}), net.number(3)));
    CHECK(l.op<ScalarOp>(0).first.op == AluOp::subtract);
}

TEST_CASE("a constant with one number per channel is read per partition") {
    Net net;
    const TensorId x = net.input({1, 3, 4, 5}), c = net.constant({3, 1, 1});
    const Lowered l(net, net.binary(Op::mul, x, c));
    REQUIRE(l.kinds() == "mul");
    CHECK(l.name(l.op<ScalarOp>(0).first.per_channel) == net.name(c));
}

TEST_CASE("a constant with one number per column is fetched beside the tensor") {
    Net net;
    const TensorId x = net.input({1, 3, 4, 5}), c = net.constant({5});
    const Lowered l(net, net.binary(Op::mul, x, c));
    REQUIRE(l.kinds() == "fetch mul");
    CHECK(l.op<BinaryOp>(1).op == AluOp::multiply);
    CHECK_FALSE(l.op<BinaryOp>(1).spread);
    CHECK(l.written_by(0) == l.read_by(1));
}

TEST_CASE("two tensors that lie alike are one layer") {
    const std::vector<std::pair<Op, AluOp>> all = {
        {Op::add, AluOp::add},   {Op::sub, AluOp::subtract}, {Op::mul, AluOp::multiply}, {Op::div, AluOp::divide},
        {Op::pow, AluOp::power}, {Op::maximum, AluOp::max},  {Op::minimum, AluOp::min}};
    for (const auto& [op, alu] : all) {
        Net net;
        const TensorId a = net.input({1, 3, 4, 5}, "a"), b = net.input({1, 3, 4, 5}, "b");
        const Lowered l(net, net.binary(op, a, b));
        REQUIRE(l.kinds() == std::string(graph::op_name(op)));
        CHECK(l.op<BinaryOp>(0).op == alu);
        CHECK(l.op<BinaryOp>(0).inner == 1);
        CHECK(l.layer(0).inputs[0].value == l.network.inputs[0].value);
        CHECK(l.layer(0).inputs[1].value == l.network.inputs[1].value);
    }
}

namespace {

/// Scores [1, 2, 5, 5] of two heads, by a product of activations of 8 channels each.
TensorId scores(Net& net, TensorId x) {
    const TensorId q = net.transpose(net.reshape(net.project(x, 16), {1, 5, 2, 8}), {0, 2, 1, 3});
    const TensorId k = net.transpose(net.reshape(net.project(x, 16), {1, 5, 2, 8}), {0, 2, 3, 1});
    return net.binary(Op::matmul, q, k);
}

}  // namespace

TEST_CASE("a factor behind a product of activations goes into its evacuation") {
    Net net;
    const TensorId x = net.input({1, 5, 12});
    const Lowered l(net, net.softmax(net.binary(Op::div, scores(net, x), net.number(4)), 3));
    REQUIRE(l.kinds() == "transpose dense dense matmul softmax");
    CHECK(l.op<HeadMatmulOp>(3).heads == 2);
    CHECK(l.op<HeadMatmulOp>(3).scale == 0.25F);
    CHECK_FALSE(l.op<HeadMatmulOp>(3).added);
}

TEST_CASE("a factor of a product that somebody else reads too stays a layer") {
    Net net;
    const TensorId s = scores(net, net.input({1, 5, 12}));
    const TensorId y = net.binary(Op::mul, s, net.number(4));
    const Lowered l(net, {net.softmax(y, 3), net.relu(s)});
    CHECK(l.op<HeadMatmulOp>(3).scale == 1.0F);
    CHECK(l.layer(4).kind == "mul");
}

TEST_CASE("a mask is spread over the partitions and added as the product leaves PSUM") {
    Net net;
    const TensorId x = net.input({1, 5, 12}, "x"), mask = net.input({1, 1, 1, 5}, "mask");
    const Lowered l(net, net.softmax(net.add(scores(net, x), mask), 3));
    REQUIRE(l.kinds() == "transpose dense dense spread matmul softmax");
    CHECK(std::holds_alternative<SpreadOp>(l.layer(3).op));
    CHECK(l.written_by(3) == image({5, 5}, 1, 5));
    REQUIRE(l.op<HeadMatmulOp>(4).added);
    CHECK(l.op<HeadMatmulOp>(4).added->value == l.layer(3).output.value);
    REQUIRE(l.layer(4).inputs.size() == 3);
    CHECK(l.layer(4).inputs[2].value == l.layer(3).output.value);
}

TEST_CASE("a row beside a product that somebody else reads too is added by a layer, spread once for two") {
    Net net;
    const TensorId x = net.input({1, 5, 12}, "x"), mask = net.input({1, 1, 1, 5}, "mask");
    const TensorId s = scores(net, x), once = net.add(s, mask), twice = net.add(once, mask);
    const Lowered l(net, {net.softmax(twice, 3), net.softmax(s, 3), net.softmax(once, 3)});
    REQUIRE(l.kinds() == "transpose dense dense matmul spread add add softmax softmax softmax");
    CHECK(l.op<BinaryOp>(5).spread);
    CHECK(l.op<BinaryOp>(5).op == AluOp::add);
    CHECK(l.layer(5).inputs[0].value == l.layer(3).output.value);
    CHECK(l.layer(5).inputs[1].value == l.layer(4).output.value);
    CHECK(l.layer(6).inputs[1].value == l.layer(4).output.value);
    CHECK_FALSE(l.op<HeadMatmulOp>(3).added);
}
