// The table of operators, prospects, layouts, copies of inputs, and the stem.
#include <catch2/catch.hpp>

#include "compiler/lower/operators.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/replicate.hpp"
#include "compiler/lower/stem.hpp"
#include "compiler/lower/tensors.hpp"
#include "graph/op_spec.hpp"
#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::Dim;
using compiler::Layout;
using compiler::Prospect;
using graph::Op;

TEST_CASE("every operator of the graph has a direct or a general way") {
    for (const auto& spec : graph::op_specs()) {
        const compiler::Operator row = compiler::operator_for(spec.op);
        CAPTURE(spec.name);
        CHECK(row.op == spec.op);
        CHECK((row.direct.can != nullptr || row.general.lower != nullptr));
        CHECK((row.direct.can != nullptr) == (row.direct.lower != nullptr));
    }
}

TEST_CASE("operators that are no function of ACT are not taken for one") {
    CHECK(compiler::act_function(Op::tanh) == program::ActFunction::tanh);
    CHECK_FALSE(compiler::act_function(Op::identity));
    CHECK_FALSE(compiler::act_function(Op::neg));
    CHECK_FALSE(compiler::act_function(Op::add));
}

TEST_CASE("an image lies with channels on partitions, tokens with their last axis, anything else with its longest") {
    CHECK(compiler::default_layout({1, 70, 4, 5}, 64).phys == image({64, 6}, 4, 5));
    CHECK(compiler::default_layout({1, 5, 12}, 64).phys == image({12}, 1, 5));
    CHECK(compiler::default_layout({7, 1}, 64).phys == image({7}, 1, 1));
    CHECK(compiler::default_layout({2, 3, 4, 5}, 64).phys == image({3}, 1, 40));
    CHECK(compiler::default_layout({1, 2, 9, 3, 4}, 64).phys == image({9}, 1, 24));
    CHECK(compiler::default_layout({}, 64).phys == image({1}, 1, 1));
}

TEST_CASE("a long plane lies in rows of its innermost axis, or of a part of that") {
    const Layout planes = compiler::default_layout({1, 64, 8, 56, 56}, 64);
    CHECK(planes.phys == image({64}, 8 * 56, 56));
    CHECK(planes.axes[2] == std::vector<compiler::Factor>{{Dim::row, 8, 56}});
    CHECK(planes.axes[3] == std::vector<compiler::Factor>{{Dim::row, 56, 1}});
    CHECK(planes.axes[4] == std::vector<compiler::Factor>{{Dim::col, 56, 1}});
    const Layout line = compiler::lanes_layout({1, 8, 32768}, 1, {0, 1, 2}, 64);
    CHECK(line.phys == image({8}, 32, 1024));
    CHECK(line.axes[2] == std::vector<compiler::Factor>{{Dim::row, 32, 1}, {Dim::col, 1024, 1}});
    CHECK(compiler::lanes_layout({1, 8, 10007}, 1, {0, 1, 2}, 64).phys == image({8}, 1, 10007));  // a prime
    CHECK(compiler::lanes_layout({1, 8, 8192}, 1, {0, 1, 2}, 64).phys == image({8}, 1, 8192));
    CHECK(compiler::default_layout({1, 3, 4, 40000}, 64).phys == image({3}, 4, 40000));
}

TEST_CASE("heads have slots of their own, lanes where one slot is enough") {
    const Layout one = compiler::head_layout(3, 20, 7, 64);
    CHECK(one.phys == image({20, 20, 20}, 1, 7));
    CHECK(one.axes[0][0].step == 1);
    CHECK(one.axes[1][0].dim == Dim::lane);
    const Layout two = compiler::head_layout(2, 70, 7, 64);
    CHECK(two.phys == image({64, 6, 64, 6}, 1, 7));
    CHECK(two.axes[0][0].step == 2);
    CHECK(two.axes[1][0].dim == Dim::channel);
}

TEST_CASE("lanes beyond two slots are folded into rows where their number has a divisor") {
    const auto folded =
        compiler::folded_layout({1, 7000, 3}, 1, {0, 1, 2}, compiler::SlotGeometry{});  // 125 of 7000 = 2^3 5^3 7
    REQUIRE(folded);
    CHECK(folded->phys == image({64, 61}, 56, 3));
    CHECK(folded->axes[1] == std::vector<compiler::Factor>{{Dim::row, 56, 1}, {Dim::channel, 125, 1}});
    CHECK(folded->axes[2] == std::vector<compiler::Factor>{{Dim::col, 3, 1}});
    CHECK_FALSE(compiler::folded_layout({1, 7001, 3}, 1, {0, 1, 2}, compiler::SlotGeometry{}));  // a prime
}

TEST_CASE("a plane of 65535 elements is the longest that a partition can address, but for images of short rows") {
    Layout layout;
    layout.phys = image({1}, 1, 65535);
    CHECK(compiler::is_addressable(layout));
    layout.phys.cols = 65536;
    CHECK_FALSE(compiler::is_addressable(layout));
    layout.phys = image({1}, 300, 300);
    CHECK(compiler::is_addressable(layout));
    layout.phys = image({1}, 2, 65536);
    CHECK_FALSE(compiler::is_addressable(layout));
}

