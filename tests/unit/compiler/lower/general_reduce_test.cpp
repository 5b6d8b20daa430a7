// Reductions over any axes, and the normalisations that are made of them.
#include <catch2/catch.hpp>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::BinaryOp;
using compiler::ReduceOp;
using compiler::UnaryOp;
using graph::Op;
using program::ActFunction;
using program::AluOp;
using Ints = std::vector<std::int64_t>;

namespace {

TensorId reduction(Net& net, Op op, TensorId x, const Ints& axes, bool keep = true) {
    return net.op(op, {x}, {{"axes", axes}, {"keepdims", std::int64_t{keep}}});
}

}  // namespace

TEST_CASE("a reduction over rows and columns of an image is one layer on it where it lies") {
    const std::vector<std::tuple<Op, AluOp, float>> all = {{Op::reduce_sum, AluOp::add, 1.0F},
                                                           {Op::reduce_mean, AluOp::add, 1.0F / 20},
                                                           {Op::reduce_max, AluOp::max, 1.0F},
                                                           {Op::reduce_min, AluOp::min, 1.0F},
                                                           {Op::reduce_prod, AluOp::multiply, 1.0F}};
    for (const auto& [op, alu, scale] : all) {
        Net net;
        const Lowered l(net, reduction(net, op, net.input({1, 3, 4, 5}), {2, 3}));
        REQUIRE(l.kinds() == "reduce");
        CHECK(l.op<ReduceOp>(0).op == alu);
        CHECK(l.op<ReduceOp>(0).inner == 20);
        CHECK(l.op<ReduceOp>(0).scale == scale);
        CHECK(l.written_by(0) == image({3}, 1, 1));
        CHECK(l.output().axes.size() == 4);
    }
}

TEST_CASE("a reduction over columns keeps the rows as columns, and drops its axis if it shall") {
    Net net;
    const Lowered l(net, reduction(net, Op::reduce_sum, net.input({1, 3, 4, 5}), {3}, false));
    REQUIRE(l.kinds() == "reduce");
    CHECK(l.op<ReduceOp>(0).inner == 5);
    CHECK(l.written_by(0) == image({3}, 1, 4));
    CHECK(compiler::shape_of(l.output()) == graph::Shape{1, 3, 4});
}

TEST_CASE("a reduction over partitions fetches the tensor with its axis innermost") {
    Net net;
    const Lowered l(net, reduction(net, Op::reduce_max, net.relu(net.input({1, 3, 4, 5})), {1}));
    REQUIRE(l.kinds() == "relu store fetch reduce");
    CHECK(l.read_by(3) == image({5}, 1, 12));  // the longest other axis on partitions, rows, then the three channels
    CHECK(l.op<ReduceOp>(3).inner == 3);
    CHECK(l.written_by(3) == image({5}, 1, 4));
}

TEST_CASE("sums of squares, absolutes and their kin apply a function before or behind the sum") {
    const std::vector<std::pair<Op, std::string>> all = {
        {Op::reduce_sum_square, "reduce_sum_square reduce"},
        {Op::reduce_l1, "reduce_l1 reduce"},
        {Op::reduce_l2, "reduce_l2 reduce reduce_l2"},
        {Op::reduce_log_sum, "reduce reduce_log_sum"},
        {Op::reduce_log_sum_exp,
         "reduce reduce_log_sum_exp reduce_log_sum_exp reduce reduce_log_sum_exp reduce_log_sum_exp"}};
    for (const auto& [op, kinds] : all) {
        Net net;
        const Lowered l(net, reduction(net, op, net.input({1, 3, 4, 5}), {3}));
        CHECK(l.kinds() == kinds);
    }
    Net net;
    const Lowered l(net, reduction(net, Op::reduce_l2, net.input({1, 3, 4, 5}), {3}));
    CHECK(l.op<UnaryOp>(0).function == ActFunction::square);
    CHECK(l.op<UnaryOp>(2).function == ActFunction::sqrt);
}

TEST_CASE("the logarithm of a sum of exponentials takes the largest out first") {
    Net net;
    const Lowered l(net, reduction(net, Op::reduce_log_sum_exp, net.input({1, 3, 4, 5}), {3}));
    CHECK(l.op<ReduceOp>(0).op == AluOp::max);
    CHECK(l.op<BinaryOp>(1).op == AluOp::subtract);
    CHECK(l.op<BinaryOp>(1).inner == 5);
    CHECK(l.op<UnaryOp>(2).function == ActFunction::exp);
    CHECK(l.op<ReduceOp>(3).op == AluOp::add);
    CHECK(l.op<UnaryOp>(4).function == ActFunction::log);
    CHECK(l.op<BinaryOp>(5).op == AluOp::add);
    CHECK(l.layer(5).inputs[1].value == l.layer(0).output.value);
}

