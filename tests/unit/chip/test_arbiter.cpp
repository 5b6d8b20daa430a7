#include <catch2/catch.hpp>

#include "base/check.hpp"
#include "chip/arbiter.hpp"
#include "support/arbiter_workloads.hpp"
#include "support/ddr4_3200.hpp"
#include "support/naive_arbiter.hpp"

using namespace infsim;
using namespace infsim::chip;
using infsim::test::at;
using infsim::test::between;
using infsim::test::GB;
using infsim::test::one_channel;
using infsim::test::Random;
using infsim::test::random_arrivals;
using infsim::test::random_config;
using infsim::test::run_production;
using infsim::test::same;

namespace {

/// Returns how many bursts the production arbiter jumped over.
std::uint64_t compare(std::uint64_t seed, int flows, int transfers, int max_bursts, bool ddr4 = false) {
    Random random(seed);
    ArbiterConfig config = random_config(random, flows);
    auto arrivals = random_arrivals(random, config, transfers, max_bursts);
    const DramWalk rows{96, {1, 1, 5, 7, 11}, {0, 0, 1 << 15, 4096, 192}};
    if (ddr4) {
        config.ddr4 = test::ddr4_3200();
        config.ddr4_channels = static_cast<int>(between(random, 1, static_cast<std::int64_t>(config.channels.size())));
        for (auto& arrival : arrivals) {
            arrival.transfer.address = random() % (1 << 22);
            arrival.transfer.walk = between(random, 0, 2) == 0 ? &rows : nullptr;
            arrival.transfer.write = between(random, 0, 3) == 0;
        }
    }
    Arbiter production(config);
    const auto got = run_production(production, arrivals);
    const auto expected = test::NaiveArbiter(config).run(arrivals);
    INFO("seed " << seed << ", flows " << flows << ", max_bursts " << max_bursts);
    REQUIRE(expected.size() == arrivals.size());
    REQUIRE(same(got, expected));
    return production.bursts_jumped();
}

}  // namespace

