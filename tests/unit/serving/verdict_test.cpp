// Verdicts and searches, on service times by formula.
#include <catch2/catch.hpp>

#include "serving/search.hpp"
#include "unit/serving/support.hpp"

using namespace infsim;
using namespace infsim::serving;

namespace {

Scenario scenario_of(Load load, std::int64_t requests, int cores = 1) {
    Scenario s;
    s.load_kind = "poisson";
    s.run = requests_of_one(std::move(load), requests, cores);
    return s;
}

/// A batch of B takes 1 ms + 0.25 ms x B.
Summary evaluate(const Scenario& s) {
    Formula times([&](int program, int) {
        return microseconds(1000 + 250 * s.run.server.sizes[static_cast<std::size_t>(program)]);
    });
    Tally tally = run_with(s.run, times);
    return summarise(s, tally);
}

bool has(const Summary& s, const std::string& text) {
    for (const std::string& reason : s.reasons)
        if (reason.find(text) != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("a quiet server is valid, too few requests are not") {
    CHECK(evaluate(scenario_of(Poisson{100}, 5000)).valid());
    const Summary few = evaluate(scenario_of(Poisson{100}, 300));
    CHECK(has(few, "too few samples: p99 has no upper confidence limit below 368"));
    CHECK_FALSE(few.p99_high);
}

TEST_CASE("overload is told from a busy server") {
    for (std::uint64_t seed : {1, 2, 3, 4, 5}) {
        Scenario busy = scenario_of(Poisson{0.9 * 800}, 50'000);
        busy.run.seed = seed;
        CHECK(evaluate(busy).valid());
        Scenario over = scenario_of(Poisson{1.05 * 800}, 50'000);
        over.run.seed = seed;
        CHECK(has(evaluate(over), "queue grows without bound"));
    }
    CHECK(evaluate(scenario_of(ClosedLoop{1, 5}, 50'000)).valid());
    CHECK_FALSE(evaluate(scenario_of(Bursts{2000, microseconds(20'000), microseconds(80'000)}, 50'000)).piles_up);
}

TEST_CASE("a missed bound, and one that no request can meet") {
    Scenario s = scenario_of(Poisson{600}, 20'000);
    s.run.bound = microseconds(2000);
    CHECK(has(evaluate(s), "constraint missed: p99 is"));
    s.run.bound = microseconds(1249);
    const Summary impossible = evaluate(s);
    CHECK(has(impossible, "below the latency of the fastest request, 1.25 ms"));
    CHECK(impossible.goodput == 0);
}

TEST_CASE("MLPerf's Server passes by early stopping") {
    Scenario s = scenario_of(Poisson{100}, 459);
    s.mlperf = MlPerf{MlPerf::Kind::server, "Server", 99, 1, {}};
    s.run.bound = microseconds(1'000'000);  // none exceeds it
    CHECK(evaluate(s).valid());
    s.run.stop.requests = 458;
    CHECK(has(evaluate(s), "Server asks for 459 queries when 0 of them exceed the bound"));
    s.mlperf->duration = microseconds(1'000'000'000);
    CHECK(has(evaluate(s), "Server asks for 1000s"));
}

TEST_CASE("MLPerf's SingleStream has an estimate from 64 queries on") {
    Scenario s = scenario_of(ClosedLoop{}, 64);
    s.mlperf = MlPerf{MlPerf::Kind::single_stream, "SingleStream", 90, 1, {}};
    CHECK(evaluate(s).early_stopping == Approx(1.25));
    s.run.stop.requests = 63;
    CHECK(has(evaluate(s), "SingleStream asks for 64 queries"));
    CHECK_FALSE(evaluate(s).early_stopping);
}

TEST_CASE("the interval of p99 holds the p99 of a far longer run") {
    const double truth = evaluate(scenario_of(Poisson{640}, 3'000'000)).p99;
    int inside = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Scenario s = scenario_of(Poisson{640}, 50'000);
        s.run.seed = seed;
        const Summary m = evaluate(s);
        inside += *m.p99_low <= truth && truth <= *m.p99_high;
    }
    CHECK(inside >= 17);
}

TEST_CASE("the peak of M/D/1 lies where its p99 meets the bound") {
    Scenario s = scenario_of(Poisson{50}, 100'000);
    s.run.bound = microseconds(6250);  // five service times
    s.search = Search{};
    const Peak peak = find_peak(s, evaluate);
    REQUIRE(peak.rate);
    CHECK(peak.at.at_percentile <= 6.25);
    CHECK(peak.beyond <= *peak.rate * 1.006);
    Scenario beyond = s;
    beyond.run.load = Poisson{peak.beyond};
    CHECK_FALSE(evaluate(beyond).sustained());
    // From above the search comes to the same place.
    Scenario high = s;
    high.run.load = Poisson{50'000};
    CHECK(*find_peak(high, evaluate).rate == Approx(*peak.rate).epsilon(0.02));
}

TEST_CASE("a bound below the service time has no peak, and the search ends") {
    Scenario s = scenario_of(Poisson{50}, 1000);
    s.run.bound = microseconds(1000);
    s.search = Search{};
    const Peak peak = find_peak(s, evaluate);
    CHECK_FALSE(peak.rate);
    CHECK(has(peak.at, "constraint missed"));
}

TEST_CASE("sets of compiled sizes are enumerated and ranked") {
    CHECK(sets_of({1, 2, 4}, 2) == std::vector<std::vector<int>>{{1}, {2}, {4}, {1, 2}, {1, 4}, {2, 4}});
    std::vector<SetResult> results(4);
    results[0] = {{1, 2}, {100.2}, ""};
    results[1] = {{8}, {}, "does not fit"};
    results[2] = {{2}, {100.0}, ""};
    results[3] = {{4}, {150.0}, ""};
    rank(results, 0.005);
    CHECK(results[0].sizes == std::vector<int>{4});
    CHECK(results[1].sizes == std::vector<int>{2});  // as good as {1, 2}, and fewer
    CHECK(results[3].excluded == "does not fit");
}

TEST_CASE("requests of 1 and 8 want a large size") {
    Scenario s = scenario_of(Poisson{50}, 5000);
    s.run.policy = AllowedSizesOptions{8, Duration{0}, true};
    s.run.sizes = {{1, 8}, {1, 1}};
    s.run.bound = microseconds(20'000);
    s.search = Search{0.01, {1, 4, 8}, 2};
    std::vector<SetResult> results;
    for (const auto& sizes : sets_of(s.search->candidates, 2))
        results.push_back({sizes, find_peak(*with_sizes(s, sizes), evaluate), ""});
    rank(results, 0.01);
    CHECK(results[0].sizes.back() == 8);
    for (const SetResult& r : results) CHECK(r.peak.rate.value() <= *results[0].peak.rate * 1.02);
    CHECK(results.back().sizes == std::vector<int>{1});
    Scenario unsplit = s;
    unsplit.run.policy = QueueOptions{8, {}, Duration{0}};
    CHECK_FALSE(with_sizes(unsplit, {1, 4}));
}
