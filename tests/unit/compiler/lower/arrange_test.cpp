// What only moves elements within their partitions stays on chip.
#include <catch2/catch.hpp>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::ArrangeOp;
using compiler::FetchOp;
using compiler::ScalarOp;
using graph::Op;
using program::AluOp;

namespace {

using Ints = std::vector<std::int64_t>;

TensorId slice(Net& net, TensorId x, Ints axes, Ints starts, Ints ends, Ints steps) {
    return net.op(Op::slice, {x}, {{"axes", axes}, {"starts", starts}, {"ends", ends}, {"steps", steps}});
}

}  // namespace

TEST_CASE("an operand of one element per channel is a scalar per partition") {
    Net net;
    const TensorId x = net.relu(net.input({1, 3, 4, 5}, "x")), s = net.relu(net.input({1, 3, 1, 1}, "s"));
    const Lowered l(net, net.binary(Op::div, x, s));
    REQUIRE(l.kinds() == "relu relu div");
    CHECK(l.op<ScalarOp>(2).first.op == AluOp::divide);
    CHECK(l.op<ScalarOp>(2).first.input == 1);
    CHECK(l.layer(2).inputs[0].value == l.layer(0).output.value);
    CHECK(l.layer(2).inputs[1].value == l.layer(1).output.value);
}

TEST_CASE("a scalar per channel in front of the operator exchanges its operands") {
    Net net;
    const TensorId x = net.relu(net.input({1, 3, 4, 5}, "x")), s = net.relu(net.input({1, 3, 1, 1}, "s"));
    const Lowered l(net, net.binary(Op::sub, s, x));
    REQUIRE(l.kinds() == "relu relu sub");
    CHECK(l.op<ScalarOp>(2).first.op == AluOp::reverse_subtract);
    CHECK(l.layer(2).inputs[0].value == l.layer(0).output.value);
}

TEST_CASE("an operand of one row repeats it where it lies") {
    Net net;
    const TensorId x = net.relu(net.input({1, 3, 4, 5}, "x")), row = net.relu(net.input({1, 3, 1, 5}, "row"));
    const Lowered l(net, net.binary(Op::add, x, row));
    REQUIRE(l.kinds() == "relu relu add add");
    REQUIRE(l.op<ArrangeOp>(2).pieces.size() == 1);
    CHECK(l.op<ArrangeOp>(2).pieces[0].walks.size() == 2);
}

TEST_CASE("padding fills, then copies") {
    Net net;
    const TensorId x = net.relu(net.input({1, 3, 4, 5}));
    const Lowered l(
        net, net.op(Op::pad, {x},
                    {{"pads", Ints{0, 0, 1, 2, 0, 0, 1, 2}}, {"mode", std::string("constant")}, {"value", 7.0}}));
    REQUIRE(l.kinds() == "relu pad");
    CHECK(*l.op<ArrangeOp>(1).fill == 7.0F);
    REQUIRE(l.op<ArrangeOp>(1).pieces.size() == 1);
    CHECK(l.op<ArrangeOp>(1).pieces[0].to == 1 * 9 + 2);
}

TEST_CASE("a concatenation of tokens fetches what is constant beside what is on chip") {
    Net net;
    const TensorId x = net.relu(net.input({1, 4, 8})), first = net.constant({1, 1, 8});
    const Lowered l(net, net.concat({first, x}, 1));
    REQUIRE(l.network.layers.size() >= 3);
    const auto& op = std::get<ArrangeOp>(l.layer(l.kinds().find("transpose") == 0 ? 3 : 2).op);
    REQUIRE(op.pieces.size() == 2);
    CHECK(op.pieces[0].to == 0);
    CHECK(op.pieces[1].to == 1);
}

TEST_CASE("a slice of whole pairs of slots moves nothing; of an odd slot it is copied") {
    Net net;
    const TensorId x = net.relu(net.input({1, 256, 3, 3}));
    const Lowered even(net, net.relu(slice(net, x, {1}, {128}, {256}, {1})));
    REQUIRE(even.kinds() == "relu relu");
    CHECK(even.layer(1).inputs[0].first_slot == 2);
    Net other;
    const TensorId y = other.relu(other.input({1, 256, 3, 3}));
    const Lowered odd(other, other.relu(slice(other, y, {1}, {64}, {128}, {1})));
    REQUIRE(odd.kinds() == "relu slice relu");
    CHECK(odd.layer(1).inputs[0].first_slot == 1);
}

TEST_CASE("a slice across slots goes by device DRAM") {
    Net net;
    const TensorId x = net.relu(net.input({1, 256, 3, 3}));
    const Lowered l(net, net.relu(slice(net, x, {1}, {10}, {20}, {1})));
    CHECK(l.kinds() == "relu store fetch relu");
}

TEST_CASE("rows that lie across partitions are turned before they are stored, and after they come") {
    Net net;
    const TensorId x = net.relu(net.input({1, 32, 64}));  // tokens; hidden on partitions
    const Lowered l(net, net.relu(net.reshape(x, {1, 64, 32})));
    CHECK(l.kinds().find("relu transpose store") != std::string::npos);
    Net same;
    const TensorId y = same.relu(same.input({1, 32, 64}));
    const Lowered general(same, same.relu(same.reshape(y, {1, 64, 32})), through_dram());
    CHECK(general.kinds().find("relu store") != std::string::npos);
}
