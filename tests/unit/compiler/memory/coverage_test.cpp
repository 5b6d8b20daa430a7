// Which bytes of a buffer have been written: exact rectangles, as few as there are.
#include <catch2/catch.hpp>

#include <tuple>
#include <vector>

#include "compiler/emit/access.hpp"
#include "compiler/memory/coverage.hpp"

using namespace infsim;
using namespace infsim::compiler;
using program::Space;

namespace {

using Rectangle = std::tuple<int, int, std::int64_t, std::int64_t>;  ///< partition, partitions, offset, bytes

std::vector<Rectangle> rectangles(const Coverage& coverage) {
    std::vector<Rectangle> list;
    for (const Piece& p : coverage.pieces()) list.emplace_back(p.partition, p.partitions, p.offset, p.bytes);
    CHECK(coverage.size() == list.size());
    return list;
}

program::AccessPattern elements(int partition, int partitions, std::int64_t offset, int count) {
    return make_access(Space::state_buffer, partition, partitions, offset, DType::fp16, {{1, count}});
}

}  // namespace

TEST_CASE("what nobody writes is not covered") { CHECK(rectangles(Coverage{}).empty()); }

TEST_CASE("writes side by side are one rectangle, writes apart are two") {
    Coverage c;
    c.add(elements(0, 64, 0, 10));
    c.add(elements(0, 64, 20, 6));
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 64, 0, 32}});
    c.add(elements(0, 64, 40, 2));
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 64, 0, 32}, {0, 64, 40, 4}});
    c.add(elements(0, 64, 32, 4));  // closes the gap
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 64, 0, 44}});
}

TEST_CASE("the same bytes of adjacent partitions are one rectangle") {
    Coverage c;
    c.add(elements(0, 32, 8, 4));
    c.add(elements(64, 64, 8, 4));
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 32, 8, 8}, {64, 64, 8, 8}});
    c.add(elements(32, 32, 8, 4));
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 128, 8, 8}});
}

TEST_CASE("a write across part of the partitions splits them where their bytes differ") {
    Coverage c;
    c.add(elements(0, 64, 0, 4));
    c.add(elements(16, 16, 8, 2));
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 16, 0, 8}, {16, 16, 0, 12}, {32, 32, 0, 8}});
    c.add(elements(16, 16, 2, 1));  // within what is there
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 16, 0, 8}, {16, 16, 0, 12}, {32, 32, 0, 8}});
}

TEST_CASE("a pattern with holes covers its elements, and another that fills the holes completes it") {
    Coverage c;
    // Two rows of two elements each, rows 8 bytes apart.
    c.add(make_access(Space::state_buffer, 0, 8, 0, DType::fp16, {{4, 2}, {1, 2}}));
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 8, 0, 4}, {0, 8, 8, 4}});
    c.add(make_access(Space::state_buffer, 0, 8, 4, DType::fp16, {{4, 2}, {1, 2}}));
    CHECK(rectangles(c) == std::vector<Rectangle>{{0, 8, 0, 16}});
}

TEST_CASE("each piece moves in as many instructions as engines share it, cut where it is too long for one") {
    CHECK(transfers_of({0, 64, 0, 100}, 3) == 3);
    CHECK(transfers_of({0, 2, 0, 100}, 3) == 2);
    CHECK(transfers_of({0, 64, 0, 2 * 65535}, 3) == 3);  // 65535 pairs of bytes
    CHECK(transfers_of({0, 64, 0, 2 * 65535 + 2}, 3) == 6);
    CHECK(transfers_of({0, 64, 1, 65536}, 1) == 2);  // bytes one by one
    Coverage c;
    CHECK(c.transfers(3) == 0);
    c.add(elements(0, 64, 0, 10));
    c.add(elements(0, 2, 40, 10));
    CHECK(c.transfers(3) == 2 + 2 + 3);  // two rectangles in partitions 0 and 1, one in the others
}
