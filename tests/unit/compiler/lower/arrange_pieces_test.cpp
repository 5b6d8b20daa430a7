// Index lists as runs, and the copies that fill one layout from another.
#include <catch2/catch.hpp>

#include "compiler/lower/arrange_pieces.hpp"

using namespace infsim;
using namespace infsim::compiler;

namespace {

using Ints = std::vector<std::int64_t>;

/// "at first*count step repeat" of every run.
std::string text(const std::vector<IndexRun>& runs) {
    std::string all;
    for (const IndexRun& r : runs)
        all += (all.empty() ? "" : ", ") + std::to_string(r.at) + ": " + std::to_string(r.count) + " from " +
               std::to_string(r.first) + " by " + std::to_string(r.step) + " x" + std::to_string(r.repeat);
    return all;
}
/// "from>to count*from:to .." of every piece.
std::string text(const std::optional<std::vector<ArrangeOp::Piece>>& pieces) {
    if (!pieces) return "none";
    std::string all;
    for (const auto& p : *pieces) {
        all += (all.empty() ? "" : ", ") + std::to_string(p.from) + ">" + std::to_string(p.to);
        for (const auto& w : p.walks)
            all += " " + std::to_string(w.count) + "*" + std::to_string(w.from) + ":" + std::to_string(w.to);
    }
    return all;
}

/// Channels on partitions, rows and columns.
Layout image(int channels, int rows, int cols) {
    return {{{channels}, rows, cols},
            without_units({{}, {{Dim::channel, channels}}, {{Dim::row, rows}}, {{Dim::col, cols}}})};
}
/// Channels on partitions last, tokens in columns.
Layout tokens(int count, int channels) {
    return {{{channels}, 1, count}, without_units({{}, {{Dim::col, count}}, {{Dim::channel, channels}}})};
}
AxisSource picks(const Ints& list) { return {false, false, index_runs(list)}; }

}  // namespace

TEST_CASE("an index list becomes runs of equal steps and equal repetitions") {
    CHECK(text(index_runs({3, 4, 5})) == "0: 3 from 3 by 1 x1");
    CHECK(text(index_runs({0, 2, 4})) == "0: 3 from 0 by 2 x1");
    CHECK(text(index_runs({0, 0, 1, 1, 2, 2})) == "0: 3 from 0 by 1 x2");
    CHECK(text(index_runs({-1, -1, 0, 1, -1})) == "2: 2 from 0 by 1 x1");
    CHECK(text(index_runs({0, 0, 0, 1, 2, 2})) == "0: 1 from 0 by 1 x3, 3: 1 from 1 by 1 x1, 4: 1 from 2 by 1 x2");
}

TEST_CASE("an index list that goes backwards is one run for each index") {
    CHECK(text(index_runs({2, 1})) == "0: 1 from 2 by 1 x1, 1: 1 from 1 by 1 x1");
}

TEST_CASE("outputs of equal weight make up runs with gaps") {
    const auto groups = weighted_runs({0, 0, 0, 1, 1}, {0.25F, 0.75F, 0.25F, 0.75F, 0.25F});
    REQUIRE(groups.size() == 2);
    CHECK(groups[0].weight == 0.25F);
    REQUIRE(groups[0].runs.size() == 2);  // outputs 0 and 2 of element 0, output 4 of element 1
    CHECK(groups[0].runs[0].stride == 2);
    CHECK(groups[0].runs[0].step == 0);
    CHECK(groups[0].runs[1].at == 4);
    REQUIRE(groups[1].runs.size() == 1);  // outputs 1 and 3 of elements 0 and 1
    CHECK(groups[1].runs[0].step == 1);
    CHECK(groups[1].runs[0].count == 2);
}

TEST_CASE("an image doubled in both directions is one copy of four walks") {
    const auto pieces =
        arrange_pieces(image(8, 4, 5), image(8, 8, 10),
                       {{}, {}, picks({0, 0, 1, 1, 2, 2, 3, 3}), picks({0, 0, 1, 1, 2, 2, 3, 3, 4, 4})}, 9);
    CHECK(text(pieces) == "0>0 4*5:20 2*0:10 5*1:2 2*0:1");
}

TEST_CASE("rows of a slice follow each other in one walk where whole rows are taken") {
    const auto pieces = arrange_pieces(image(8, 6, 5), image(8, 3, 5), {{}, {}, picks({1, 2, 3}), {}}, 9);
    CHECK(text(pieces) == "5>0 15*1:1");
}

TEST_CASE("one element per channel is repeated over the plane") {
    AxisSource repeated;
    repeated.repeats = true;
    CHECK(text(arrange_pieces(image(8, 1, 1), image(8, 3, 4), {{}, {}, repeated, repeated}, 9)) == "0>0 12*0:1");
}

TEST_CASE("elements that would change partitions are not arranged") {
    CHECK(text(arrange_pieces(image(8, 2, 2), image(4, 2, 2), {{}, picks({0, 1, 2, 3}), {}, {}}, 9)) == "none");
    CHECK(text(arrange_pieces(tokens(8, 4), image(8, 1, 4), {{}, {}, {}}, 9)) == "none");
}

TEST_CASE("more copies than allowed are none") {
    const std::vector<AxisSource> sources = {{}, picks({3, 2, 1, 0}), {}};
    CHECK(text(arrange_pieces(tokens(4, 8), tokens(4, 8), sources, 3)) == "none");
    CHECK(text(arrange_pieces(tokens(4, 8), tokens(4, 8), sources, 4)) == "3>0, 2>1, 1>2, 0>3");
}

TEST_CASE("a layout beside another keeps its lanes, and an image stays one") {
    CHECK(layout_beside(image(8, 4, 5), {1, 8, 2, 7}) == image(8, 2, 7));
    CHECK(layout_beside(image(1, 4, 5), {1, 1, 2, 7}) == image(1, 2, 7));
    Layout flat = image(8, 1, 20);  // rows and columns one after the other
    flat.axes = without_units({{}, {{Dim::channel, 8}}, {{Dim::col, 4, 5}}, {{Dim::col, 5}}});
    CHECK(layout_beside(flat, {1, 8, 2, 7}) == image(8, 2, 7));
    CHECK(layout_beside(tokens(4, 8), {1, 9, 8}) == tokens(9, 8));
}
