#include <catch2/catch.hpp>

#include "analysis/batch.hpp"
#include "analysis/crossover.hpp"
#include "analysis/percentile.hpp"
#include "analysis/price.hpp"
#include "base/check.hpp"

using namespace infsim;
using namespace infsim::analysis;
using record::RunRecord;
using record::Status;

namespace {
RunRecord ok(std::int64_t batch, double throughput, double latency) {
    RunRecord r;
    r.status = Status::ok;
    r.batch_size = batch;
    r.throughput_avg = throughput;
    r.latency_ms_p50 = latency;
    return r;
}
RunRecord infeasible(std::int64_t batch) {
    RunRecord r;
    r.status = Status::infeasible;
    r.batch_size = batch;
    return r;
}
}  // namespace

TEST_CASE("percentiles interpolate as numpy.percentile does") {
    const std::vector<double> values{15, 20, 35, 40, 50};
    CHECK(percentile(values, 0) == 15);
    CHECK(percentile(values, 100) == 50);
    CHECK(percentile(values, 50) == 35);
    CHECK(percentile(values, 40) == Approx(29));  // numpy.percentile([15,20,35,40,50], 40) == 29.0
    CHECK(percentile(values, 99) == Approx(49.6));
    CHECK(percentile({50, 15, 40, 20, 35}, 40) == Approx(29));
    CHECK(percentile({7}, 95) == 7);
    CHECK_THROWS_AS(percentile({}, 50), InternalError);
}

TEST_CASE("the knee has the most throughput per latency") {
    CHECK(knee({ok(1, 100, 10), ok(2, 190, 11), ok(4, 250, 16)}) == 1U);
    CHECK(knee({ok(4, 250, 16), ok(2, 190, 11), ok(1, 100, 10)}) == 1U);
}

TEST_CASE("latency counts once at the knee, not squared") {
    // 10, 12 and 10 by throughput / latency; by its square the first would win, by throughput alone the last.
    CHECK(knee({ok(1, 100, 10), ok(2, 180, 15), ok(4, 200, 20)}) == 1U);
}

TEST_CASE("of two equally good batches the smaller one is the knee") {
    CHECK(knee({ok(2, 200, 20), ok(1, 100, 10)}) == 1U);
    CHECK(knee({ok(1, 100, 10), ok(2, 200, 20)}) == 0U);
}

TEST_CASE("batches whose intervals reach the knee's are its rivals") {
    const auto with = [](RunRecord r, double share) {
        r.throughput_low = *r.throughput_avg * (1 - share);
        r.throughput_high = *r.throughput_avg * (1 + share);
        return r;
    };
    // Ratios 10, 12 and 11.5: 1 % of throughput is 2 % of a ratio, and 11.5 x 1.02 is below 12 x 0.98.
    const auto at = [&](double share) {
        return Records{with(ok(1, 100, 10), share), with(ok(2, 180, 15), share), with(ok(3, 230, 20), share)};
    };
    CHECK(knee_rivals(at(0.01)).empty());
    CHECK(knee_rivals(at(0.011)) == std::vector<std::size_t>{2});
    CHECK(knee_rivals(at(0)).empty());
    CHECK(knee_rivals({}).empty());
}

TEST_CASE("rows that are not ok are no candidates") {
    RunRecord failed = ok(8, 1e9, 1);
    failed.status = Status::failed;
    CHECK(knee({ok(1, 100, 10), failed, infeasible(6)}) == 0U);
    CHECK_FALSE(knee({failed, infeasible(6)}).has_value());
    CHECK_FALSE(b95({}).has_value());
}

TEST_CASE("b95 is the smallest batch within 5 % of the best throughput") {
    CHECK(b95({ok(1, 50, 1), ok(2, 94.9, 2), ok(3, 95.1, 3), ok(4, 100, 4), ok(5, 99, 5)}) == 2U);
    CHECK(best_throughput({ok(1, 50, 1), ok(2, 60, 2), ok(3, 60, 3)}) == 1U);
}

TEST_CASE("the largest batch comes with the holes below and the first batch beyond") {
    const Records records{infeasible(8), ok(1, 1, 1), infeasible(3), ok(4, 1, 1), infeasible(6)};
    const auto largest = largest_batch(records);
    REQUIRE(largest);
    CHECK(largest->index == 3);
    CHECK(largest->holes == std::vector<std::int64_t>{3});
    CHECK(largest->first_beyond == 4U);
    CHECK_FALSE(largest_batch({infeasible(1)}).has_value());
    CHECK_FALSE(largest_batch({ok(1, 1, 1)})->first_beyond.has_value());
}

TEST_CASE("a layer is free of DRAM from the batch on after which DRAM never bounds it again") {
    const BoundsByBatch bounds{{1, {{"a", "dram"}, {"b", "pe"}, {"c", "dram"}, {"d", "dram"}}},
                               {2, {{"a", "pe"}, {"b", "pe"}, {"c", "dram"}, {"d", "act"}}},
                               {4, {{"a", "pe"}, {"b", "pe"}, {"c", "dram"}, {"d", "dram"}}},
                               {5, {{"a", "pe"}, {"b", "pe"}, {"c", "dram"}, {"d", "pe"}}}};
    const auto c = crossovers(bounds);
    REQUIRE(c.size() == 4);
    CHECK(c[0].free_from == 2);
    CHECK(c[1].free_from == 1);
    CHECK_FALSE(c[2].free_from.has_value());
    CHECK(c[3].free_from == 5);
    CHECK(crossover_sentences(bounds) ==
          "At B=1 DRAM bounds 3 of 4 layers, at B=5 1.\n"
          "From B=2 on DRAM no longer bounds a.\n"
          "From B=5 on DRAM no longer bounds d.\n"
          "Up to B=5 DRAM still bounds c.");
    CHECK(crossover_sentences({}).empty());
}

TEST_CASE("a million items at 1000 per second take 1000 s of an inf1.xlarge") {
    CHECK(usd_per_million(0.110, 1000) == Approx(0.110 * 1000 / 3600));
}
