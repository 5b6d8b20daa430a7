// Operators that only move data: views where that is possible, walks in device DRAM elsewhere.
#include <catch2/catch.hpp>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::FetchOp;
using compiler::Strided;
using graph::Op;
using Ints = std::vector<std::int64_t>;

namespace {

/// The walk of the last layer, which fetches one box for an output of the graph.
const Strided& last_walk(const Lowered& l) { return std::get<FetchOp>(l.last().op).boxes.at(0).from; }

}  // namespace

TEST_CASE("reshapes and transposes of what lies on chip add no layer") {
    Net net;
    const TensorId x = net.relu(net.input({1, 6, 4, 5}));
    const Lowered l(net, {net.transpose(net.reshape(x, {1, 6, 20}), {0, 2, 1}), net.op(Op::identity, {x}),
                          net.op(Op::unsqueeze, {x}, {{"axes", Ints{1}}}), net.flatten(x)});
    CHECK(l.kinds() == "relu");
    for (const auto& out : l.network.outputs) CHECK(out.value == l.layer(0).output.value);
    CHECK(compiler::shape_of(l.network.outputs[0]) == graph::Shape{1, 20, 6});
}

TEST_CASE("a reshape that tears partitions apart goes by device DRAM") {
    Net net;
    const Lowered l(net, net.reshape(net.relu(net.input({1, 6, 4, 5})), {1, 8, 15}));
    REQUIRE(l.kinds() == "relu store fetch transpose");  // the last turns rows of 15 round, as they leave
    CHECK(l.value(l.layer(1).output).scratch_elements == 120);
    CHECK(l.layer(2).inputs.at(0).value == l.layer(1).output.value);
    CHECK(l.written_by(2) == image({15}, 1, 8));
}

TEST_CASE("a slice is a walk that starts later and takes longer steps") {
    Net net;
    const TensorId x = net.input({1, 6, 4, 5});
    const Lowered l(
        net, net.op(Op::slice, {x},
                    {{"axes", Ints{1, 3}}, {"starts", Ints{1, 4}}, {"ends", Ints{6, -1}}, {"steps", Ints{2, -1}}}));
    REQUIRE(l.kinds() == "fetch");
    CHECK(last_walk(l).offset == 20 + 4);
    CHECK(last_walk(l).axes[1].at(0).extent == 3);
    CHECK(last_walk(l).axes[1].at(0).stride == 40);
    CHECK(last_walk(l).axes[3].at(0).extent == 5);
    CHECK(last_walk(l).axes[3].at(0).stride == -1);
}

TEST_CASE("parts of a split start one behind the other") {
    graph::GraphBuilder b("split", 1, true);
    const TensorId in = b.input("x", {1, 6, 4, 5}, DType::fp32);
    const auto parts = b.nodes(Op::split, "s", {in}, {{"axis", std::int64_t{1}}, {"split", Ints{2, 4}}}, {"a", "b"});
    const auto network =
        compiler::lower(b.finish({{parts[0], "a"}, {parts[1], "b"}}), DType::fp16, compiler::SlotGeometry{});
    REQUIRE(network.layers.size() == 2);
    CHECK(std::get<FetchOp>(network.layers[compiler::LayerId(0)].op).boxes[0].from.offset == 0);
    CHECK(std::get<FetchOp>(network.layers[compiler::LayerId(1)].op).boxes[0].from.offset == 40);
}

TEST_CASE("an expand repeats without a step, a tile as an outer factor") {
    Net net;
    const Lowered l(net, net.op(Op::expand, {net.input({1, 1, 4, 5})}, {{"shape", Ints{1, 3, 4, 5}}}));
    REQUIRE(l.kinds() == "fetch");
    CHECK(last_walk(l).axes[1].at(0).extent == 3);
    CHECK(last_walk(l).axes[1].at(0).stride == 0);
    Net tile;
    const Lowered t(tile, tile.op(Op::tile, {tile.input({1, 2, 4, 5})}, {{"repeats", Ints{1, 3, 1, 1}}}));
    REQUIRE(t.kinds() == "fetch");
    REQUIRE(last_walk(t).axes[1].size() == 2);
    CHECK(last_walk(t).axes[1][0].extent == 3);
    CHECK(last_walk(t).axes[1][0].stride == 0);
    CHECK(last_walk(t).axes[1][1].extent == 2);
    CHECK(last_walk(t).axes[1][1].stride == 20);
}

