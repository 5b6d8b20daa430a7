// Products of any shapes, einsum, transposed convolutions, pools of more than two axes.
#include <catch2/catch.hpp>

#include "graph/counts.hpp"
#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::BinaryOp;
using compiler::ConvOp;
using compiler::FetchOp;
using compiler::HeadMatmulOp;
using compiler::PoolOp;
using compiler::ReduceOp;
using graph::Op;
using program::AluOp;
using Ints = std::vector<std::int64_t>;

namespace {

/// The product of two inputs, by two fetches and a matmul.
struct Product : Lowered {
    Product(const graph::Shape& a, const graph::Shape& b, const compiler::CompileOptions& options = {}, Net net = Net())
        : Lowered(net, net.binary(Op::matmul, net.input(a, "a"), net.input(b, "b")), options) {
        REQUIRE(kinds() == "fetch fetch matmul");
    }
    int heads() const { return op<HeadMatmulOp>(2).heads; }
    /// So many heads of m x k by k x n, with k and n lanes in slots of their own for each.
    void check(int many, int m, int k, int n) const {
        CHECK(heads() == many);
        const auto slots = static_cast<std::size_t>(many);
        CHECK(written_by(0) == image(std::vector<int>(slots, k), 1, m));
        CHECK(written_by(1) == image(std::vector<int>(slots, k), 1, n));
        CHECK(written_by(2) == image(std::vector<int>(slots, n), 1, m));
        CHECK(layer(2).macs == std::int64_t{many} * m * k * n);
    }
};

}  // namespace

TEST_CASE("a product of matrices that broadcast fetches both with the contraction on partitions") {
    const Product l({1, 2, 5, 8}, {1, 1, 8, 3}, through_dram());
    l.check(2, 5, 8, 3);
    CHECK(l.layer(2).inputs[0].value == l.layer(1).output.value);
    CHECK(l.layer(2).inputs[1].value == l.layer(0).output.value);
    CHECK(compiler::shape_of(l.output()) == graph::Shape{1, 2, 5, 3});
}

TEST_CASE("matrices that are all multiplied by one are a single product of their rows") {
    const Product l({1, 2, 5, 8}, {1, 1, 8, 3});
    l.check(1, 2 * 5, 8, 3);
    CHECK(compiler::shape_of(l.output()) == graph::Shape{1, 2, 5, 3});
}

TEST_CASE("one matrix by several is as many products") { Product({1, 1, 5, 8}, {1, 2, 8, 3}).check(2, 5, 8, 3); }

TEST_CASE("several leading axes of a product are slots together") {
    const Product l({1, 2, 3, 5, 8}, {1, 2, 3, 8, 3});
    CHECK(l.heads() == 6);
    CHECK(compiler::shape_of(l.output()) == graph::Shape{1, 2, 3, 5, 3});
    CHECK(compiler::axis_is(l.output(), 1, compiler::Dim::slot));
    CHECK(l.output().axes[1][0].step == 3);
    CHECK(l.output().axes[2][0].step == 1);
}

TEST_CASE("a product of vectors is one of matrices of one row and one column") {
    Net net;
    const TensorId x = net.input({1, 8}, "x"), v = net.reshape(net.input({1, 8}, "v"), {8});
    const Lowered l(net, net.binary(Op::matmul, x, v));
    CHECK(l.last().kind == "matmul");
    CHECK(l.last().macs == 8);
}

TEST_CASE("a gemm by computed weights adds its third operand by a layer") {
    Net net;
    const TensorId a = net.input({1, 8}, "a"), b = net.reshape(net.input({1, 24}, "b"), {8, 3});
    const Lowered l(net, net.op(Op::gemm, {a, b, net.constant({3})}));
    REQUIRE(l.layer(static_cast<int>(l.network.layers.size()) - 3).kind == "matmul");
    CHECK(l.last().kind == "gemm");
    CHECK(std::get<BinaryOp>(l.last().op).op == AluOp::add);
}

TEST_CASE("an einsum multiplies its aligned operands and sums the labels that go") {
    Net net;
    const TensorId a = net.input({1, 4, 6}, "a"), b = net.input({1, 6}, "b");
    const Lowered l(net, net.op(Op::einsum, {a, b}, {{"equation", std::string("bij,bj->bi")}}));
    REQUIRE(l.kinds() == "fetch fetch einsum reduce");
    CHECK(l.last().macs == graph::macs(l.graph, l.graph.nodes.back()));
    CHECK(l.last().macs > 0);
    CHECK(l.written_by(0) == image({4}, 1, 6));
    CHECK(l.written_by(1) == image({4}, 1, 6));
    CHECK(l.op<BinaryOp>(2).op == AluOp::multiply);
    CHECK(l.op<ReduceOp>(3).inner == 6);
    CHECK(compiler::shape_of(l.output()) == graph::Shape{1, 4});
}

