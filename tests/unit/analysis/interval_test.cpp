#include <catch2/catch.hpp>

#include <cmath>

#include "analysis/interval.hpp"

using namespace infsim::analysis;

TEST_CASE("the interval of windows is 3.6 standard errors and, apart from them, 1.2 % for slow drift") {
    // Deviation of the sample {9, 11} is sqrt(2), of its mean 1.
    CHECK(relative_scatter({9, 11}) == Approx(0.36));
    CHECK(half_width({9, 11}) == Approx(10 * std::hypot(0.36, 0.012)));
    CHECK(relative_scatter({5, 5, 5}) == 0);
    CHECK(half_width({5, 5, 5}) == Approx(0.06));
}

TEST_CASE("a series that ends with three equal stretches has their length as its period") {
    CHECK(ending_period(std::vector<int>{7, 7, 7}, 4) == 1);
    CHECK(ending_period(std::vector<int>{7, 7}, 4) == 0);
    CHECK(ending_period(std::vector<int>{9, 1, 2, 1, 2, 1, 2}, 4) == 2);
    CHECK(ending_period(std::vector<int>{1, 2, 1, 2, 9, 2}, 4) == 0);
    CHECK(ending_period(std::vector<int>{1, 2, 3, 1, 2, 3, 1, 2, 3}, 2) == 0);
    CHECK(ending_period(std::vector<int>{1, 2, 3, 1, 2, 3, 1, 2, 3}, 3) == 3);
}
