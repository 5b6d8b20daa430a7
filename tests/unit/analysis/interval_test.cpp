#include <catch2/catch.hpp>

#include <cmath>

#include "analysis/interval.hpp"
#include "analysis/percentile.hpp"

using namespace infsim::analysis;

TEST_CASE("the interval of windows is 3.6 standard errors and, apart from them, 1.2 % for slow drift") {
    // Deviation of the sample {9, 11} is sqrt(2), of its mean 1.
    CHECK(relative_scatter({9, 11}) == Approx(0.36));
    CHECK(half_width({9, 11}) == Approx(10 * std::hypot(0.36, 0.012)));
    CHECK(relative_scatter({5, 5, 5}) == 0);
    CHECK(half_width({5, 5, 5}) == Approx(0.06));
}

TEST_CASE("values that resemble their neighbours count for fewer") {
    CHECK(correlation_length({5, 5, 5}) == 1);
    CHECK(correlation_length({9, 11}) == 1);
    // Deviations -1 -1 1 1: autocorrelations 1, 1/4, -1/2, -1/4. The first pair sums to 5/4, the second is negative.
    CHECK(correlation_length({1, 1, 3, 3}) == Approx(2 * 1.25 - 1));
    CHECK(correlation_length({1, 3, 1, 3, 1, 3}) == 1);
}

TEST_CASE("a long memory makes the interval wider than 3.6 standard errors") {
    std::vector<double> halves(50, 99.0);
    halves.resize(100, 101.0);
    CHECK(relative_scatter(halves) ==
          Approx(1.96 * std::sqrt(correlation_length(halves)) * standard_error(halves) / 100));
    CHECK(relative_scatter(halves) > 0.01);
    CHECK(3.6 * standard_error(halves) / 100 < 0.004);
    std::vector<double> mixed;
    for (int i = 0; i < 100; ++i) mixed.push_back(i * i % 7 < 3 ? 99.0 : 101.0);
    CHECK(relative_scatter(mixed) == Approx(3.6 * standard_error(mixed) / mean(mixed)));
}

TEST_CASE("a series that ends with three equal stretches has their length as its period") {
    CHECK(ending_period(std::vector<int>{7, 7, 7}, 4) == 1);
    CHECK(ending_period(std::vector<int>{7, 7}, 4) == 0);
    CHECK(ending_period(std::vector<int>{9, 1, 2, 1, 2, 1, 2}, 4) == 2);
    CHECK(ending_period(std::vector<int>{1, 2, 1, 2, 9, 2}, 4) == 0);
    CHECK(ending_period(std::vector<int>{1, 2, 3, 1, 2, 3, 1, 2, 3}, 2) == 0);
    CHECK(ending_period(std::vector<int>{1, 2, 3, 1, 2, 3, 1, 2, 3}, 3) == 3);
}
