// Pools, local response normalisation, concatenations in place.
#include <catch2/catch.hpp>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::LrnOp;
using compiler::PoolOp;
using graph::Op;

TEST_CASE("a max pool keeps its window, stride, dilation and pads") {
    Net net;
    const Lowered l(net, net.max_pool(net.input({1, 70, 9, 8}), {3, 2, 2, 1, {1, 0, 0, 1}, 1, 2}));
    REQUIRE(l.kinds() == "maxpool");
    const PoolOp& op = l.op<PoolOp>(0);
    CHECK_FALSE(op.average);
    CHECK(op.kernel_rows == 3);
    CHECK(op.kernel_cols == 2);
    CHECK(op.stride_rows == 2);
    CHECK(op.stride_cols == 1);
    CHECK(op.dilation_rows == 1);
    CHECK(op.dilation_cols == 2);
    CHECK(op.pad_top == 1);
    CHECK(op.pad_left == 0);
    CHECK(op.pad_bottom == 0);
    CHECK(op.pad_right == 1);
    CHECK(l.written_by(0) == image({64, 6}, 4, 7));
}

TEST_CASE("an average pool says whether it counts its pads") {
    for (const bool include : {false, true}) {
        Net net;
        const Lowered l(net, net.average_pool(net.input({1, 3, 4, 4}), Window::square(3, 1, 1), include));
        REQUIRE(l.kinds() == "avgpool");
        CHECK(l.op<PoolOp>(0).average);
        CHECK(l.op<PoolOp>(0).count_include_pad == include);
    }
}

TEST_CASE("a global pool is one whose window is the image") {
    for (const Op op : {Op::global_average_pool, Op::global_max_pool}) {
        Net net;
        const Lowered l(net, net.unary(op, net.input({1, 3, 4, 6})));
        REQUIRE(l.network.layers.size() == 1);
        CHECK(l.op<PoolOp>(0).average == (op == Op::global_average_pool));
        CHECK(l.op<PoolOp>(0).kernel_rows == 4);
        CHECK(l.op<PoolOp>(0).kernel_cols == 6);
        CHECK(l.written_by(0) == image({3}, 1, 1));
    }
}

TEST_CASE("a pool over one axis goes the general way, as an image of one row") {
    Net net;
    const TensorId x = net.input({1, 3, 8});
    const Lowered l(net, net.op(Op::max_pool, {x},
                                {{"kernel_shape", std::vector<std::int64_t>{2}},
                                 {"strides", std::vector<std::int64_t>{2}},
                                 {"pads", std::vector<std::int64_t>{0, 0}},
                                 {"dilations", std::vector<std::int64_t>{1}},
                                 {"ceil_mode", std::int64_t{0}}}));
    REQUIRE(l.kinds() == "fetch maxpool");
    CHECK(l.read_by(1) == image({3}, 1, 8));
    CHECK(l.written_by(1) == image({3}, 1, 4));
    CHECK(l.op<PoolOp>(1).kernel_rows == 1);
    CHECK(l.op<PoolOp>(1).kernel_cols == 2);
}

TEST_CASE("a local response normalisation keeps its numbers") {
    Net net;
    const Lowered l(net, net.lrn(net.input({1, 8, 3, 3}), 5));
    REQUIRE(l.kinds() == "lrn");
    CHECK(l.op<LrnOp>(0).size == 5);
    CHECK(l.op<LrnOp>(0).alpha == 0.5F);
    CHECK(l.op<LrnOp>(0).beta == 0.75F);
    CHECK(l.op<LrnOp>(0).bias == 1.0F);
}

TEST_CASE("parts that only the concatenation reads are written in its place") {
    Net net;
    const TensorId x = net.input({1, 8, 5, 5});
    const Lowered l(net, net.concat({net.conv(x, 70, Window::square(1)), net.conv(x, 3, Window::square(1))}));
    REQUIRE(l.kinds() == "conv conv");
    CHECK(l.written_by(0) == image({64, 6, 3}, 5, 5));
    CHECK(l.layer(0).output.value == l.layer(1).output.value);
    CHECK(l.layer(0).output.first_slot == 0);
    CHECK(l.layer(0).output.slots == 2);
    CHECK(l.layer(1).output.first_slot == 2);
    CHECK(l.layer(1).output.slots == 1);
}

TEST_CASE("a part that others read, and a graph input, are copied") {
    Net net;
    const TensorId x = net.input({1, 8, 5, 5}), y = net.relu(x);
    const TensorId all = net.concat({x, y});
    const Lowered l(net, {all, net.unary(Op::abs, y)});
    REQUIRE(l.kinds() == "relu copy copy abs");
    CHECK(l.layer(1).name == "concat1/0");
    CHECK(l.layer(1).inputs[0].value == l.network.inputs[0].value);
    CHECK(l.layer(1).output.first_slot == 0);
    CHECK(l.layer(2).inputs[0].value == l.layer(0).output.value);
    CHECK(l.layer(2).output.first_slot == 1);
}

TEST_CASE("a part that is concatenated twice is copied both times") {
    Net net;
    const TensorId y = net.relu(net.input({1, 8, 5, 5}));
    const Lowered l(net, net.concat({y, y}));
    CHECK(l.kinds() == "relu copy copy");
}

TEST_CASE("a concatenation along rows goes by device DRAM") {
    Net net;
    const TensorId x = net.input({1, 8, 5, 5}), y = net.relu(x);
    const Lowered l(net, net.concat({y, y}, 2), through_dram());
    REQUIRE(l.kinds() == "relu store fetch");
    const auto& op = l.op<compiler::FetchOp>(2);
    REQUIRE(op.boxes.size() == 2);
    CHECK(op.boxes[0].start == graph::Shape{0, 0, 0, 0});
    CHECK(op.boxes[1].start == graph::Shape{0, 0, 5, 0});
    CHECK(l.written_by(2) == image({8}, 10, 5));
}
