#include <cmath>
#include <utility>

#include <catch2/catch.hpp>

#include "compiler/ir/verify_network.hpp"
#include "compiler/lower/fuse_clips.hpp"
#include "support/tiny_network.hpp"

using namespace infsim;
using namespace infsim::compiler;

namespace {

ScalarOp clip(float low, float high) {
    return {{program::AluOp::max, low, graph::kNoTensor}, {program::AluOp::min, high, graph::kNoTensor}};
}

/// v0 -> conv -> v1 -> clip -> v2 -> relu -> v3.
test::TinyNetwork clipped(float low, float high) {
    auto tiny = test::tiny_network();
    tiny.layer(1).op = clip(low, high);
    tiny.layer(2).op = UnaryOp{program::ActFunction::relu};
    tiny.layer(2).inputs = {{ValueId(2), 0, 1}};
    return tiny;
}

}  // namespace

TEST_CASE("a clip from zero goes into the convolution that it alone reads") {
    auto tiny = clipped(0, 6);
    CHECK(has_clips(tiny.network));
    CHECK(fuse_clips(tiny.network) == 1);
    CHECK_FALSE(has_clips(tiny.network));
    REQUIRE(tiny.network.layers.size() == 2);
    const Layer& conv = tiny.layer(0);
    CHECK(std::get<ConvOp>(conv.op).limit == 6.0F);
    CHECK(conv.output.value == ValueId(2));
    CHECK(verify(tiny.network, tiny.graph).empty());
}

TEST_CASE("a clip stays where it begins elsewhere or never ends") {
    for (const auto& [low, high] : {std::pair{-1.0F, 6.0F}, {0.0F, INFINITY}, {0.0F, -1.0F}}) {
        auto tiny = clipped(low, high);
        CHECK_FALSE(has_clips(tiny.network));
        CHECK(fuse_clips(tiny.network) == 0);
        CHECK(tiny.network.layers.size() == 3);
    }
}

TEST_CASE("a clip stays behind a convolution that others read, that leaves, or that does something else at its end") {
    auto read = clipped(0, 6);
    read.layer(2).op = BinaryOp{};
    read.layer(2).inputs = {{ValueId(1), 0, 1}, {ValueId(2), 0, 1}};
    CHECK(fuse_clips(read.network) == 0);
    auto leaves = clipped(0, 6);
    leaves.network.outputs[0].value = ValueId(1);
    CHECK(fuse_clips(leaves.network) == 0);
    auto function = clipped(0, 6);
    std::get<ConvOp>(function.layer(0).op).function = program::ActFunction::tanh;
    CHECK(fuse_clips(function.network) == 0);
}
