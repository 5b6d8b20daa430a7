// Finding lifetimes that overlap a stretch of the program: the same as looking at all of them.
#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

#include "base/random.hpp"
#include "compiler/memory/life_index.hpp"

using namespace infsim;
using namespace infsim::compiler;

namespace {

using Lives = IdVector<BufferId, Lifetime>;
using Index = LifeIndex<BufferId>;
using List = std::vector<std::int32_t>;

List found(const Index& index, int first, int last) {
    List list;
    index.overlapping(first, last, [&](BufferId b) { list.push_back(b.value()); });
    return list;
}

}  // namespace

TEST_CASE("an index holds nothing before something is added, and nothing after it is cleared") {
    Index index(Lives{{0, 10}, {5, 6}});
    CHECK(found(index, 0, 100).empty());
    index.add(BufferId(1));
    CHECK(found(index, 0, 100) == List{1});
    index.clear();
    CHECK(found(index, 0, 100).empty());
    index.add(BufferId(0));
    CHECK(found(index, 0, 100) == List{0});
}

TEST_CASE("both ends of a lifetime and of the stretch count") {
    Index index(Lives{{5, 8}});
    index.add(BufferId(0));
    CHECK(found(index, 0, 4).empty());
    CHECK(found(index, 0, 5) == List{0});
    CHECK(found(index, 6, 7) == List{0});
    CHECK(found(index, 8, 20) == List{0});
    CHECK(found(index, 9, 20).empty());
}

TEST_CASE("lifetimes come by their first instant, of equal ones in the order of the list, however they were added") {
    Index index(Lives{{7, 9}, {2, 9}, {7, 8}, {0, 9}});
    for (int i : {2, 3, 0, 1}) index.add(BufferId(i));
    CHECK(found(index, 0, 9) == List{3, 1, 0, 2});
    CHECK(found(index, 3, 6) == List{3, 1});
}

TEST_CASE("an empty list has no overlaps") { CHECK(found(Index(Lives()), 0, 100).empty()); }

TEST_CASE("an index finds what looking at every lifetime finds, whatever the length of the list") {
    RandomStream random(3, "life index");
    for (const int n : {1, 15, 16, 17, 33, 250, 256, 257, 1000}) {
        Lives lives;
        for (int i = 0; i < n; ++i) {
            const auto first = static_cast<std::int32_t>(random.uniform_int(0, 500));
            lives.push_back({first, first + static_cast<std::int32_t>(random.uniform_int(0, i % 7 == 0 ? 400 : 20))});
        }
        Index index(lives);
        IdVector<BufferId, bool> added(lives.size(), false);
        for (int query = 0; query < 200; ++query) {
            const BufferId one(static_cast<std::int32_t>(random.uniform_int(0, n - 1)));
            if (!added[one]) index.add(one), added[one] = true;
            const auto first = static_cast<std::int32_t>(random.uniform_int(0, 900)),
                       last = first + static_cast<std::int32_t>(random.uniform_int(0, 60));
            List expected;
            for (BufferId b : lives.ids())
                if (added[b] && lives[b].first <= last && lives[b].last >= first) expected.push_back(b.value());
            std::stable_sort(expected.begin(), expected.end(),
                             [&](int a, int b) { return lives[BufferId(a)].first < lives[BufferId(b)].first; });
            REQUIRE(found(index, first, last) == expected);
        }
    }
}
