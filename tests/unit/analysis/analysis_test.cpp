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

TEST_CASE("b95 is not reached while the largest batch is more than 5 % better than every smaller one") {
    CHECK_FALSE(b95_reached({ok(1, 50, 1), ok(2, 90, 2), ok(4, 100, 3)}));
    CHECK(b95_reached({ok(1, 50, 1), ok(2, 90, 2), ok(4, 94.5, 3)}));
    CHECK_FALSE(b95_reached({ok(4, 100, 3), infeasible(8), ok(1, 50, 1)}));  // in any order; 5 may fit
    CHECK(b95_reached({ok(4, 100, 3), infeasible(5), ok(1, 50, 1)}));        // there is no larger one
    CHECK(b95_reached({ok(2, 100, 3), ok(3, 80, 3), ok(4, 99, 4)}));         // a step out of a dip
    CHECK(b95_reached({ok(1, 50, 1)}));
    CHECK(b95_reached({}));
}

namespace {
/// A network whose inference takes 8 ms and 1 ms more for each item, two outstanding.
Records sweep_to(std::int64_t most, bool only_powers) {
    Records records;
    for (std::int64_t b = 1; b <= most; b = only_powers ? 2 * b : b + 1) {
        const double service = 8 + static_cast<double>(b);
        records.push_back(ok(b, 1000 * static_cast<double>(b) / service, 2 * service));
    }
    return records;
}
}  // namespace

TEST_CASE("the knee stays where it is when the range grows, Kneedle's does not") {
    std::vector<std::int64_t> moved;
    for (const std::int64_t most : {16, 64, 256}) {
        for (const bool only_powers : {true, false}) {
            const Records records = sweep_to(most, only_powers);
            CHECK(records[*knee(records)].batch_size == 8);
            CHECK(b95_reached(records) == (!only_powers || most > 64));
        }
        const Records records = sweep_to(most, false);
        moved.push_back(*records[*kneedle(records)].batch_size);
    }
    // The scaled curve is farthest above the diagonal where (8 + b)^2 = 9 * (8 + most).
    CHECK(moved == std::vector<std::int64_t>{7, 17, 41});
}

TEST_CASE("Kneedle sees no knee in what is straight, flat or too short") {
    CHECK_FALSE(kneedle({ok(1, 10, 1), ok(2, 20, 1), ok(3, 30, 1), ok(4, 40, 1)}).has_value());
    CHECK_FALSE(kneedle({ok(1, 10, 1), ok(2, 10, 1), ok(3, 10, 1)}).has_value());
    CHECK_FALSE(kneedle({ok(1, 10, 1), ok(2, 30, 1)}).has_value());
    CHECK(kneedle({ok(4, 40, 1), ok(1, 10, 1), infeasible(3), ok(2, 39, 1)}) == 3U);
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
