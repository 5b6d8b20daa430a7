// Early stopping against the counts that MLPerf's rules list, and the binomial distribution.
#include <catch2/catch.hpp>

#include <boost/math/distributions/binomial.hpp>

#include "serving/early_stopping.hpp"

using namespace infsim::serving;

TEST_CASE("queries to pass are those of MLPerf's rules") {
    CHECK(queries_to_pass(0, 99) == 459);
    CHECK(queries_to_pass(1, 99) == 662);
    CHECK(queries_to_pass(1, 90) == 64);
    CHECK_FALSE(passes_early_stopping(458, 0, 99));
    CHECK(passes_early_stopping(459, 0, 99));
    CHECK_FALSE(passes_early_stopping(10, 10, 99));
}

TEST_CASE("queries to pass are the least for which so few over the bound are improbable") {
    using boost::math::binomial_distribution;
    for (std::int64_t over : {0, 1, 7, 100, 2500})
        for (double p : {90.0, 95.0, 99.0, 99.9}) {
            const auto n = queries_to_pass(over, p);
            INFO(over << " over p" << p);
            CHECK(cdf(binomial_distribution<double>(double(n), 1 - p / 100), double(over)) < 0.01);
            CHECK(cdf(binomial_distribution<double>(double(n - 1), 1 - p / 100), double(over)) >= 0.01);
        }
}

TEST_CASE("an estimate leaves out as many of the slowest as pass") {
    CHECK(early_stopping_rank(63, 90) == 0);
    CHECK(early_stopping_rank(64, 90) == 1);
    CHECK(early_stopping_rank(661, 99) == 0);
    CHECK(early_stopping_rank(662, 99) == 1);
    for (std::int64_t n : {1000, 24'576, 1'000'000}) {
        const auto rank = early_stopping_rank(n, 99);
        CHECK(passes_early_stopping(n, rank, 99));
        CHECK_FALSE(passes_early_stopping(n, rank + 1, 99));
        CHECK(rank < n / 100);
    }
}
