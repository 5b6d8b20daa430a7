// Elementwise operators that no layout serves directly, and those that are composed of several layers.
#include <catch2/catch.hpp>

#include <limits>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::BinaryOp;
using compiler::FetchOp;
using compiler::ScalarOp;
using compiler::UnaryOp;
using graph::Op;
using program::ActFunction;
using program::AluOp;

namespace {

/// first then second of a layer with scalars.
void check_scalars(const ScalarOp& op, AluOp first, float s0, AluOp second = AluOp::none, float s1 = 0) {
    CHECK(op.first.op == first);
    CHECK(op.first.immediate == s0);
    CHECK(op.second.op == second);
    CHECK(op.second.immediate == s1);
}

}  // namespace

TEST_CASE("an operand that broadcasts is fetched in the layout of the other") {
    Net net;
    const TensorId a = net.input({1, 3, 4, 5}, "a"), b = net.input({1, 3, 1, 5}, "b");
    const Lowered l(net, net.binary(Op::sub, a, b), through_dram());
    REQUIRE(l.kinds() == "fetch sub");
    const auto& box = l.op<FetchOp>(0).boxes.at(0).from;
    CHECK(box.source == compiler::Strided::Source::input);
    CHECK(box.index == 1);
    REQUIRE(box.axes.size() == 4);
    REQUIRE(box.axes[2].size() == 1);
    CHECK(box.axes[2][0].extent == 4);
    CHECK(box.axes[2][0].stride == 0);
    CHECK(l.op<BinaryOp>(1).op == AluOp::subtract);
    CHECK(l.layer(1).inputs[0].value == l.network.inputs[0].value);
    CHECK(l.layer(1).inputs[1].value == l.layer(0).output.value);
}

TEST_CASE("comparisons and logic are one layer and yield booleans") {
    const std::vector<std::pair<Op, AluOp>> all = {{Op::equal, AluOp::equal},
                                                   {Op::greater, AluOp::greater},
                                                   {Op::greater_equal, AluOp::greater_equal},
                                                   {Op::less, AluOp::less},
                                                   {Op::less_equal, AluOp::less_equal}};
    for (const auto& [op, alu] : all) {
        Net net;
        const TensorId a = net.input({1, 3, 4, 5}, "a"), b = net.input({1, 3, 4, 5}, "b");
        const TensorId y = net.binary(op, a, b);
        const Lowered l(net, {net.binary(Op::logical_xor, y, y), net.unary(Op::logical_not, y)});
        REQUIRE(l.network.layers.size() == 3);
        CHECK(l.op<BinaryOp>(0).op == alu);
        CHECK(l.value(l.layer(0).output).dtype == DType::boolean);
        CHECK(l.op<BinaryOp>(1).op == AluOp::logical_xor);
        check_scalars(l.op<ScalarOp>(2), AluOp::equal, 0);
    }
}

TEST_CASE("where clips each side by a limit that is infinite where it shall pass") {
    Net net;
    const TensorId a = net.input({1, 3, 4, 5}, "a"), b = net.input({1, 3, 4, 5}, "b");
    const Lowered l(net, net.op(Op::where, {net.binary(Op::less, a, b), a, b}));
    REQUIRE(l.kinds() == "less where where where where where");
    check_scalars(l.op<ScalarOp>(1), AluOp::subtract, 0.5F, AluOp::multiply, std::numeric_limits<float>::infinity());
    check_scalars(l.op<ScalarOp>(2), AluOp::multiply, -1);
    CHECK(l.op<BinaryOp>(3).op == AluOp::min);
    CHECK(l.layer(3).inputs[1].value == l.layer(1).output.value);
    CHECK(l.op<BinaryOp>(4).op == AluOp::min);
    CHECK(l.layer(4).inputs[1].value == l.layer(2).output.value);
    CHECK(l.op<BinaryOp>(5).op == AluOp::max);
}

TEST_CASE("a PReLU multiplies what is below zero by its slope") {
    Net net;
    const TensorId x = net.input({1, 3, 4, 5}), slope = net.constant({3, 1, 1});
    const Lowered l(net, net.op(Op::prelu, {x, slope}));
    REQUIRE(l.kinds() == "fetch prelu prelu prelu prelu");
    check_scalars(l.op<ScalarOp>(1), AluOp::min, 0);
    CHECK(l.op<BinaryOp>(2).op == AluOp::multiply);
    CHECK(l.layer(2).inputs[1].value == l.layer(0).output.value);
    check_scalars(l.op<ScalarOp>(3), AluOp::max, 0);
    CHECK(l.op<BinaryOp>(4).op == AluOp::add);
}

