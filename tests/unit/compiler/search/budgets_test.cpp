// The budgets that evictions are tried with.
#include <catch2/catch.hpp>

#include <vector>

#include "compiler/search/budgets.hpp"

using namespace infsim::compiler;

using Budgets = std::vector<std::int64_t>;

TEST_CASE("the ladder has 4, 5, 6 and 7 times a power of two up to the capacity, twelve rungs from the largest on") {
    CHECK(budget_ladder(100) == Budgets{96, 80, 64, 56, 48, 40, 32, 28, 24, 20, 16, 14});
    CHECK(budget_ladder(96) == budget_ladder(100));
    CHECK(budget_ladder(95) == Budgets{80, 64, 56, 48, 40, 32, 28, 24, 20, 16, 14, 12});
    CHECK(budget_ladder(128) == Budgets{128, 112, 96, 80, 64, 56, 48, 40, 32, 28, 24, 20});
    CHECK(budget_ladder(5) == Budgets{5, 4});
    CHECK(budget_ladder(3).empty());
}

TEST_CASE("a larger capacity keeps the rungs that it has in common with a smaller one") {
    // So more room never takes a budget away, but for the smallest ones.
    CHECK(budget_ladder(112).front() == 112);
    CHECK(budget_ladder(111).front() == 96);
}

TEST_CASE("between the rungs lie the capacity itself and the finer steps of the upper octave") {
    CHECK(budgets_between(40) == Budgets{40, 38, 36, 34});
    CHECK(budgets_between(100) == Budgets{100, 92, 88, 84, 76, 72, 68});
}

TEST_CASE("octaves are the rungs that are powers of two") {
    CHECK(budget_octaves(100) == Budgets{64, 32, 16});
    CHECK(budget_octaves(128) == Budgets{128, 64, 32});
    CHECK(budget_octaves(3).empty());
}