TEST_CASE("a transfer alone goes at its slowest stage") {
    Arbiter arbiter(one_channel());
    arbiter.request(at(1000), {7, 0, 0, 0, Bytes{1024}, Bytes{1024}});  // engine: 51,200 ps a burst
    test::check_only_end(arbiter, 7, at(1000), at(1000 + 2 * 51'200));
}

TEST_CASE("short rows are billed to the engine and not to the channel") {
    Arbiter arbiter(one_channel());
    arbiter.request(at(0), {0, 0, 0, 0, Bytes{1024}, Bytes{4096}});
    CHECK(arbiter.next_completion() == at(4 * 102'400));
}

TEST_CASE("two engines share a channel burst by burst") {
    Arbiter arbiter(one_channel());
    arbiter.request(at(0), {0, 0, 0, 0, Bytes{1024}, Bytes{1024}});
    arbiter.request(at(0), {1, 2, 0, 0, Bytes{1024}, Bytes{1024}});
    // Bursts start at 0, 25600, 51200, 76800; each is over when its engine is done with it.
    CHECK(arbiter.next_completion() == at(51'200 + 51'200));
    std::vector<FinishedTransfer> finished;
    arbiter.take_finished(at(1'000'000), finished);
    REQUIRE(finished.size() == 2);
    CHECK(finished[1].end == at(76'800 + 51'200));
}

TEST_CASE("an arrival before the announced completion delays it") {
    ArbiterConfig config = one_channel();
    config.flows[0].ceiling = config.flows[2].ceiling = Bandwidth{40 * GB};
    Arbiter arbiter(config);
    arbiter.request(at(0), {0, 0, 0, 0, Bytes{5120}, Bytes{5120}});
    CHECK(arbiter.next_completion() == at(256'000));
    arbiter.request(at(100'000), {1, 2, 0, 0, Bytes{512}, Bytes{512}});  // served at 102,400
    CHECK(arbiter.next_completion() == at(128'000));
    std::vector<FinishedTransfer> finished;
    arbiter.take_finished(at(128'000), finished);
    CHECK(arbiter.next_completion() == at(256'000 + 25'600));
}

TEST_CASE("nothing is announced beyond a limit, and up to it what is") {
    Arbiter arbiter(one_channel());
    arbiter.request(at(0), {0, 0, 0, 0, Bytes{5120}, Bytes{5120}});  // ten bursts of 51,200 ps
    CHECK_FALSE(arbiter.next_completion(at(400'000)));
    CHECK(arbiter.bursts_served() == 8);
    arbiter.request(at(1'000), {1, 0, 0, 0, Bytes{512}, Bytes{512}});  // queues up behind it: nothing is served again
    CHECK_FALSE(arbiter.next_completion(at(511'999)));
    CHECK(arbiter.next_completion(at(512'000)) == at(512'000));
    CHECK(arbiter.next_completion() == at(512'000));
    CHECK(arbiter.bursts_served() == 10);
}

TEST_CASE("an arrival inside a stretch that was jumped over finds the state of that moment") {
    ArbiterConfig config = one_channel();
    for (std::int64_t when :
         {std::int64_t{1}, std::int64_t{25'600}, std::int64_t{12'345'678}, std::int64_t{200'000'000}}) {
        const std::vector<test::Arrival> arrivals = {{0, {0, 0, 0, 0, Bytes{5'120'000}, Bytes{5'120'000}}},
                                                     {0, {1, 1, 0, 0, Bytes{5'120'000}, Bytes{5'120'000}}},
                                                     {when, {2, 2, 1, 0, Bytes{512'000}, Bytes{512'000}}}};
        Arbiter arbiter(config);
        const auto finished = run_production(arbiter, arrivals);
        CHECK(arbiter.bursts_jumped() > 10'000);
        CHECK(same(finished, test::NaiveArbiter(config).run(arrivals)));
    }
}

TEST_CASE("an engine whose rings use both channels alternates between them") {
    ArbiterConfig config = one_channel();
    config.channels.push_back(Bandwidth{20 * GB});
    Arbiter arbiter(config);
    arbiter.request(at(0), {0, 0, 0, 0, Bytes{1024}, Bytes{1024}});
    arbiter.request(at(0), {1, 0, 1, 1, Bytes{1024}, Bytes{1024}});
    std::vector<FinishedTransfer> finished;
    arbiter.take_finished(at(1'000'000), finished);
    REQUIRE(finished.size() == 2);
    CHECK(finished[0].first == at(0));
    CHECK(finished[1].first == at(51'200));
    CHECK(finished[0].end == at(3 * 51'200));
    CHECK(finished[1].end == at(4 * 51'200));
}

TEST_CASE("a core at its ceiling shares its turns among its engines and its channels") {
    ArbiterConfig config = one_channel();
    config.channels.push_back(Bandwidth{20 * GB});
    config.groups[0] = Bandwidth{10 * GB};
    Arbiter arbiter(config);
    for (int i = 0; i < 2; ++i)
        arbiter.request(at(0), {static_cast<std::uint64_t>(i), i, 0, i, Bytes{51'200}, Bytes{51'200}});
    std::vector<FinishedTransfer> finished;
    arbiter.take_finished(at(1'000'000'000), finished);
    REQUIRE(finished.size() == 2);
    CHECK(finished[1].end - finished[0].end == Duration{51'200});
}

TEST_CASE("the order of requests of one moment does not matter") {
    const std::vector<Transfer> transfers = {{0, 0, 0, 0, Bytes{5000}, Bytes{5000}},
                                             {1, 0, 1, 0, Bytes{700}, Bytes{700}},
                                             {2, 1, 0, 0, Bytes{9000}, Bytes{9000}},
                                             {3, 2, 1, 0, Bytes{100}, Bytes{2000}}};
    std::vector<int> order = {0, 1, 2, 3};
    std::vector<FinishedTransfer> first;
    do {
        Arbiter arbiter(one_channel());
        for (int i : order) {
            arbiter.request(at(500), transfers[static_cast<std::size_t>(i)]);
            arbiter.next_completion();
        }
        std::vector<FinishedTransfer> finished;
        arbiter.take_finished(at(1'000'000'000), finished);
        if (first.empty()) first = finished;
        REQUIRE(same(finished, first));
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("an arbiter that forgot its turns does as a new one, later") {
    Random random(99);
    for (int round = 0; round < 20; ++round) {
        const ArbiterConfig config = random_config(random, 12);
        Arbiter used(config), fresh(config);
        std::vector<test::Arrival> work;
        for (std::uint64_t id = 0; id < 40; ++id) {
            const auto flow = static_cast<int>(between(random, 0, 11));
            const Bytes bytes{between(random, 1, 5000)};
            work.push_back(
                {between(random, 0, 2'000'000),
                 {id, flow, static_cast<int>(between(random, 0, config.flows[flow].rings - 1)),
                  static_cast<int>(between(random, 0, static_cast<int>(config.channels.size()) - 1)), bytes, bytes}});
        }
        const auto first = run_production(used, work);
        CHECK(same(first, run_production(fresh, work)));
        constexpr std::int64_t kLater = 1'000'000'000'000;
        used.forget_turns(at(kLater));
        auto later = work;
        for (auto& arrival : later) arrival.at += kLater;
        auto second = run_production(used, later);
        for (auto& f : second) f.first -= Duration{kLater}, f.end -= Duration{kLater};
        CHECK(same(first, second));
    }
    Arbiter busy(one_channel());
    busy.request(at(0), {1, 0, 0, 0, Bytes{512}, Bytes{512}});
    CHECK_THROWS_AS(busy.forget_turns(at(1)), InternalError);
}

TEST_CASE("equal to the loop over single bursts on random workloads") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) compare(seed, 1 + static_cast<int>(seed % 24), 60, 40);
}

TEST_CASE("equal to the loop over single bursts on long transfers, where repetitions are jumped over") {
    int jumping = 0;
    for (std::uint64_t seed = 1000; seed < 1150; ++seed)
        if (compare(seed, 1 + static_cast<int>(seed % 14), 25, 2000) > 1000) ++jumping;
    CHECK(jumping > 75);
}

TEST_CASE("equal to the loop over single bursts with 192 and 200 flows") {
    for (std::uint64_t seed = 2000; seed < 2016; ++seed) compare(seed, seed % 2 == 0 ? 192 : 200, 500, 30);
}

TEST_CASE("equal to the loop over single bursts over DDR4 channels, which are undone like all else") {
    for (std::uint64_t seed = 3000; seed < 3150; ++seed) compare(seed, 1 + static_cast<int>(seed % 24), 60, 40, true);
}

TEST_CASE("a transfer's runs are visited in order, from any byte on") {
    const DramWalk rows{96, {1, 2, 1, 3, 2}, {0, 5000, 0, 1000, 96 * 3}};
    std::vector<std::pair<std::int64_t, std::int64_t>> runs;
    for_each_run(rows, 90, 200, [&](std::int64_t offset, std::int64_t bytes) { runs.emplace_back(offset, bytes); });
    CHECK(runs == std::vector<std::pair<std::int64_t, std::int64_t>>{{90, 6}, {288, 96}, {1000, 96}, {1288, 2}});
    runs.clear();
    for_each_run(rows, 96 * 5, 96 * 2,
                 [&](std::int64_t offset, std::int64_t bytes) { runs.emplace_back(offset, bytes); });
    CHECK(runs == std::vector<std::pair<std::int64_t, std::int64_t>>{{2288, 96}, {5000, 96}});
}

TEST_CASE("a configuration without sense is an internal error") {
    ArbiterConfig config = one_channel();
    config.channels[0] = Bandwidth{0};
    CHECK_THROWS_AS(Arbiter(config), InternalError);
    Arbiter arbiter(one_channel());
    arbiter.request(at(10), {0, 0, 0, 0, Bytes{1}, Bytes{1}});
    CHECK_THROWS_AS(arbiter.request(at(9), {1, 0, 0, 0, Bytes{1}, Bytes{1}}), InternalError);
    CHECK_THROWS_AS(arbiter.request(at(10), {1, 9, 0, 0, Bytes{1}, Bytes{1}}), InternalError);
}
