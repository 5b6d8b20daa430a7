// Convolutions and dense layers, alone and with what their evacuation takes over.
#include <catch2/catch.hpp>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::ConvOp;
using graph::Op;
using program::ActFunction;

TEST_CASE("a convolution is one layer with its geometry, its bias and its function") {
    Net net;
    Window w{3, 2, 2, 1, {1, 0, 1, 1}, 1, 2};
    const Lowered l(net, net.relu(net.conv(net.input({1, 4, 8, 6}), 70, w)));
    REQUIRE(l.kinds() == "conv");
    const ConvOp& op = l.op<ConvOp>(0);
    CHECK(op.kernel_rows == 3);
    CHECK(op.kernel_cols == 2);
    CHECK(op.stride_rows == 2);
    CHECK(op.stride_cols == 1);
    CHECK(op.dilation_cols == 2);
    CHECK(op.pad_top == 1);
    CHECK(op.pad_left == 0);
    CHECK(op.groups == 1);
    CHECK(op.function == ActFunction::relu);
    CHECK(l.name(op.weight.tensor) == "conv0.w");
    CHECK(l.name(op.bias) == "conv0.b");
    CHECK(op.weight.so == 24);
    CHECK(op.weight.sc == 6);
    CHECK(op.weight.sr == 2);
    CHECK(op.weight.ss == 1);
    CHECK(l.written_by(0) == image({64, 6}, 4, 5));
    CHECK(l.layer(0).macs == 4 * 5 * 70 * 4 * 3 * 2);
}

TEST_CASE("groups of a convolution are kept") {
    Net net;
    const Lowered l(net, net.conv(net.input({1, 8, 5, 5}), 8, Window::square(3), false, 8));
    REQUIRE(l.kinds() == "conv");
    CHECK(l.op<ConvOp>(0).groups == 8);
    CHECK(l.op<ConvOp>(0).bias == graph::kNoTensor);
    CHECK(l.layer(0).macs == 3 * 3 * 8 * 9);
}

TEST_CASE("the deeper of two convolutions takes their sum and the ReLU behind it") {
    Net net;
    const TensorId x = net.input({1, 8, 6, 6});
    const TensorId side = net.conv(x, 16, Window::square(1));
    const TensorId deep = net.conv(net.conv(x, 8, Window::square(3, 1, 1)), 16, Window::square(1));
    const Lowered l(net, net.relu(net.add(deep, side)));
    REQUIRE(l.kinds() == "conv conv conv+add");
    const ConvOp& op = l.op<ConvOp>(2);
    REQUIRE(op.residual);
    CHECK(op.residual->value == l.layer(0).output.value);
    CHECK(op.relu_after_add);
    CHECK(op.function == ActFunction::identity);
    REQUIRE(l.layer(2).inputs.size() == 2);
    CHECK(l.layer(2).inputs[0].value == l.layer(1).output.value);
    CHECK(l.layer(2).inputs[1].value == l.layer(0).output.value);
}

TEST_CASE("a residual that lies differently is fetched as the convolution lies, and added behind it") {
    Net net;
    const TensorId x = net.input({1, 40, 4, 4});
    const TensorId apart = net.concat({net.relu(x), net.relu(x)});  // slots of 40 and 40 channels, not 64 and 16
    const Lowered l(net, net.add(net.conv(x, 80, Window::square(1)), apart));
    CHECK(l.kinds() == "relu relu conv store fetch add");
    CHECK(l.read_by(5, 0) == image({64, 16}, 4, 4));
    CHECK(l.read_by(5, 1) == image({64, 16}, 4, 4));
}

TEST_CASE("a convolution over one axis is one of an image of one row") {
    Net net;
    const TensorId x = net.input({1, 4, 9}), w = net.constant({6, 4, 3});
    const Lowered l(net, net.op(Op::conv, {x, w},
                                {{"kernel_shape", std::vector<std::int64_t>{3}},
                                 {"strides", std::vector<std::int64_t>{2}},
                                 {"pads", std::vector<std::int64_t>{1, 0}},
                                 {"dilations", std::vector<std::int64_t>{1}},
                                 {"group", std::int64_t{1}}}));
    REQUIRE(l.network.layers.back().kind == "conv");
    const auto& op = std::get<ConvOp>(l.last().op);
    CHECK(op.kernel_rows == 1);
    CHECK(op.kernel_cols == 3);
    CHECK(op.stride_cols == 2);
    CHECK(op.pad_top == 0);
    CHECK(op.pad_left == 1);
    CHECK(l.value(l.last().output).phys == image({6}, 1, 4));
    CHECK(l.output().axes.size() == 3);
}

TEST_CASE("a dense layer of a vector multiplies once") {
    Net net;
    const Lowered l(net, net.relu(net.dense(net.input({1, 100}), 130)));
    REQUIRE(l.kinds() == "dense");
    const ConvOp& op = l.op<ConvOp>(0);
    CHECK(op.function == ActFunction::relu);
    CHECK(op.weight.so == 1);
    CHECK(op.weight.sc == 130);
    CHECK(l.read_by(0) == image({64, 36}, 1, 1));
    CHECK(l.written_by(0) == image({64, 64, 2}, 1, 1));
    CHECK(l.layer(0).macs == 100 * 130);
}

TEST_CASE("a dense layer of a flattened image is a convolution whose kernel covers the plane") {
    Net net;
    const Lowered l(net, net.dense(net.flatten(net.input({1, 3, 2, 5})), 7));
    REQUIRE(l.kinds() == "dense");
    const ConvOp& op = l.op<ConvOp>(0);
    CHECK(op.kernel_rows == 2);
    CHECK(op.kernel_cols == 5);
    CHECK(op.weight.so == 1);
    CHECK(op.weight.sc == 7 * 10);
    CHECK(op.weight.sr == 7 * 5);
    CHECK(op.weight.ss == 7);
    CHECK(l.written_by(0) == image({7}, 1, 1));
    CHECK(l.layer(0).macs == 30 * 7);
}

