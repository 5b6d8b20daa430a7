// Products of activations, softmax, layer normalisation, embeddings.
#include <catch2/catch.hpp>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::GatherOp;
using compiler::HeadMatmulOp;
using compiler::LayerNormOp;
using compiler::SoftmaxOp;
using compiler::TransposeOp;
using graph::Op;

namespace {

/// [1, heads, 5, width] out of a dense layer, each head in slots of its own.
TensorId split(Net& net, TensorId x, std::int64_t heads, std::int64_t width) {
    return net.transpose(net.reshape(net.project(x, heads * width), {1, 5, heads, width}), {0, 2, 1, 3});
}

}  // namespace

TEST_CASE("a product of heads contracts over partitions, its columns on partitions where no softmax follows") {
    Net net;
    const TensorId x = net.input({1, 5, 12});
    const TensorId a = split(net, x, 2, 8), b = net.transpose(split(net, x, 2, 8), {0, 1, 3, 2});
    const Lowered l(net, net.binary(Op::matmul, a, b));
    REQUIRE(l.kinds() == "transpose dense dense matmul");
    CHECK(l.op<HeadMatmulOp>(3).heads == 2);
    CHECK(l.op<HeadMatmulOp>(3).scale == 1.0F);
    CHECK(l.layer(3).inputs[0].value == l.layer(2).output.value);  // b stationary, a moving
    CHECK(l.layer(3).inputs[1].value == l.layer(1).output.value);
    CHECK(l.written_by(3) == image({5, 5}, 1, 5));
    CHECK(compiler::axis_is(l.output(), 3, compiler::Dim::lane));
    CHECK(l.layer(3).macs == 2 * 5 * 8 * 5);
}

TEST_CASE("a product that a softmax reads along its rows has its rows on partitions") {
    Net net;
    const TensorId x = net.input({1, 5, 12});
    const TensorId a = split(net, x, 2, 8), b = net.transpose(split(net, x, 2, 8), {0, 1, 3, 2});
    const Lowered l(net, net.softmax(net.binary(Op::matmul, a, b), 3));
    REQUIRE(l.kinds() == "transpose dense dense matmul softmax");
    CHECK(l.layer(3).inputs[0].value == l.layer(1).output.value);
    CHECK(l.layer(3).inputs[1].value == l.layer(2).output.value);
    CHECK_FALSE(l.op<SoftmaxOp>(4).log);
}

TEST_CASE("an operand whose contraction lies on columns is turned") {
    Net net;
    const TensorId x = net.input({1, 5, 12});
    const TensorId a = split(net, x, 2, 8), b = split(net, x, 2, 5);  // contracted over tokens, on columns
    const TensorId p = net.binary(Op::matmul, net.transpose(a, {0, 1, 3, 2}), b);
    const Lowered l(net, p);
    REQUIRE(l.kinds() == "transpose dense dense transpose transpose matmul");
    CHECK(l.op<TransposeOp>(3).heads == 2);
    CHECK(l.op<TransposeOp>(4).heads == 2);
    CHECK(l.written_by(3) == image({5, 5}, 1, 8));
    CHECK(l.written_by(4) == image({5, 5}, 1, 5));
    CHECK(l.layer(5).macs == 2 * 8 * 5 * 5);
}

TEST_CASE("operands of different rank are multiplied in the general way") {
    Net net;
    const TensorId a = net.relu(net.input({1, 2, 5, 8}, "a")), b = net.relu(net.input({1, 8, 5}, "b"));
    const Lowered l(net, net.binary(Op::matmul, a, b), through_dram());
    CHECK(l.last().kind == "matmul");
    CHECK(l.op<HeadMatmulOp>(static_cast<int>(l.network.layers.size()) - 1).heads == 2);
}

TEST_CASE("a softmax over partitions is turned onto the columns first") {
    Net net;
    const Lowered l(net, net.softmax(net.relu(net.input({1, 10})), 1, true));
    REQUIRE(l.kinds() == "relu transpose softmax");
    CHECK(l.op<SoftmaxOp>(2).log);
    CHECK(l.written_by(1) == image({1}, 1, 10));
    CHECK(l.written_by(2) == image({1}, 1, 10));
}

TEST_CASE("a softmax over the channels of an image with rows goes the general way") {
    Net net;
    const Lowered l(net, net.softmax(net.relu(net.input({1, 3, 4, 5})), 1));
    CHECK(l.kinds() == "relu store fetch reduce softmax softmax reduce softmax");
}

TEST_CASE("a layer normalisation takes tokens with hidden on partitions") {
    Net net;
    const Lowered l(net, net.layer_norm(net.input({1, 5, 12})));
    REQUIRE(l.kinds() == "transpose layernorm transpose");
    const LayerNormOp& op = l.op<LayerNormOp>(1);
    CHECK(l.name(op.gamma) == "layernorm0.gamma");
    CHECK(l.name(op.beta) == "layernorm0.beta");
    CHECK(op.epsilon == 1e-5F);
    CHECK(l.written_by(1) == image({12}, 1, 5));
}

TEST_CASE("tokens that two readers want turned are turned once") {
    Net net;
    const TensorId ids = net.ids(5), x = net.embedding(ids, 20, 12);
    const Lowered l(net, {net.project(x, 8), net.project(x, 9)});
    REQUIRE(l.kinds() == "gather transpose dense dense transpose transpose");
    CHECK(l.layer(2).inputs[0].value == l.layer(1).output.value);
    CHECK(l.layer(3).inputs[0].value == l.layer(1).output.value);
}

TEST_CASE("rows of a table arrive with tokens on partitions") {
    Net net;
    const Lowered l(net, net.embedding(net.ids(70), 20, 12));
    REQUIRE(l.kinds() == "gather");
    const GatherOp& op = l.op<GatherOp>(0);
    CHECK(l.name(op.table) == "embedding0.table");
    CHECK(op.rows == 20);
    CHECK(op.row_elements == 12);
    CHECK(l.written_by(0) == image({64, 6}, 1, 12));
}

TEST_CASE("rows of a table by a list of indices have two axes, as the list has one") {
    Net net;
    const TensorId ids = net.reshape(net.ids(5), {5});
    const Lowered l(net, net.embedding(ids, 10, 16));
    CHECK(compiler::shape_of(l.output()) == graph::Shape{5, 16});
}