TEST_CASE("a leaky ReLU is a sum of what is above and what is below zero") {
    Net net;
    const Lowered l(net, net.op(Op::leaky_relu, {net.input({1, 3, 4, 5})}, {{"alpha", 0.25}}));
    REQUIRE(l.kinds() == "leaky_relu leaky_relu leaky_relu");
    check_scalars(l.op<ScalarOp>(0), AluOp::min, 0, AluOp::multiply, 0.25F);
    check_scalars(l.op<ScalarOp>(1), AluOp::max, 0);
    CHECK(l.op<BinaryOp>(2).op == AluOp::add);
}

TEST_CASE("ELU and SELU take the exponential of what is below zero") {
    for (const bool scaled : {false, true}) {
        Net net;
        const TensorId x = net.input({1, 3, 4, 5});
        const Lowered l(net, scaled ? net.op(Op::selu, {x}, {{"alpha", 0.5}, {"gamma", 3.0}})
                                    : net.op(Op::elu, {x}, {{"alpha", 0.5}}));
        REQUIRE(l.network.layers.size() == 5);
        check_scalars(l.op<ScalarOp>(0), AluOp::min, 0);
        CHECK(l.op<UnaryOp>(1).function == ActFunction::exp);
        check_scalars(l.op<ScalarOp>(2), AluOp::subtract, 1, AluOp::multiply, scaled ? 1.5F : 0.5F);
        check_scalars(l.op<ScalarOp>(3), AluOp::max, 0, AluOp::multiply, scaled ? 3 : 1);
        CHECK(l.op<BinaryOp>(4).op == AluOp::add);
    }
}

TEST_CASE("a hard sigmoid is clipped between 0 and 1, a hard swish multiplies by one") {
    Net net;
    const Lowered l(net, net.op(Op::hard_sigmoid, {net.input({1, 3, 4, 5})}, {{"alpha", 0.25}, {"beta", 0.5}}));
    REQUIRE(l.kinds() == "hard_sigmoid hard_sigmoid");
    check_scalars(l.op<ScalarOp>(0), AluOp::multiply, 0.25F, AluOp::add, 0.5F);
    check_scalars(l.op<ScalarOp>(1), AluOp::max, 0, AluOp::min, 1);
    Net swish;
    const Lowered s(swish, swish.unary(Op::hard_swish, swish.input({1, 3, 4, 5})));
    REQUIRE(s.kinds() == "hard_swish hard_swish hard_swish");
    check_scalars(s.op<ScalarOp>(0), AluOp::multiply, 1.0F / 6, AluOp::add, 0.5F);
    CHECK(s.op<BinaryOp>(2).op == AluOp::multiply);
    CHECK(s.layer(2).inputs[0].value == s.network.inputs[0].value);
}

TEST_CASE("a thresholded ReLU multiplies by whether the threshold is passed") {
    Net net;
    const Lowered l(net, net.op(Op::thresholded_relu, {net.input({1, 3, 4, 5})}, {{"alpha", 2.0}}));
    REQUIRE(l.kinds() == "thresholded_relu thresholded_relu");
    check_scalars(l.op<ScalarOp>(0), AluOp::greater, 2);
    CHECK(l.op<BinaryOp>(1).op == AluOp::multiply);
}

TEST_CASE("a cast to a shorter type rounds, any other is left to the type that is computed in") {
    for (const auto& [to, on_chip] : std::vector<std::pair<std::string, DType>>{
             {"bf16", DType::bf16}, {"fp16", DType::fp16}, {"fp64", DType::fp16}, {"i64", DType::i32}}) {
        Net net;
        const Lowered l(net, net.op(Op::cast, {net.input({1, 3, 4, 5})}, {{"to", to}}));
        REQUIRE(l.kinds() == "cast");
        CHECK(l.op<UnaryOp>(0).function == ActFunction::identity);
        CHECK(l.value(l.layer(0).output).dtype == on_chip);
    }
}
