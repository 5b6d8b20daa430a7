// The order of layers between two cuts, chosen for the smallest peak of live bytes.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "compiler/lower/lower.hpp"
#include "compiler/lower/stem.hpp"
#include "compiler/schedule/order.hpp"
#include "compiler/search/plans.hpp"
#include "support/graphs.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::CompileOptions;
using compiler::Network;

namespace {

std::vector<std::string> names(const Network& network) {
    std::vector<std::string> list;
    for (const auto& layer : network.layers) list.push_back(layer.name);
    return list;
}

}  // namespace

TEST_CASE("the shortcut of a projection block runs after the layers that make the image small") {
    Net net;
    const TensorId x = net.relu(net.input({1, 256, 28, 28}));
    const TensorId shortcut = net.conv(x, 512, Window::square(1, 2));
    const TensorId a = net.relu(net.conv(x, 128, Window::square(1)));
    const TensorId b = net.relu(net.conv(a, 128, Window::square(3, 2, 1)));
    const TensorId c = net.conv(b, 512, Window::square(1));
    const auto graph = net.finish({net.relu(net.add(c, shortcut))});
    Network network = compiler::lower(graph, DType::fp16, compiler::SlotGeometry{});
    CHECK(names(network) == std::vector<std::string>{"relu0", "conv1", "conv2", "conv4", "conv6"});
    compiler::reorder(network, 4, true);
    CHECK(names(network) == std::vector<std::string>{"relu0", "conv2", "conv4", "conv1", "conv6"});
}

TEST_CASE("where no order is better the model's order stays") {
    Net net;
    const TensorId x = net.relu(net.input({1, 64, 8, 8}));
    const TensorId a = net.relu(net.conv(x, 64, Window::square(1))), b = net.relu(net.conv(x, 64, Window::square(1)));
    const auto graph = net.finish({net.relu(net.binary(graph::Op::mul, a, b))});
    Network network = compiler::lower(graph, DType::fp16, compiler::SlotGeometry{});
    const auto before = names(network);
    compiler::reorder(network, 4, true);
    CHECK(names(network) == before);
}

TEST_CASE("an order never puts a layer before what it reads") {
    Net net;
    TensorId x = net.relu(net.input({1, 32, 9, 9}));
    for (int k = 0; k < 3; ++k)
        x = net.concat(
            {net.relu(net.conv(x, 64, Window::square(3, 1, 1))), net.relu(net.conv(x, 65, Window::square(1))), x});
    Network network = compiler::lower(net.finish({x}), DType::fp16, compiler::SlotGeometry{});
    compiler::reorder(network, 3, true);
    IdVector<compiler::ValueId, bool> written(network.values.size(), false);
    IdVector<compiler::ValueId, int> writers(network.values.size(), 0);
    for (const auto& layer : network.layers) ++writers[layer.output.value];
    for (const auto& layer : network.layers) {
        for (const auto& in : layer.inputs) {
            CHECK((network.values[in.value].input != graph::kNoTensor || written[in.value]));
        }
        // A concatenation is there when its last part is.
        const auto out = layer.output.value;
        if (--writers[out] == 0) written[out] = true;
    }
}

TEST_CASE("the stem ends at the first pool, at a second reader and at what the host receives") {
    const auto length = [](Net& net, const std::vector<TensorId>& outputs) {
        return compiler::stem_length(compiler::lower(net.finish(outputs), DType::fp16, compiler::SlotGeometry{}));
    };
    Net pooled;
    TensorId x = pooled.relu(pooled.conv(pooled.input({1, 3, 32, 32}), 8, Window::square(3)));
    x = pooled.relu(pooled.conv(x, 8, Window::square(3)));
    CHECK(length(pooled, {pooled.conv(pooled.max_pool(x, Window::square(2, 2)), 8, Window::square(1))}) == 3);

    Net unpooled;
    x = unpooled.conv(unpooled.input({1, 3, 32, 32}), 8, Window::square(3));
    CHECK(length(unpooled, {unpooled.conv(x, 8, Window::square(3))}) == 1);

    Net branched;
    x = branched.conv(branched.input({1, 3, 32, 32}), 8, Window::square(3));
    CHECK(length(branched, {branched.max_pool(x, Window::square(2, 2)), branched.conv(x, 8, Window::square(3))}) == 1);

    Net sent;
    x = sent.conv(sent.input({1, 3, 32, 32}), 8, Window::square(3));
    CHECK(length(sent, {x, sent.max_pool(x, Window::square(2, 2))}) == 1);

    Net tokens;
    CHECK(length(tokens, {tokens.project(tokens.input({1, 7, 32}), 8)}) == 0);
}
