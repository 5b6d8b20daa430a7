#include <catch2/catch.hpp>

#include "program/runs.hpp"

using namespace infsim::program;
using infsim::DType;

namespace {
using List = std::vector<std::pair<std::int64_t, std::int64_t>>;
template <class Pattern>
List list(const Pattern& p) {
    List out;
    runs(p).for_each([&](std::int64_t begin, std::int64_t end) { out.emplace_back(begin, end); });
    return out;
}
AccessPattern pattern(std::array<std::uint16_t, 4> count, std::array<std::uint16_t, 4> step) {
    AccessPattern p;
    p.count = count, p.step = step, p.offset = 100, p.partition_count = 1;
    return p;  // fp16
}
}  // namespace

TEST_CASE("adjacent elements and dimensions become one run") {
    CHECK(list(pattern({1, 1, 1, 1}, {0, 0, 0, 0})) == List{{100, 102}});
    CHECK(list(pattern({2, 3, 4, 5}, {60, 20, 5, 1})) == List{{100, 340}});
}

TEST_CASE("rows of a rectangle are runs, strided elements are apart") {
    CHECK(list(pattern({1, 1, 3, 4}, {0, 0, 10, 1})) == List{{100, 108}, {120, 128}, {140, 148}});
    CHECK(list(pattern({1, 1, 2, 2}, {0, 0, 10, 2})) == List{{100, 102}, {104, 106}, {120, 122}, {124, 126}});
}

TEST_CASE("repeats are visited once") { CHECK(list(pattern({3, 1, 2, 2}, {0, 0, 0, 1})) == List{{100, 104}}); }

TEST_CASE("the DRAM side has its partitions as the outermost dimension") {
    DramAccess a;
    a.pattern.offset = 8, a.pattern.partition_step = 100, a.pattern.count = {1, 1, 2, 4}, a.pattern.step = {0, 0, 8, 2};
    a.rows = 2, a.element_bytes = 2;
    CHECK(list(a) == List{{8, 24}, {108, 124}});
    a.pattern.partition_step = 16;
    CHECK(list(a) == List{{8, 40}});
    CHECK(runs(a).end() == 40);
}
