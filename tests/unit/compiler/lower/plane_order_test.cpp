// Planes in the order of device DRAM, and tensors of many short rows.
#include <catch2/catch.hpp>

#include "compiler/lower/arrange_pieces.hpp"
#include "compiler/lower/plane_order.hpp"
#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::ArrangeOp;
using compiler::Dim;
using compiler::FetchOp;
using compiler::in_order_of;
using compiler::Layout;
using compiler::Strided;
using graph::Op;
using Ints = std::vector<std::int64_t>;

namespace {

Strided in_dram(std::vector<std::vector<compiler::StrideFactor>> axes) {
    return {Strided::Source::scratch, 0, 0, std::move(axes)};
}

/// [channels, rows, cols] as an image.
Layout plane(int channels, int rows, int cols) {
    return {{{channels}, rows, cols}, {{{Dim::channel, channels}}, {{Dim::row, rows}}, {{Dim::col, cols}}}};
}

}  // namespace

TEST_CASE("a plane whose neighbours lie apart in device DRAM is laid out as they are there") {
    // [8, 32, 4]: device DRAM holds the 32 rows of each column one after the other.
    Layout wanted = plane(8, 1, 128);
    wanted.axes = {{{Dim::channel, 8}}, {{Dim::col, 32, 4}}, {{Dim::col, 4, 1}}};
    const auto order = in_order_of(in_dram({{{8, 128}}, {{32, 1}}, {{4, 32}}}), wanted);
    REQUIRE(order);
    CHECK(order->phys == image({8}, 1, 128));
    CHECK(order->axes == compiler::Axes{{{Dim::channel, 8}}, {{Dim::col, 32, 1}}, {{Dim::col, 4, 32}}});
}

TEST_CASE("a plane in rows stays in rows, that of an axis cut where device DRAM cuts it") {
    // A 2x2 depth to space: rows and columns alternate between four planes of 8 x 16.
    const Strided s = in_dram({{{4, 512}}, {{8, 16}, {2, 256}}, {{16, 1}, {2, 128}}});
    const auto order = in_order_of(s, plane(4, 16, 32));
    REQUIRE(order);
    CHECK(order->phys == image({4}, 32, 16));
    CHECK(order->axes[1] == std::vector<compiler::Factor>{{Dim::row, 8, 4}, {Dim::row, 2, 2}});
    CHECK(order->axes[2] == std::vector<compiler::Factor>{{Dim::col, 16, 1}, {Dim::row, 2, 1}});
    const auto pieces = compiler::arrange_pieces(*order, plane(4, 16, 32), std::vector<compiler::AxisSource>(3), 256);
    REQUIRE(pieces);
    CHECK(pieces->size() == 1);
}

TEST_CASE("a plane stays as it is where neighbours are neighbours, lie across partitions, or are few") {
    CHECK_FALSE(in_order_of(in_dram({{{8, 512}}, {{16, 32}}, {{32, 1}}}), plane(8, 16, 32)));
    CHECK_FALSE(in_order_of(in_dram({{{8, 1}}, {{16, 256}}, {{32, 8}}}), plane(8, 16, 32)));
    CHECK_FALSE(in_order_of(in_dram({{{8, 512}}, {{2, 1}}, {{256, 2}}}), plane(8, 2, 256)));
    CHECK_FALSE(in_order_of(in_dram({{{4, 64}}, {{16, 1}}, {{4, 16}}}), plane(4, 16, 4)));
}

TEST_CASE("what a transfer would move element by element is brought into order on chip") {
    Net net;
    const TensorId x = net.relu(net.input({1, 8, 32, 4}));
    const Lowered l(
        net, net.relu(net.op(Op::depth_to_space, {x}, {{"blocksize", std::int64_t{2}}, {"mode", std::string("DCR")}})));
    REQUIRE(l.kinds() == "relu store fetch arrange relu");
    CHECK(l.written_by(3) == image({2}, 64, 8));
    net = Net();
    const TensorId again = net.relu(net.input({1, 8, 32, 4}));
    const Lowered off(
        net,
        net.relu(net.op(Op::depth_to_space, {again}, {{"blocksize", std::int64_t{2}}, {"mode", std::string("DCR")}})),
        through_dram());
    CHECK(off.kinds() == "relu store fetch relu");
}

TEST_CASE("many rows of a few elements lie in runs, as many rows on every partition") {
    const auto layout = compiler::thin_layout({1, 4420, 4}, compiler::SlotGeometry{});
    REQUIRE(layout);
    CHECK(layout->phys == image({64, 21}, 1, 52 * 4));
    CHECK(layout->axes == compiler::Axes{{}, {{Dim::channel, 85}, {Dim::col, 52, 4}}, {{Dim::col, 4}}});
    CHECK(compiler::thin_layout({512, 1}, compiler::SlotGeometry{})->axes ==
          compiler::Axes{{{Dim::channel, 128}, {Dim::col, 4}}, {}});
    for (const graph::Shape& shape : {graph::Shape{1, 4420, 9}, {1, 255, 4}, {1, 4421, 4}, {2, 512, 4}, {4096}})
        CHECK_FALSE(compiler::thin_layout(shape, compiler::SlotGeometry{}));
}

TEST_CASE("a concatenation along an axis that lies in rows of the plane is not cut at their ends") {
    Net net;
    const TensorId a = net.input({1, 8000, 4}, "a"), b = net.input({1, 12000, 4}, "b");
    const Lowered l(net, net.relu(net.op(Op::concat, {a, b}, {{"axis", std::int64_t{1}}})), through_dram());
    const FetchOp* concat = nullptr;
    for (const auto& layer : l.network.layers)
        if (const auto* fetch = std::get_if<FetchOp>(&layer.op); fetch && fetch->boxes.size() > 1) concat = fetch;
    REQUIRE(concat != nullptr);
    REQUIRE(concat->boxes.size() == 2);
    CHECK(concat->to.axes[1].size() == 2);
    CHECK(concat->boxes[1].start == Ints{0, 8000, 0});
}

TEST_CASE("rows of a few elements are concatenated in runs that end where a partition does") {
    Net net;
    const auto boxes = [&](const char* name, std::int64_t rows) {
        return net.transpose(net.relu(net.input({1, 4, rows}, name)), {0, 2, 1});
    };
    const TensorId all = net.op(Op::concat, {boxes("a", 300), boxes("b", 212)}, {{"axis", std::int64_t{1}}});
    const Lowered l(net, net.relu(all));
    int fetches = 0;
    for (const auto& layer : l.network.layers)
        if (const auto* fetch = std::get_if<FetchOp>(&layer.op); fetch && l.value(layer.output).phys.cols == 16) {
            ++fetches;
            // 512 rows are four on each of 128 partitions: 75 of the first tensor's, 53 of the other's.
            REQUIRE(fetch->boxes.size() == 2);
            CHECK(compiler::shape_of(fetch->boxes[0].from) == graph::Shape{1, 75, 4, 4});
            CHECK(fetch->boxes[1].start == Ints{0, 75, 0, 0});
        }
    CHECK(fetches == 1);
}
