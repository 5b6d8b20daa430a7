#include <catch2/catch.hpp>

#include <cstdlib>

#include "base/check.hpp"
#include "chip/dram_arbiter.hpp"
#include "support/arbiter_workloads.hpp"
#include "support/ddr4_3200.hpp"
#include "support/slow_fluid.hpp"

using namespace infsim;
using namespace infsim::chip;
using test::at, test::GB, test::one_channel, test::run_production, test::same;

namespace {

/// 512 B bursts: 25,600 ps on each of two channels; flows and groups are never the bottleneck.
ArbiterConfig wide(std::vector<ArbiterFlow> flows) {
    ArbiterConfig config = one_channel();
    config.channels.assign(2, Bandwidth{20 * GB});
    config.groups.assign(3, Bandwidth{1000 * GB});
    config.flows = std::move(flows);
    return config;
}
ArbiterFlow fast(int group, int rings = 1) { return {group, Bandwidth{1000 * GB}, rings}; }

Transfer bursts(std::uint64_t id, int flow, int ring, int channel, std::int64_t n) {
    return {id, flow, ring, channel, Bytes{512 * n}, Bytes{512 * n}};
}

/// Ends by id.
std::vector<std::int64_t> ends(const ArbiterConfig& config, const std::vector<test::Arrival>& arrivals) {
    FluidArbiter arbiter(config);
    std::vector<std::int64_t> list(arrivals.size());
    for (const auto& f : run_production(arbiter, arrivals))
        list[static_cast<std::size_t>(f.id)] = f.end.time_since_epoch().count();
    return list;
}
using Ends = std::vector<std::int64_t>;

/// The largest difference of a time to the oracle's.
std::int64_t difference(std::uint64_t seed, int flows, int transfers, int max_bursts) {
    test::Random random(seed);
    const ArbiterConfig config = test::random_config(random, flows);
    const auto arrivals = test::random_arrivals(random, config, transfers, max_bursts);
    FluidArbiter arbiter(config);
    auto got = run_production(arbiter, arrivals), expected = test::SlowFluid(config).run(arrivals);
    INFO("seed " << seed);
    REQUIRE(got.size() == arrivals.size());
    REQUIRE(expected.size() == arrivals.size());
    for (auto* list : {&got, &expected})
        std::sort(list->begin(), list->end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    std::int64_t most = 0;
    for (std::size_t i = 0; i < got.size(); ++i)
        most = std::max({most, std::abs((got[i].end - expected[i].end).count()),
                         std::abs((got[i].first - expected[i].first).count())});
    return most;
}

}  // namespace

TEST_CASE("fluid: a transfer alone ends when its slowest stage is done with it, and not a picosecond earlier") {
    FluidArbiter arbiter(one_channel());
    CHECK(arbiter.request(at(1000), {7, 0, 0, 0, Bytes{1024}, Bytes{1024}}));  // engine: 51,200 ps a turn
    test::check_only_end(arbiter, 7, at(1000), at(1000 + 2 * 51'200));
}

TEST_CASE("fluid: short rows are billed to the engine and not to the channel") {
    CHECK(ends(one_channel(), {{0, {0, 0, 0, 0, Bytes{1024}, Bytes{4096}}}}) == Ends{4 * 102'400});
}

TEST_CASE("fluid: a transfer shorter than a burst takes its part of a turn") {
    CHECK(ends(one_channel(), {{0, {0, 0, 0, 0, Bytes{100}, Bytes{100}}}}) == Ends{10'000});
}

TEST_CASE("fluid: the first of a ring delays nobody when it leaves for one like it") {
    CHECK(ends(one_channel(), {{0, bursts(0, 0, 0, 0, 2)}, {5, bursts(1, 0, 0, 0, 3)}}) == Ends{102'400, 256'000});
}

TEST_CASE("fluid: an arrival before the announced end delays it") {
    FluidArbiter arbiter(wide({fast(0), fast(1)}));
    arbiter.request(at(0), bursts(0, 0, 0, 0, 10));
    CHECK(arbiter.next_completion() == at(256'000));
    arbiter.request(at(128'000), bursts(1, 1, 0, 0, 1));  // five turns are done; now both go half as fast
    CHECK(arbiter.next_completion() == at(128'000 + 51'200));
    std::vector<FinishedTransfer> finished;
    arbiter.take_finished(at(128'000 + 51'200), finished);
    CHECK(finished.size() == 1);
    CHECK(arbiter.next_completion() == at(256'000 + 25'600));
}

TEST_CASE("fluid: an arrival behind others of its ring disturbs nothing") {
    FluidArbiter arbiter(wide({fast(0)}));
    CHECK(arbiter.request(at(0), bursts(0, 0, 0, 0, 10)));
    CHECK_FALSE(arbiter.request(at(1), bursts(1, 0, 0, 0, 1)));
    CHECK(arbiter.next_completion() == at(256'000));
    CHECK(arbiter.request(at(256'000), bursts(2, 0, 0, 1, 1)) == false);  // the second one has begun
    CHECK_FALSE(arbiter.next_completion(at(255'999)));
}

TEST_CASE("fluid: groups share a channel first, then their flows") {
    // 1/4, 1/4 and 1/2 of the channel; then the two alone with it.
    CHECK(ends(wide({fast(0), fast(0), fast(1)}),
               {{0, bursts(0, 0, 0, 0, 10)}, {0, bursts(1, 1, 0, 0, 10)}, {0, bursts(2, 2, 0, 0, 10)}}) ==
          Ends{512'000 + 5 * 2 * 25'600, 512'000 + 5 * 2 * 25'600, 512'000});
}

TEST_CASE("fluid: what a flow at its ceiling leaves goes to the others") {
    ArbiterConfig config = wide({fast(0), fast(1)});
    config.flows[0].ceiling = Bandwidth{5 * GB};  // a quarter of the channel
    CHECK(ends(config, {{0, bursts(0, 0, 0, 0, 10)}, {0, bursts(1, 1, 0, 0, 30)}}) == Ends{1'024'000, 1'024'000});
}

TEST_CASE("fluid: a full group shares itself among its channels") {
    ArbiterConfig config = wide({fast(0), fast(0), fast(0)});
    config.groups[0] = Bandwidth{20 * GB};  // half of it at channel 1, a quarter for each flow at channel 0
    CHECK(ends(config, {{0, bursts(0, 0, 0, 0, 5)}, {0, bursts(1, 1, 0, 0, 5)}, {0, bursts(2, 2, 0, 1, 10)}}) ==
          Ends{512'000, 512'000, 512'000});
}

TEST_CASE("fluid: the rings of a flow turn equally fast, and a flow with two rings has no more than one with one") {
    // The short one with a large bill holds the engine up as long as it is there.
    CHECK(
        ends(one_channel(), {{0, {0, 0, 0, 0, Bytes{1024}, Bytes{1024}}}, {0, {1, 0, 1, 0, Bytes{64}, Bytes{5120}}}}) ==
        Ends{51'200 + 512'000 + 51'200, 51'200 + 512'000});
    // A turn of flow 0 is two bursts: half of the channel for both.
    CHECK(ends(wide({fast(0, 2), fast(1)}),
               {{0, bursts(0, 0, 0, 0, 5)}, {0, bursts(1, 0, 1, 0, 5)}, {0, bursts(2, 1, 0, 0, 10)}}) ==
          Ends{512'000, 512'000, 512'000});
}

TEST_CASE("fluid: a flow with rings on two channels goes as fast as the slower one lets it") {
    // Channel 0 is shared: half a burst each per 25,600 ps. The second ring follows the first on the free channel.
    CHECK(ends(wide({fast(0, 2), fast(1)}),
               {{0, bursts(0, 0, 0, 0, 10)}, {0, bursts(1, 0, 1, 1, 10)}, {0, bursts(2, 1, 0, 0, 10)}}) ==
          Ends{512'000, 512'000, 512'000});
}

TEST_CASE("fluid: the longest transfers keep their precision") {
    ArbiterConfig config = one_channel();
    config.burst = Bytes{32};
    const std::int64_t bytes = std::int64_t{1} << 32, exact = bytes * 100;
    const std::int64_t end = ends(config, {{0, {0, 0, 0, 0, Bytes{bytes}, Bytes{bytes}}}}).front();
    CHECK(end >= exact);
    CHECK(end - exact < 100);  // of 0.4 s
}

TEST_CASE("fluid: the order of requests of one moment and looks in between do not matter") {
    const std::vector<Transfer> transfers = {{0, 0, 0, 0, Bytes{5000}, Bytes{5000}},
                                             {1, 0, 1, 0, Bytes{700}, Bytes{700}},
                                             {2, 1, 0, 0, Bytes{9000}, Bytes{9000}},
                                             {3, 2, 1, 0, Bytes{100}, Bytes{2000}}};
    std::vector<int> order = {0, 1, 2, 3};
    std::vector<FinishedTransfer> first;
    do {
        for (const bool looks : {false, true}) {
            FluidArbiter arbiter(one_channel());
            std::vector<FinishedTransfer> finished;
            for (int i : order) {
                arbiter.request(at(500), transfers[static_cast<std::size_t>(i)]);
                if (looks) arbiter.next_completion();
            }
            for (std::int64_t t = 501; looks && t < 2'000'000; t += 12'347) arbiter.take_finished(at(t), finished);
            arbiter.take_finished(at(1'000'000'000), finished);
            if (first.empty()) first = finished;
            REQUIRE(finished.size() == 4);
            REQUIRE(same(finished, first));
        }
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("fluid: an arbiter used before does as a new one, later") {
    test::Random random(99);
    const ArbiterConfig config = test::random_config(random, 12);
    FluidArbiter arbiter(config);
    auto work = test::random_arrivals(random, config, 60, 40);
    const auto first = run_production(arbiter, work);
    constexpr std::int64_t kLater = 1'000'000'000'000;
    arbiter.forget_turns(at(kLater));
    for (auto& arrival : work) arrival.at += kLater;
    auto second = run_production(arbiter, work);
    for (auto& f : second) f.first -= Duration{kLater}, f.end -= Duration{kLater};
    CHECK(same(first, second));
    arbiter.request(at(2 * kLater), bursts(0, 0, 0, 0, 1));
    CHECK_THROWS_AS(arbiter.forget_turns(at(2 * kLater)), InternalError);
}

TEST_CASE("fluid: DDR4 channels are refused, and the configuration says which arbiter it is") {
    ArbiterConfig config = wide({fast(0), fast(1)});
    const std::vector<test::Arrival> arrivals = {{0, bursts(0, 0, 0, 0, 1)}, {0, bursts(1, 1, 0, 0, 1)}};
    DramArbiter exact(config);
    CHECK(run_production(exact, arrivals).front().end == at(25'600));  // one after the other
    config.arbitration = hw::Arbitration::fluid;
    DramArbiter fluid(config);
    CHECK(run_production(fluid, arrivals).front().end == at(51'200));  // both at once
    config.ddr4 = test::ddr4_3200();
    config.ddr4_channels = 1;
    CHECK_THROWS_AS(DramArbiter(config), InternalError);
}

TEST_CASE("fluid: equal to fractions within what rounding up to picoseconds moves, on random workloads") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        INFO("seed " << seed);
        CHECK(difference(seed, 1 + static_cast<int>(seed % 9), 25, 40) <= 50);
    }
}
