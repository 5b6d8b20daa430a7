#include <catch2/catch.hpp>

#include "compiler/ir/verify_network.hpp"
#include "compiler/lower/drop_unread.hpp"
#include "support/tiny_network.hpp"

using namespace infsim;
using namespace infsim::compiler;

namespace {

std::vector<std::string> names(const Network& network) {
    std::vector<std::string> list;
    for (const Layer& layer : network.layers) list.push_back(layer.name);
    return list;
}

}  // namespace

TEST_CASE("layers that all lead to an output stay, in their order") {
    auto tiny = test::tiny_network();
    drop_unread(tiny.network);
    CHECK(names(tiny.network) == std::vector<std::string>{"conv", "relu", "add"});
}

TEST_CASE("a layer that nobody reads goes, and what only it reads") {
    auto tiny = test::tiny_network();
    const Part conv{ValueId(1), 0, 1};
    tiny.network.values.push_back({"unread", {{4}, 3, 3}, DType::fp16});
    tiny.network.values.push_back({"unread too", {{4}, 3, 3}, DType::fp16});
    tiny.network.layers.push_back({"exp", "exp", UnaryOp{program::ActFunction::exp}, {conv}, {ValueId(4), 0, 1}});
    tiny.network.layers.push_back(
        {"log", "log", UnaryOp{program::ActFunction::log}, {{ValueId(4), 0, 1}}, {ValueId(5), 0, 1}});
    drop_unread(tiny.network);
    CHECK(names(tiny.network) == std::vector<std::string>{"conv", "relu", "add"});
    CHECK(verify(tiny.network, tiny.graph).empty());
}