TEST_CASE("a label that stands twice in an operand walks its diagonal") {
    Net net;
    const TensorId a = net.reshape(net.input({1, 16}), {4, 4});
    const Lowered l(net, net.op(Op::einsum, {a}, {{"equation", std::string("ii->i")}}));
    REQUIRE(l.last().kind == "fetch");
    const auto& walk = std::get<FetchOp>(l.last().op).boxes.at(0).from;
    REQUIRE(walk.axes.size() == 1);
    CHECK(walk.axes[0].at(0).extent == 4);
    CHECK(walk.axes[0].at(0).stride == 5);
}

namespace {

TensorId conv_transpose(Net& net, TensorId x, const graph::Shape& weights, const Ints& strides, const Ints& pads,
                        std::int64_t group = 1) {
    return net.op(Op::conv_transpose, {x, net.constant(weights)},
                  {{"kernel_shape", Ints{weights[2], weights[3]}},
                   {"strides", strides},
                   {"pads", pads},
                   {"dilations", Ints{1, 1}},
                   {"group", group},
                   {"output_padding", Ints{0, 0}}});
}

}  // namespace

TEST_CASE("a transposed convolution spreads its input and convolves it by the filter turned round") {
    Net net;
    const Lowered l(net, conv_transpose(net, net.input({1, 2, 3, 4}), {2, 5, 3, 2}, {2, 1}, {1, 0, 1, 0}),
                    through_dram());
    CHECK(l.last().macs ==
          3 * 4 * 2 * 5 * 3 * 2);  // input plane, channels in and out, taps: each input element once per weight
    REQUIRE(l.kinds() == "fetch store fetch conv");
    const FetchOp& spread = l.op<FetchOp>(0);
    REQUIRE(spread.fill);
    CHECK(*spread.fill == 0.0F);
    CHECK(spread.boxes.at(0).step == graph::Shape{1, 1, 2, 1});
    CHECK(l.written_by(0) == image({2}, 5, 4));
    const ConvOp& op = l.op<ConvOp>(3);
    CHECK(op.weight.so == 6);
    CHECK(op.weight.sc == 30);
    CHECK(op.weight.sr == -2);
    CHECK(op.weight.ss == -1);
    CHECK(op.weight.base == 5);
    CHECK(op.pad_top == 1);
    CHECK(op.pad_left == 1);
    CHECK(l.written_by(3) == image({5}, 5, 5));
}

TEST_CASE("a transposed convolution in groups passes over the weights of a group's other inputs") {
    Net net;
    const Lowered l(net, conv_transpose(net, net.input({1, 6, 3, 4}), {6, 5, 3, 2}, {1, 1}, {0, 0, 0, 0}, 2));
    const ConvOp& op = l.op<ConvOp>(l.network.layers.size() - 1);
    CHECK(op.groups == 2);
    CHECK(op.weight.so == 6);
    CHECK(op.weight.sc == 30);
    // Output 5, the first of the second group, reads input 3 first: element 90 of the tensor, and 5 * 6 without the
    // step.
    CHECK(op.weight.group_step == 90 - 30);
    CHECK(l.written_by(l.network.layers.size() - 1) == image({10}, 5, 5));
}

TEST_CASE("what a transposed convolution cannot do is said") {
    Net pads;
    CHECK(refusal(pads, conv_transpose(pads, pads.input({1, 2, 6, 6}), {2, 5, 2, 2}, {1, 1}, {2, 0, 0, 0}))
              .find("padded by more than its filter reaches") != std::string::npos);
}

TEST_CASE("a pool over three axes goes over two and then over one") {
    Net net;
    const TensorId x = net.input({1, 2, 4, 6, 8});
    const Lowered l(net, net.op(Op::max_pool, {x},
                                {{"kernel_shape", Ints{2, 3, 4}},
                                 {"strides", Ints{2, 3, 4}},
                                 {"pads", Ints{0, 0, 0, 0, 0, 0}},
                                 {"dilations", Ints{1, 1, 1}},
                                 {"ceil_mode", std::int64_t{0}}}));
    REQUIRE(l.layer(0).kind == "fetch");
    CHECK(l.written_by(0) == image({8}, 6, 8));  // 2 channels of 4 planes
    CHECK(l.op<PoolOp>(1).kernel_rows == 3);
    CHECK(l.op<PoolOp>(1).kernel_cols == 4);
    CHECK(l.written_by(1) == image({8}, 2, 2));
    int second = 2;
    while (l.layer(second).kind != "maxpool") ++second;
    CHECK(l.op<PoolOp>(second).kernel_rows == 2);
    CHECK(l.op<PoolOp>(second).stride_rows == 2);
    CHECK(l.op<PoolOp>(second).kernel_cols == 1);
    CHECK(l.read_by(second) == image({4}, 4, 2));  // 2 channels of 2 rows
    CHECK(l.written_by(second) == image({4}, 2, 2));
}
