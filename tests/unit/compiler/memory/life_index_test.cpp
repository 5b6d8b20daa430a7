// Finding lifetimes that overlap a stretch of the program: the same as looking at all of them.
#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

#include "base/random.hpp"
#include "compiler/memory/life_index.hpp"

using namespace infsim;
using namespace infsim::compiler;

namespace {

std::vector<std::size_t> found(const LifeIndex& index, int first, int last) {
    std::vector<std::size_t> list;
    index.overlapping(first, last, [&](std::size_t i) { list.push_back(i); });
    return list;
}

using List = std::vector<std::size_t>;

}  // namespace

TEST_CASE("an index holds nothing before something is added, and nothing after it is cleared") {
    LifeIndex index({{0, 10}, {5, 6}});
    CHECK(found(index, 0, 100).empty());
    index.add(1);
    CHECK(found(index, 0, 100) == List{1});
    index.clear();
    CHECK(found(index, 0, 100).empty());
    index.add(0);
    CHECK(found(index, 0, 100) == List{0});
}

TEST_CASE("both ends of a lifetime and of the stretch count") {
    LifeIndex index({{5, 8}});
    index.add(0);
    CHECK(found(index, 0, 4).empty());
    CHECK(found(index, 0, 5) == List{0});
    CHECK(found(index, 6, 7) == List{0});
    CHECK(found(index, 8, 20) == List{0});
    CHECK(found(index, 9, 20).empty());
}

TEST_CASE("lifetimes come by their first instant, of equal ones in the order of the list, however they were added") {
    LifeIndex index({{7, 9}, {2, 9}, {7, 8}, {0, 9}});
    for (std::size_t i : {2U, 3U, 0U, 1U}) index.add(i);
    CHECK(found(index, 0, 9) == List{3, 1, 0, 2});
    CHECK(found(index, 3, 6) == List{3, 1});
}

TEST_CASE("an empty list has no overlaps") { CHECK(found(LifeIndex({}), 0, 100).empty()); }

TEST_CASE("an index finds what looking at every lifetime finds, whatever the length of the list") {
    RandomStream random(3, "life index");
    for (const int n : {1, 15, 16, 17, 33, 250}) {
        std::vector<Lifetime> lives;
        for (int i = 0; i < n; ++i) {
            const auto first = static_cast<std::int32_t>(random.uniform_int(0, 500));
            lives.push_back({first, first + static_cast<std::int32_t>(random.uniform_int(0, i % 7 == 0 ? 400 : 20))});
        }
        LifeIndex index(lives);
        std::vector<bool> added(lives.size(), false);
        for (int query = 0; query < 200; ++query) {
            const auto one = static_cast<std::size_t>(random.uniform_int(0, n - 1));
            if (!added[one]) index.add(one), added[one] = true;
            const auto first = static_cast<std::int32_t>(random.uniform_int(0, 900)),
                       last = first + static_cast<std::int32_t>(random.uniform_int(0, 60));
            List expected;
            for (std::size_t i = 0; i < lives.size(); ++i)
                if (added[i] && lives[i].first <= last && lives[i].last >= first) expected.push_back(i);
            std::stable_sort(expected.begin(), expected.end(),
                             [&](std::size_t a, std::size_t b) { return lives[a].first < lives[b].first; });
            REQUIRE(found(index, first, last) == expected);
        }
    }
}