TEST_CASE("a softmax in general divides exponentials by their sum, in fp32") {
    Net net;
    const Lowered l(net, net.softmax(net.input({1, 3, 4, 5}), 3));
    REQUIRE(l.kinds() == "reduce softmax softmax reduce softmax");
    CHECK(l.op<ReduceOp>(0).op == AluOp::max);
    CHECK(l.op<BinaryOp>(1).op == AluOp::subtract);
    CHECK(l.op<UnaryOp>(2).function == ActFunction::exp);
    CHECK(l.op<BinaryOp>(4).op == AluOp::divide);
    CHECK(l.value(l.layer(3).output).dtype == DType::fp32);
    CHECK(l.value(l.layer(4).output).dtype == DType::fp16);
    Net log;
    const Lowered g(log, log.softmax(log.input({1, 3, 4, 5}), 3, true));
    REQUIRE(g.kinds() == "reduce log_softmax log_softmax reduce log_softmax log_softmax");
    CHECK(g.op<UnaryOp>(4).function == ActFunction::log);
    CHECK(g.op<BinaryOp>(5).op == AluOp::subtract);
    CHECK(g.layer(5).inputs[0].value == g.layer(1).output.value);
}

TEST_CASE("a layer normalisation of more than one axis goes the general way, parameters fetched as the tensor lies") {
    Net net;
    const TensorId x = net.input({1, 3, 4, 5}), gamma = net.constant({4, 5}), beta = net.constant({4, 5});
    const Lowered l(net, net.op(Op::layer_norm, {x, gamma, beta}, {{"axis", std::int64_t{2}}, {"epsilon", 0.5}}));
    REQUIRE(l.kinds() == "reduce layer_norm layer_norm reduce layer_norm layer_norm fetch layer_norm fetch layer_norm");
    CHECK(l.op<ReduceOp>(0).scale == 1.0F / 20);
    CHECK(l.op<UnaryOp>(2).function == ActFunction::square);
    CHECK(l.op<UnaryOp>(4).function == ActFunction::rsqrt);
    CHECK(l.op<UnaryOp>(4).bias == 0.5F);
    CHECK(l.op<BinaryOp>(5).inner == 20);
    CHECK(l.op<BinaryOp>(7).op == AluOp::multiply);
    CHECK(l.op<BinaryOp>(9).op == AluOp::add);
}

TEST_CASE("an instance normalisation fetches channels on partitions and one parameter per channel") {
    Net net;
    const TensorId x = net.input({1, 3, 4, 5}), scale = net.constant({3}), shift = net.constant({3});
    const Lowered l(net, net.op(Op::instance_norm, {x, scale, shift}, {{"epsilon", 0.5}}), through_dram());
    REQUIRE(l.kinds() ==
            "fetch reduce instance_norm instance_norm reduce instance_norm instance_norm fetch instance_norm fetch "
            "instance_norm");
    CHECK(l.written_by(0) == image({3}, 1, 20));
    CHECK(l.op<ReduceOp>(1).inner == 20);
    CHECK(l.written_by(7) == image({3}, 1, 1));
    CHECK(l.op<BinaryOp>(8).op == AluOp::multiply);
    CHECK(l.op<BinaryOp>(8).inner == 20);
    CHECK(l.op<BinaryOp>(10).op == AluOp::add);
    CHECK(l.op<BinaryOp>(10).inner == 20);
}

TEST_CASE("a batch normalisation that was not folded takes an image where it lies") {
    Net net;
    const TensorId x = net.input({1, 3, 4, 5});
    std::vector<TensorId> inputs = {x};
    for (int i = 0; i < 4; ++i) inputs.push_back(net.constant({3}));
    const Lowered l(net, net.op(Op::batch_norm, inputs, {{"epsilon", 0.5}}));
    REQUIRE(l.kinds() == "fetch batch_norm fetch batch_norm fetch batch_norm batch_norm fetch batch_norm");
    CHECK(l.op<UnaryOp>(1).function == ActFunction::rsqrt);
    CHECK(l.op<UnaryOp>(1).bias == 0.5F);
    CHECK(l.op<BinaryOp>(5).op == AluOp::subtract);
    CHECK(l.op<BinaryOp>(5).inner == 20);
    CHECK(l.layer(5).inputs[0].value == l.network.inputs[0].value);
    CHECK(l.op<BinaryOp>(8).op == AluOp::add);
}

TEST_CASE("an Lp normalisation divides by the sum of absolutes, or the root of the sum of squares") {
    for (const std::int64_t p : {1, 2}) {
        Net net;
        const Lowered l(net, net.op(Op::lp_norm, {net.input({1, 3, 4, 5})}, {{"axis", std::int64_t{3}}, {"p", p}}));
        REQUIRE(l.kinds() == (p == 1 ? "lp_norm reduce lp_norm" : "lp_norm reduce lp_norm lp_norm"));
        CHECK(l.op<UnaryOp>(0).function == (p == 1 ? ActFunction::abs : ActFunction::square));
        CHECK(std::get<BinaryOp>(l.last().op).op == AluOp::divide);
        CHECK(std::get<BinaryOp>(l.last().op).inner == 5);
    }
}
