#include <catch2/catch.hpp>

#include <boost/math/distributions/binomial.hpp>
#include <numeric>

#include "base/random.hpp"
#include "serving/confidence.hpp"
#include "serving/series.hpp"

using namespace infsim;
using namespace infsim::serving;

TEST_CASE("percentiles interpolate as numpy does") {
    const std::vector<std::int64_t> sorted{10, 20, 40, 80};
    CHECK(percentile_of_sorted(sorted, 0) == 10);
    CHECK(percentile_of_sorted(sorted, 50) == 30);
    CHECK(percentile_of_sorted(sorted, 90) == Approx(68));
    CHECK(percentile_of_sorted(sorted, 100) == 80);
}

TEST_CASE("ranks of a percentile are the binomial's") {
    using boost::math::binomial_distribution;
    for (std::int64_t n : {368, 500, 1000, 123'456, 10'000'000})
        for (double p : {50.0, 90.0, 99.0}) {
            INFO(n << " samples, p" << p);
            const binomial_distribution<double> binomial(double(n), p / 100);
            const Ranks ranks = percentile_ranks(n, p, 0.95);
            REQUIRE(ranks.lower);
            REQUIRE(ranks.upper);
            const double l = double(*ranks.lower + 1), u = double(*ranks.upper + 1);  // 1-based
            CHECK(cdf(binomial, l - 1) <= 0.025);
            CHECK(cdf(binomial, l) > 0.025);
            CHECK(cdf(binomial, u - 1) >= 0.975);
            CHECK(cdf(binomial, u - 2) < 0.975);
        }
}

TEST_CASE("p99 needs 368 samples for an upper bound at 95 %") {
    CHECK(samples_for_upper_rank(99, 0.95) == 368);
    CHECK_FALSE(percentile_ranks(367, 99, 0.95).upper);
    CHECK(percentile_ranks(368, 99, 0.95).upper == 367);
}

TEST_CASE("blocks see correlation that ranks do not") {
    RandomStream random(5, "test");
    std::vector<std::int64_t> independent, walk;
    double level = 0;
    for (int i = 0; i < 60'000; ++i) {
        independent.push_back(static_cast<std::int64_t>(random.normal(1e6, 1e5)));
        level = 0.999 * level + random.normal(0, 1e5 * 0.0447);
        walk.push_back(static_cast<std::int64_t>(1e6 + level));
    }
    const auto a = block_interval(independent, 99, 100), b = block_interval(walk, 99, 100);
    REQUIRE(a);
    REQUIRE(b);
    CHECK(a->first < 1e6 + 2.326e5);
    CHECK(a->second > 1e6 + 2.2e5);
    CHECK(b->second - b->first > 5 * (a->second - a->first));
    CHECK_FALSE(block_interval(walk, 99, 60'000 / 30 + 1));
}

TEST_CASE("a series keeps its integral and maximum while its bins widen") {
    Series series;
    RandomStream random(2, "test");
    TimePoint now{};
    Int128 integral = 0;
    std::int64_t value = 0, most = 0;
    for (int i = 0; i < 10'000; ++i) {
        const Duration step{random.uniform_int(0, 5'000'000)};
        integral += static_cast<Int128>(value) * step.count();
        now += step;
        value = random.uniform_int(0, 50);
        most = std::max(most, value);
        series.set(now, value);
    }
    CHECK(series.integral() == integral);
    CHECK(series.max() == most);
    Int128 sum = 0;
    for (const auto& bin : series.bins()) sum += bin.integral;
    CHECK(sum == integral);
    CHECK(series.bins().size() <= Series::kBins);
    CHECK(series.bins().size() > Series::kBins / 2 - 1);
    CHECK(series.mean(0, 1, now) == Approx(25).epsilon(0.05));
}