TEST_CASE("a dense layer of an image that was flattened channels last reads its weights in that order") {
    Net net;
    const auto rows = [&](std::int64_t channels) {
        const TensorId x = net.relu(net.input({1, channels, 2, 5}, "x" + std::to_string(channels)));
        return net.dense(net.flatten(net.transpose(x, {0, 2, 3, 1})), 7);
    };
    const Lowered l(net, rows(16));
    REQUIRE(l.kinds() == "relu dense");
    const ConvOp& op = l.op<ConvOp>(1);
    CHECK(op.kernel_rows == 2);
    CHECK(op.kernel_cols == 5);
    CHECK(op.weight.so == 1);
    CHECK(op.weight.sc == 7);
    CHECK(op.weight.sr == 7 * 80);
    CHECK(op.weight.ss == 7 * 16);
    CHECK(l.layer(1).macs == 160 * 7);
    net = Net();
    CHECK(Lowered(net, rows(15)).kinds() != "relu dense");  // too few for a filter of one step per element
    net = Net();
    CHECK(Lowered(net, rows(16), through_dram()).kinds() != "relu dense");
}

TEST_CASE("tokens arrive in rows, are turned, multiplied with hidden on partitions, and turned to leave") {
    Net net;
    const Lowered l(net, net.project(net.input({1, 5, 12}), 20));
    REQUIRE(l.kinds() == "transpose dense transpose");
    CHECK(l.read_by(0) == image({5}, 1, 12));
    CHECK(l.read_by(1) == image({12}, 1, 5));
    CHECK(l.written_by(1) == image({20}, 1, 5));
    CHECK(l.written_by(2) == image({5}, 1, 20));
    CHECK(l.layer(1).macs == 5 * 12 * 20);
}

TEST_CASE("a sum with a constant per column becomes the bias of a product by a constant") {
    Net net;
    const TensorId y = net.project(net.input({1, 5, 12}), 20), bias = net.constant({20});
    const Lowered l(net, net.unary(Op::gelu, net.add(y, bias)));
    REQUIRE(l.kinds() == "transpose dense transpose");
    CHECK(l.name(l.op<ConvOp>(1).bias) == net.name(bias));
    CHECK(l.op<ConvOp>(1).function == ActFunction::gelu);
}

TEST_CASE("heads that are split off a dense layer get slots of their own") {
    Net net;
    const TensorId y = net.project(net.input({1, 5, 12}), 64);
    const Lowered l(net, net.reshape(y, {1, 5, 4, 16}));
    REQUIRE(l.layer(1).kind == "dense");
    CHECK(l.written_by(1) == image({16, 16, 16, 16}, 1, 5));
    CHECK(l.network.layers.size() == 2);
}

// --- chains that no layer can take ------------------------------------------------------------------

TEST_CASE("a dense layer that goes the general way leaves its ReLU to a layer of its own") {
    Net net;  // one channel of 28 rows: its elements lie on one partition
    const Lowered l(net, net.dense(net.relu(net.dense(net.flatten(net.input({1, 1, 28, 28})), 200)), 10),
                    through_dram());
    CHECK(l.kinds() == "fetch fetch matmul fetch gemm relu dense");
    CHECK(l.written_by(5) == image({64, 64, 64, 8}, 1, 1));
}

TEST_CASE("a residual that lies otherwise is added behind the convolution, and the ReLU behind that") {
    Net net;
    const TensorId x = net.input({1, 8, 6, 6});
    const TensorId parts = net.concat({net.conv(x, 24, Window::square(1)), net.conv(x, 112, Window::square(1))});
    const TensorId conv = net.conv(parts, 136, Window::square(3, 1, 1));
    const Lowered l(net, net.relu(net.add(conv, parts)));
    CHECK(l.kinds() == "conv conv conv store fetch add relu");
    CHECK(l.op<ConvOp>(2).function == ActFunction::identity);
    CHECK_FALSE(l.op<ConvOp>(2).residual);
    CHECK(l.written_by(2) == image({64, 64, 8}, 6, 6));
    CHECK(compiler::shape_of(l.output()) == graph::Shape{1, 136, 6, 6});
}

TEST_CASE("what stays in one layer of a chain that falls apart is as much as it can take") {
    Net net;
    const TensorId x = net.input({1, 8, 6, 6});
    const TensorId parts = net.concat({net.conv(x, 3, Window::square(1)), net.conv(x, 5, Window::square(1))});
    const TensorId conv = net.conv(parts, 8, Window::square(1), false), bias = net.constant({8, 1, 1});
    const Lowered l(net, net.add(net.add(conv, bias), parts));
    CHECK(l.name(l.op<ConvOp>(2).bias) == net.name(bias));
    CHECK(l.last().kind == "add");
}

TEST_CASE("a Gelu behind a product in the general way is a layer of its own") {
    Net net;
    const TensorId x = net.op(Op::tile, {net.input({1, 4, 6})}, {{"repeats", std::vector<std::int64_t>{1, 2, 1}}});
    const TensorId y = net.reshape(x, {1, 2, 4, 6});
    const Lowered l(net, net.unary(Op::gelu, net.project(y, 10)));
    CHECK(l.last().kind == "gelu");
    CHECK(compiler::shape_of(l.output()) == graph::Shape{1, 2, 4, 10});
}