TEST_CASE("a prospect turns lanes and columns of each head, and says where it cannot") {
    const Prospect heads = compiler::prospect_of(compiler::head_layout(2, 8, 5, 64), DType::fp16);
    const auto turned = compiler::transposed(heads, 2, 64);
    REQUIRE(turned);
    CHECK(turned->full == image({5, 5}, 1, 8));
    CHECK(turned->view.axes[1].at(0).dim == Dim::col);
    CHECK(turned->view.axes[2].at(0).dim == Dim::lane);
    CHECK_FALSE(turned->view.value.exists());
    CHECK_FALSE(compiler::transposed(heads, 3, 64));  // two slots are not three heads
    CHECK_FALSE(compiler::transposed(compiler::prospect_of(compiler::default_layout({1, 3, 4, 5}, 64), DType::fp16), 1,
                                     64));  // rows
}

TEST_CASE("looking at a tensor changes nothing and foretells what bringing it on chip does") {
    Net net;
    const TensorId x = net.relu(net.input({1, 4, 6})), c = net.constant({1, 4, 6});
    const graph::Graph g = net.finish({net.add(x, c)});
    const compiler::CompileOptions options;
    compiler::Lowering low(g, DType::fp16, compiler::SlotGeometry{}, options);
    low.node = &g.nodes[0];
    const TensorId constant = g.nodes[1].inputs[1];
    REQUIRE(low.source.is_constant(constant));
    const auto seen = compiler::look(low, constant);
    REQUIRE(seen);
    CHECK(low.net.values.empty());
    CHECK(low.net.layers.empty());
    const compiler::View view = compiler::view_of(low, constant);
    CHECK(low.net.layers.size() == 1);
    CHECK(low.value(view).phys == seen->full);
    CHECK(low.value(view).dtype == seen->dtype);
    CHECK(view.axes == seen->view.axes);
    CHECK_FALSE(compiler::look(low, graph::kNoTensor));
    CHECK_FALSE(compiler::look(low, g.nodes[0].outputs[0]));  // not lowered yet
}

TEST_CASE("copies of a graph input, one per filter row, go in front of its convolution") {
    Net net;
    Lowered l(net, net.conv(net.input({1, 3, 9, 8}), 16, {7, 5, 2, 1, {3, 2, 3, 2}, 1, 1}));
    compiler::replicate_inputs(l.network);
    REQUIRE(l.kinds() == "replicate conv");
    const auto& copies = l.op<compiler::ReplicateOp>(0);
    CHECK(copies.replicas == 7);
    CHECK(copies.stride == 2);
    CHECK(copies.dilation == 1);
    CHECK(copies.pad == 3);
    CHECK(l.written_by(0) == image({21}, 5, 8));
    const auto& conv = l.op<compiler::ConvOp>(1);
    CHECK(conv.weight.replicas == 7);
    CHECK(conv.weight.replica_step == 5);
    CHECK(conv.kernel_rows == 1);
    CHECK(conv.stride_rows == 1);
    CHECK(conv.pad_top == 0);
    CHECK(conv.kernel_cols == 5);
    CHECK(l.layer(1).inputs[0].value == l.layer(0).output.value);
}

TEST_CASE("copies of short rows hold all of them, and the convolution steps over what the copies left out before") {
    const auto network = [](std::int64_t whole_from) {
        Net net;
        Lowered l(net, net.conv(net.input({1, 3, 9, 8}), 16, {7, 5, 2, 1, {3, 2, 3, 2}, 1, 1}));
        compiler::replicate_inputs(l.network, whole_from);
        return l;
    };
    const Lowered long_rows = network(32);  // as many bytes as two rows of eight fp16
    CHECK(long_rows.op<compiler::ReplicateOp>(0).stride == 2);
    const Lowered short_rows = network(33);
    CHECK(short_rows.op<compiler::ReplicateOp>(0).stride == 1);
    CHECK(short_rows.op<compiler::ReplicateOp>(0).pad == 3);
    CHECK(short_rows.written_by(0) == image({21}, 9, 8));
    CHECK(short_rows.op<compiler::ConvOp>(1).stride_rows == 2);
    CHECK(short_rows.op<compiler::ConvOp>(1).kernel_rows == 1);
}

TEST_CASE("copies that do not fit a slot are not made") {
    Net net;
    Lowered l(net, net.conv(net.input({1, 10, 9, 8}), 16, Window::square(7, 1, 3)));
    compiler::replicate_inputs(l.network);
    CHECK(l.kinds() == "conv");
}

TEST_CASE("the stem runs from the input to the first pool, or over the first convolution") {
    Net pool;
    const TensorId x = pool.conv(pool.conv(pool.input({1, 3, 16, 16}), 8, Window::square(3)), 8, Window::square(3));
    CHECK(compiler::stem_length(Lowered(pool, pool.relu(pool.max_pool(x, Window::square(2, 2)))).network) == 3);
    Net conv;
    const TensorId y = conv.conv(conv.conv(conv.input({1, 3, 16, 16}), 8, Window::square(3)), 8, Window::square(3));
    CHECK(compiler::stem_length(Lowered(conv, y).network) == 1);
    Net vector;
    CHECK(compiler::stem_length(Lowered(vector, vector.dense(vector.input({1, 8}), 4)).network) == 0);
}
