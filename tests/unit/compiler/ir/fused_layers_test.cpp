// Which rows layers need, and which of them can run fused.
#include <catch2/catch.hpp>

#include "compiler/ir/fused_layers.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

void check(const RowRange& rows, int lo, int hi) {
    CHECK(rows.lo == lo);
    CHECK(rows.hi == hi);
}

ConvOp three_rows() {
    ConvOp conv;
    conv.kernel_rows = 3;
    conv.pad_top = 1;
    return conv;
}

/// A convolution over three rows with padding, and a maximum over two rows of stride two.
HandMade convolved_and_pooled() {
    HandMade h;
    const ValueId x = h.input("x", {1}, 4, 1), a = h.value("a", {1}, 4, 1), y = h.value("y", {1}, 2, 1);
    h.layer(three_rows(), {x}, a);
    PoolOp pool;
    pool.kernel_rows = pool.stride_rows = 2;
    h.layer(pool, {a}, y);
    return h;
}

/// a = conv(x), b = conv(a), y = conv(b) + a, over eight rows.
HandMade residual() {
    HandMade h;
    const ValueId x = h.input("x", {1}, 8, 1), a = h.value("a", {1}, 8, 1), b = h.value("b", {1}, 8, 1);
    h.layer(three_rows(), {x}, a);
    h.layer(three_rows(), {a}, b);
    ConvOp adding = three_rows();
    adding.residual = h.part(a);
    h.layer(adding, {b, a}, h.value("y", {1}, 8, 1));
    return h;
}

bool fuses(const HandMade& h, int first, int end) {
    return can_fuse(h.network, NetworkRows(h.network), LayerId(first), LayerId(end));
}

/// The output of a layer that moves rows: `walks` from the first element of a plane of 4 x 3 to one of `rows` x 3.
HandMade moved(int rows, std::vector<ArrangeOp::Piece> pieces) {
    HandMade h;
    const ValueId x = h.input("x", {1}, 4, 3), y = h.value("y", {1}, rows, 3);
    ArrangeOp op;
    op.pieces = std::move(pieces);
    h.layer(op, {x}, y);
    return h;
}

}  // namespace

TEST_CASE("rows that a stripe needs widen from layer to layer up to the borders") {
    const HandMade h = convolved_and_pooled();
    const NetworkRows rows(h.network);
    const FusedLayers fused(h.network, rows, LayerId(0), LayerId(2));
    REQUIRE(fused.items().size() == 3);
    CHECK(fused.rows() == 2);
    const auto first = fused.needed({0, 1}, {0, 0, 0}, false);
    check(first[2], 0, 1);
    check(first[1], 0, 2);
    check(first[0], 0, 3);
    const auto second = fused.needed({1, 2}, {0, 0, 0}, false);
    check(second[1], 2, 4);
    check(second[0], 1, 4);
}

TEST_CASE("rows that only rows which are there already read are not needed") {
    const HandMade h = convolved_and_pooled();
    const NetworkRows rows(h.network);
    const FusedLayers fused(h.network, rows, LayerId(0), LayerId(2));
    const auto second = fused.needed({1, 2}, {3, 3, 1}, true);
    check(second[1], 2, 4);  // both rows of the maximum
    check(second[0], 2, 4);  // of the convolution row 3 is new, not row 2
    // A reader with nothing to do still holds the row before its next one.
    CHECK(fused.needed({0, 1}, {3, 3, 1}, true)[1].count() == 2);
}

TEST_CASE("what several layers read must have the rows of all of them") {
    const HandMade h = residual();
    const NetworkRows rows(h.network);
    const FusedLayers fused(h.network, rows, LayerId(0), LayerId(3));
    REQUIRE(fused.items().size() == 4);
    CHECK(fused.items()[1].streams);
    CHECK(fused.items()[2].streams);
    CHECK(!fused.items()[3].streams);
    const auto second = fused.needed({2, 4}, {4, 4, 3, 2}, true);
    check(second[3], 2, 4);
    check(second[2], 1, 5);
    check(second[1], 2, 6);  // rows 3 and 4 of b read 2 to 5; rows 2 and 3 are added
}

TEST_CASE("what the host or a later layer reads is made row after row, to its end") {
    HandMade h = residual();
    h.output(ValueId(1));
    const NetworkRows rows(h.network);
    const FusedLayers fused(h.network, rows, LayerId(0), LayerId(3));
    CHECK(!fused.items()[1].streams);
    const auto middle = fused.needed({2, 4}, {6, 4, 3, 2}, true);
    check(middle[1], 4, 6);  // its next rows
    const auto last = fused.needed({6, 8}, {8, 6, 7, 6}, true);
    check(last[1], 6, 8);
}

TEST_CASE("layers run fused if they work by rows and somebody among them reads what they make") {
    CHECK(fuses(residual(), 0, 3));
    CHECK(fuses(residual(), 0, 2) == false);  // a is read outside, so nothing streams
    CHECK(!fuses(residual(), 0, 1));
    HandMade h = residual();
    h.network.stem_layers = 1;
    CHECK(!fuses(h, 0, 3));  // the stem has its own stripes
    CHECK(!fuses(h, 1, 3) == false);
    HandMade softmax = residual();
    softmax.network.layers[LayerId(1)].op = SoftmaxOp{};
    CHECK(!fuses(softmax, 0, 3));
    HandMade one_row = residual();
    one_row.network.values[ValueId(3)].phys.rows = 1;
    CHECK(!fuses(one_row, 0, 3));
}

TEST_CASE("scalars of a channel must be there as a whole; a concatenation that grows cannot stream") {
    HandMade h;
    const ValueId x = h.input("x", {1}, 4, 1), s = h.value("s", {1}, 4, 1), a = h.value("a", {1}, 4, 1);
    h.layer(three_rows(), {x}, s);
    ScalarOp by;
    by.first = {program::AluOp::multiply, 0, graph::kNoTensor, 1};
    h.layer(by, {x, s}, a);
    CHECK(!fuses(h, 0, 2));

    HandMade growing;  // the second slot of v is made of the first one
    const ValueId in = growing.input("x", {64}, 4, 1), v = growing.value("v", {64, 64}, 4, 1);
    growing.layer(three_rows(), {in}, v).output = {v, 0, 1};
    growing.layer(three_rows(), {v}, v).output = {v, 1, 1};
    CHECK(!fuses(growing, 0, 2));
}

TEST_CASE("rows of moved elements: doubled, cut, and turned upside down") {
    using Walk = ArrangeOp::Walk;
    const auto reads = [](const HandMade& h) { return NetworkRows(h.network).reads[LayerId(0)][0]; };
    const std::vector<Walk> even{{4, 3, 6}, {3, 1, 1}};
    const auto doubled = reads(moved(8, {{0, 0, 0, even}, {0, 0, 3, even}}));
    REQUIRE(doubled);
    check(doubled->of({2, 5}, 4), 1, 3);
    const auto cut = reads(moved(2, {{0, 3, 0, {{6, 1, 1}}}}));  // rows 1 and 2, element by element
    REQUIRE(cut);
    check(cut->of({0, 1}, 4), 1, 2);
    check(cut->of({0, 2}, 4), 1, 3);
    CHECK(!reads(moved(4, {{0, 9, 0, {{4, -3, 3}, {3, 1, 1}}}})));  // later rows need earlier ones
    CHECK(!reads(moved(6, {{0, 0, 3, {{12, 1, 1}}}})));             // nothing for the first row
}
