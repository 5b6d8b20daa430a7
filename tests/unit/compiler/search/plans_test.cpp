// Plans of small networks.
#include <catch2/catch.hpp>

#include "compiler/search/plans.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

/// 2 channels -> 8 -> 8 in 8 groups, 3 x 3 -> 2, planes of 28 x 28: images of the wide tensors take 1568 bytes of 4096.
HandMade widened() {
    HandMade h;
    h.batch = 2;
    const ValueId x = h.input("x", {2}, 28, 28), wide = h.value("wide", {4, 4}, 28, 28);
    const ValueId grouped = h.value("grouped", {4, 4}, 28, 28), y = h.value("y", {2}, 28, 28);
    h.layer(ConvOp{}, {x}, wide);
    ConvOp op;
    op.kernel_rows = op.kernel_cols = 3;
    op.pad_top = op.pad_left = 1;
    op.groups = 8;
    h.layer(op, {wide}, grouped);
    h.layer(ConvOp{}, {grouped}, y);
    h.output(y);
    return h;
}

std::vector<Plan> plans_of(const HandMade& h) { return plans(h.network, h.target, h.batch, h.dtype, h.options); }

}  // namespace

TEST_CASE("behind the fastest plan comes one with stripes around a convolution in groups that takes much room") {
    const std::vector<Plan> list = plans_of(widened());
    REQUIRE(list.size() > 2);
    CHECK(list[0].sections.empty());
    // A twelfth of 4096 bytes are 6 rows of 56 bytes of the input, 4 of the output.
    CHECK(list[1].sections == std::vector<Section>{{0, 3, 0, 4, true}});
    CHECK(list[2].sections.empty());
}

TEST_CASE("no stripes around groups where there is room, where others read what lies between, or without the option") {
    HandMade h = widened();
    h.options.stripe_groups = false;
    CHECK(plans_of(h)[1].sections.empty());
    h = widened();
    h.batch = 1;  // 1568 of 4096 bytes
    CHECK(plans_of(h).at(1).sections.empty());
    h = widened();
    h.output(ValueId(1));
    CHECK(plans_of(h)[1].sections.empty());
}

TEST_CASE("layers in front of the stripes and behind them run on the whole batch") {
    HandMade h = widened();
    h.output(ValueId(2));  // the last convolution cannot run fused
    h.network.outputs.erase(h.network.outputs.begin());
    CHECK(plans_of(h)[1].sections == std::vector<Section>{{0, 2, 0, 4, true}, {2, 3}});
}
