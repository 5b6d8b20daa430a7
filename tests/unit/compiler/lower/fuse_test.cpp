// Which nodes disappear into the evacuation of PSUM behind a matmul, and which must not.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "compiler/lower/fuse.hpp"
#include "support/graphs.hpp"

using namespace infsim;
using namespace infsim::test;
using graph::Graph;
using graph::Op;
using program::ActFunction;

namespace {

std::string name_of(const Graph& g, TensorId id) { return id == graph::kNoTensor ? "" : g.tensor(id).name; }

/// The fusion whose result is the tensor `result`; fails when there is none.
compiler::Fusion fusion_of(const Graph& g, const std::string& result) {
    for (const auto& fusion : compiler::plan_fusion(g).by_last)
        if (fusion && name_of(g, g.nodes[fusion->last.index()].outputs[0]) == result) return *fusion;
    FAIL("nothing fused ends in " << result);
    return {};
}

std::string head_of(const Graph& g, const compiler::Fusion& f) { return g.nodes[f.head.index()].name; }

}  // namespace

TEST_CASE("a ReLU goes into the evacuation of the convolution before it") {
    Net net;
    const TensorId conv = net.conv(net.input({1, 3, 8, 8}), 16, Window::square(3)), y = net.relu(conv);
    const Graph g = net.finish({y});
    const auto f = fusion_of(g, net.name(y));
    CHECK(head_of(g, f) == net.name(conv));
    CHECK(f.function == ActFunction::relu);
    CHECK(compiler::plan_fusion(g).covered.items() == std::vector<bool>{true, false});
}

TEST_CASE("a constant per channel that is added behind a convolution without bias is its bias") {
    Net net;
    const TensorId conv = net.conv(net.input({1, 3, 8, 8}), 16, Window::square(3), false);
    const TensorId bias = net.constant({16, 1, 1}), y = net.relu(net.add(conv, bias));
    const Graph g = net.finish({y});
    const auto f = fusion_of(g, net.name(y));
    CHECK(name_of(g, f.bias) == net.name(bias));
    CHECK(f.function == ActFunction::relu);
}

TEST_CASE("a constant per column is no bias") {
    Net net;
    const TensorId conv = net.conv(net.input({1, 3, 16, 16}), 16, Window::square(1), false);
    const Graph g = net.finish({net.add(conv, net.constant({1, 16}))});
    const auto f = fusion_of(g, net.name(conv));
    CHECK(f.bias == graph::kNoTensor);
    CHECK(f.last == f.head);
}

TEST_CASE("a residual and the ReLU behind it go into the evacuation") {
    Net net;
    const TensorId x = net.relu(net.input({1, 16, 8, 8})), conv = net.conv(x, 16, Window::square(3, 1, 1));
    const TensorId y = net.relu(net.add(x, conv));
    const Graph g = net.finish({y});
    const auto f = fusion_of(g, net.name(y));
    CHECK(head_of(g, f) == net.name(conv));
    CHECK(name_of(g, f.residual) == net.name(x));
    CHECK(f.relu_after_add);
    CHECK(f.function == ActFunction::identity);
}

TEST_CASE("of two convolutions that are added the deeper one takes the add, whichever operand it is") {
    for (const bool deep_first : {true, false}) {
        Net net;
        const TensorId x = net.input({1, 16, 8, 8});
        const TensorId shortcut = net.conv(x, 32, Window::square(1));
        const TensorId deep = net.conv(net.relu(net.conv(x, 16, Window::square(1))), 32, Window::square(1));
        const TensorId y = net.relu(deep_first ? net.add(deep, shortcut) : net.add(shortcut, deep));
        const Graph g = net.finish({y});
        const auto f = fusion_of(g, net.name(y));
        CHECK(head_of(g, f) == net.name(deep));
        CHECK(name_of(g, f.residual) == net.name(shortcut));
        CHECK(fusion_of(g, net.name(shortcut)).residual == graph::kNoTensor);
    }
}

TEST_CASE("what somebody else reads too, or the host, is not swallowed") {
    Net read_twice;
    const TensorId a = read_twice.conv(read_twice.input({1, 3, 8, 8}), 16, Window::square(3));
    const Graph g = read_twice.finish({read_twice.relu(a), read_twice.unary(Op::sigmoid, a)});
    CHECK(fusion_of(g, read_twice.name(a)).function == ActFunction::identity);

    Net sent;
    const TensorId b = sent.conv(sent.input({1, 3, 8, 8}), 16, Window::square(3));
    const Graph h = sent.finish({b, sent.relu(b)});
    CHECK(fusion_of(h, sent.name(b)).function == ActFunction::identity);
}

TEST_CASE("only a ReLU follows a residual add in one evacuation, any function a plain one") {
    Net net;
    const TensorId x = net.input({1, 5, 64});
    const TensorId wide = net.unary(Op::gelu, net.project(x, 128)), sum = net.add(net.project(wide, 64), x);
    const Graph g = net.finish({net.unary(Op::gelu, sum)});
    CHECK(fusion_of(g, net.name(wide)).function == ActFunction::gelu);
    const auto f = fusion_of(g, net.name(sum));
    CHECK(f.function == ActFunction::identity);
    CHECK(!f.relu_after_add);
}

TEST_CASE("a fusion loses its nodes from behind: function, residual, bias") {
    Net net;
    const TensorId x = net.relu(net.input({1, 16, 8, 8})), conv = net.conv(x, 16, Window::square(3, 1, 1), false);
    const TensorId biased = net.add(conv, net.constant({16, 1, 1})), sum = net.add(biased, x), y = net.relu(sum);
    const Graph g = net.finish({y});
    const auto whole = fusion_of(g, net.name(y));
    REQUIRE(whole.residual != graph::kNoTensor);
    const compiler::NodeId last = whole.last;
    const auto plain = compiler::without(whole, Op::relu, last.next(-1));
    CHECK_FALSE(plain.relu_after_add);
    CHECK(plain.residual == whole.residual);
    const auto alone = compiler::without(plain, Op::add, last.next(-2));
    CHECK(alone.residual == graph::kNoTensor);
    CHECK(alone.bias == whole.bias);
    const auto head = compiler::without(alone, Op::add, whole.head);
    CHECK(head.bias == graph::kNoTensor);
    CHECK(head.last == whole.head);
}