TEST_CASE("blocks move between depth and space by walks") {
    Net net;
    const Lowered l(net, net.op(Op::space_to_depth, {net.input({1, 1, 4, 4})}, {{"blocksize", std::int64_t{2}}}));
    CHECK(l.last().kind == "fetch");
    CHECK(compiler::shape_of(l.output()) == graph::Shape{1, 4, 2, 2});
    for (const char* mode : {"DCR", "CRD"}) {
        Net back;
        const Lowered b(back, back.op(Op::depth_to_space, {back.input({1, 8, 2, 2})},
                                      {{"blocksize", std::int64_t{2}}, {"mode", std::string(mode)}}));
        CHECK(compiler::shape_of(b.output()) == graph::Shape{1, 2, 4, 4});
    }
}

TEST_CASE("a pad picks elements again at edges, mirrors them, or fills") {
    const auto padded = [](const std::string& mode) {
        Net net;
        return Lowered(net,
                       net.op(Op::pad, {net.input({1, 1, 1, 4})},
                              {{"pads", Ints{0, 0, 0, 2, 0, 0, 0, 1}}, {"mode", mode}, {"value", 7.0}}),
                       through_dram());
    };
    const Lowered constant = padded("constant");
    REQUIRE(constant.kinds() == "fetch");
    const FetchOp& op = constant.op<FetchOp>(0);
    CHECK(*op.fill == 7.0F);
    REQUIRE(op.boxes.size() == 1);
    CHECK(op.boxes[0].start == graph::Shape{0, 0, 0, 2});
    const Lowered edge = padded("edge");  // 0 0 0 1 2 3 3
    CHECK_FALSE(edge.op<FetchOp>(0).fill);
    REQUIRE(edge.op<FetchOp>(0).boxes.size() == 3);
    CHECK(edge.op<FetchOp>(0).boxes[1].start[3] == 3);
    CHECK(edge.op<FetchOp>(0).boxes[1].from.offset == 1);
    CHECK(edge.op<FetchOp>(0).boxes[2].from.offset == 3);
    const Lowered reflect = padded("reflect");  // 2 1 0 | 1 2 3 | 2
    REQUIRE(reflect.op<FetchOp>(0).boxes.size() == 3);
    CHECK(reflect.op<FetchOp>(0).boxes[0].from.offset == 2);
    CHECK(reflect.op<FetchOp>(0).boxes[0].from.axes[3].at(0).stride == -1);
    CHECK(reflect.op<FetchOp>(0).boxes[1].start[3] == 3);
}

TEST_CASE("a gather by constant indices is one fetch, negative ones counted from the back") {
    graph::GraphBuilder b("gather", 1, true);
    const TensorId x = b.input("x", {1, 6, 4, 5}, DType::fp32);
    const TensorId indices = b.small("i", {3}, DType::i64, {0, 2, -1});
    const TensorId y = b.node(Op::gather, "g", {x, indices}, {{"axis", std::int64_t{1}}}, "y");
    const auto network = compiler::lower(b.finish({{y, "y"}}), DType::fp16, compiler::SlotGeometry{});
    REQUIRE(network.layers.size() == 1);
    const auto& boxes = std::get<FetchOp>(network.layers[compiler::LayerId(0)].op).boxes;
    REQUIRE(boxes.size() == 2);  // 0 and 2, then 5
    CHECK(boxes[0].from.axes[1].at(0).stride == 40);
    CHECK(boxes[1].from.offset == 100);
    CHECK(boxes[1].start[1] == 2);
}

TEST_CASE("a gather by computed indices is a product with ones where the index is the entry") {
    Net net;
    const TensorId x = net.input({1, 6, 4}), ids = net.ids(3);
    const Lowered l(net, net.op(Op::gather, {x, ids}, {{"axis", std::int64_t{1}}}));
    CHECK(l.kinds() == "fetch fetch gather fetch gather gather store fetch fetch matmul");
    CHECK(l.op<compiler::BinaryOp>(2).op == program::AluOp::equal);
    CHECK(l.op<compiler::BinaryOp>(5).op == program::AluOp::max);
    CHECK(l.last().macs == 3 * 6 * 4);
}

TEST_CASE("a tensor that no partition can address is refused, in the node or in the output that wants it") {
    Net node;
    const TensorId a = node.input({1, 3, 2, 70000}, "a"), b = node.input({1, 1, 2, 70000}, "b");
    const std::string why = refusal(node, node.binary(Op::sub, a, b));
    CHECK(why.find("node sub0 (sub)") != std::string::npos);
    CHECK(why.find("more than 65535 elements of one tensor on a partition") != std::string::npos);
    CHECK(why.find("[1,3,2,70000], [1,1,2,70000] -> [1,3,2,70000]") != std::string::npos);
    Net output;
    const TensorId x = output.input({1, 1, 2, 70000});
    const std::string wide = refusal(output, output.op(Op::expand, {x}, {{"shape", Ints{1, 2, 2, 70000}}}));
    CHECK(wide.find("output expand0") != std::string::npos);
    CHECK(wide.find("more than 65535 elements of one tensor on a partition") != std::string::npos);
}
