// A transfer moves every element once, between the two places that the view and the walk in DRAM name.
#include <catch2/catch.hpp>

#include <map>
#include <tuple>

#include "compiler/emit/transfer_walk.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"

using namespace infsim;
using namespace infsim::compiler;
using graph::Shape;

namespace {

using Cell = std::tuple<int, int, std::int64_t>;  ///< slot, lane, offset in the plane

/// What a walk moves: cell on chip to flat position in DRAM. Fails when a cell is met twice.
std::map<Cell, std::int64_t> moved(const TransferWalk& walk) {
    std::map<Cell, std::int64_t> all;
    for (const LaneRun& run : walk.runs)
        for (int lane = 0; lane < run.lanes; ++lane) {
            std::vector<std::pair<std::int64_t, std::int64_t>> list = {{run.here, run.there + lane * run.lane_there}};
            for (const FreeStep& f : walk.free) {
                std::vector<std::pair<std::int64_t, std::int64_t>> next;
                for (const auto& [here, there] : list)
                    for (std::int64_t i = 0; i < f.count; ++i)
                        next.emplace_back(here + i * f.here, there + i * f.there);
                list = std::move(next);
            }
            for (const auto& [here, there] : list)
                REQUIRE(all.emplace(Cell{run.slot, run.lane + lane, here}, there).second);
        }
    return all;
}

Strided in_dram(const Shape& shape) { return {Strided::Source::scratch, 0, 0, row_major_axes(shape)}; }

}  // namespace

TEST_CASE("an image of 100 channels goes to two slots") {
    const Physical phys{{64, 36}, 3, 5};
    const View view{ValueId(0), 0, 2, {{}, {{Dim::channel, 100}}, {{Dim::row, 3}}, {{Dim::col, 5}}}};
    const TransferWalk walk = transfer_walk(view, phys, in_dram({1, 100, 3, 5}), {}, {});
    CHECK(walk.runs.size() == 2);
    CHECK(walk.free.size() == 1);  // rows and columns are one run
    const auto cells = moved(walk);
    REQUIRE(cells.size() == 1500);
    for (const auto& [cell, there] : cells) {
        const auto& [slot, lane, here] = cell;
        CHECK(there == (slot * 64 + lane) * 15 + here);
    }
}

TEST_CASE("heads in slots of their own, transposed in DRAM") {
    const Physical phys{{32, 8, 32, 8, 32, 8}, 1, 7};  // three heads of 40
    const View view{ValueId(0), 0, 6, {{{Dim::slot, 3, 2}}, {{Dim::col, 7}}, {{Dim::channel, 40}}}};
    const auto cells = moved(transfer_walk(view, phys, in_dram({3, 7, 40}), {}, {}));
    REQUIRE(cells.size() == 840);
    for (const auto& [cell, there] : cells) {
        const auto& [slot, lane, here] = cell;
        CHECK(there == slot / 2 * 280 + here * 40 + slot % 2 * 32 + lane);
    }
}

TEST_CASE("part of a view, every other column, from a broadcast") {
    const Physical phys{{4}, 1, 9};
    const View view{ValueId(0), 0, 1, {{{Dim::channel, 4}}, {{Dim::col, 9}}}};
    const Strided row = expand(in_dram({1, 3}), {2, 3});
    const auto cells = moved(transfer_walk(view, phys, row, {1, 2}, {2, 3}));
    REQUIRE(cells.size() == 6);
    for (const int lane : {1, 3})
        for (std::int64_t i = 0; i < 3; ++i) CHECK(cells.at({0, lane, 2 + 3 * i}) == i);
}

TEST_CASE("factors whose boundaries cross are moved element by element, backwards ones too") {
    const Physical phys{{1}, 1, 12};
    View view{ValueId(0), 0, 1, {{{Dim::col, 12}}}};
    Strided odd = in_dram({12});
    odd.axes = {{{4, 1}, {3, 4}}};  // 4 x 3 of a 3 x 4, against 12 in a row: aligned
    auto cells = moved(transfer_walk(view, phys, odd, {}, {}));
    for (std::int64_t i = 0; i < 12; ++i) CHECK(cells.at({0, 0, i}) == i % 3 * 4 + i / 3);
    view.axes = {{{Dim::col, 3, 4}, {Dim::col, 4, 1}}};
    cells = moved(transfer_walk(view, phys, odd, {}, {}));
    REQUIRE(cells.size() == 12);
    for (std::int64_t i = 0; i < 12; ++i) CHECK(cells.at({0, 0, i}) == i % 3 * 4 + i / 3);
    const auto back = moved(transfer_walk(view, phys, *slice(in_dram({12}), 0, 11, 12, -1), {}, {}));
    for (std::int64_t i = 0; i < 12; ++i) CHECK(back.at({0, 0, i}) == 11 - i);
}

TEST_CASE("a walk is cut where bands begin, and its parts move the same") {
    const Physical phys{{6}, 10, 4};
    struct Case {
        View view;
        Strided there;
        std::vector<std::int64_t> start, step;
    };
    const View image{ValueId(0), 0, 1, {{}, {{Dim::channel, 6}}, {{Dim::row, 10}}, {{Dim::col, 4}}}};
    const View planes{ValueId(0), 0, 1, {{{Dim::channel, 6}}, {{Dim::row, 2, 5}}, {{Dim::row, 3, 1}}, {{Dim::col, 4}}}};
    const View flat{ValueId(0), 0, 1, {{}, {{Dim::channel, 6}, {Dim::row, 10}, {Dim::col, 4}}}};
    const Case cases[] = {
        {image, in_dram({1, 6, 10, 4}), {}, {}},
        {image, repeat_elements(repeat_elements(in_dram({1, 6, 5, 2}), 2, 2), 3, 2), {}, {}},
        {image, in_dram({1, 3, 3, 2}), {0, 1, 2, 1}, {1, 2, 3, 2}},
        {planes, in_dram({6, 2, 3, 4}), {}, {}},
        {flat, in_dram({1, 240}), {}, {}},
    };
    for (const Case& k : cases) {
        const auto whole = moved(transfer_walk(k.view, phys, k.there, k.start, k.step));
        const TransferWalk rows = transfer_walk(k.view, phys, k.there, k.start, k.step, true);
        CHECK(moved(rows) == whole);
        std::map<Cell, std::int64_t> together;
        for (int row = 0; row < 10; row += 3)
            for (const TransferWalk& part : within_rows(rows, phys.cols, {row, std::min(10, row + 3)}))
                for (const auto& [cell, there] : moved(part)) {
                    CHECK(std::get<2>(cell) / phys.cols >= row);
                    CHECK(std::get<2>(cell) / phys.cols < row + 3);
                    CHECK(together.emplace(cell, there).second);
                }
        CHECK(together == whole);
    }
}
