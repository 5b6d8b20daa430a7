#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "base/check.hpp"
#include "chip/dram_arbiter.hpp"

using namespace infsim;
using namespace infsim::chip;

namespace {

constexpr std::int64_t GB = 1'000'000'000;
TimePoint at(std::int64_t ps) { return TimePoint{Duration{ps}}; }

/// Bursts of 512 B: 32,768 ps on the channel, 65,536 ps for a flow, so that all rates are exact.
ArbiterConfig exact_rates() {
    ArbiterConfig config;
    config.arbitration = hw::Arbitration::fluid;
    config.burst = Bytes{512};
    config.channels = {Bandwidth{15'625'000'000}, Bandwidth{15'625'000'000}};
    config.groups = {Bandwidth{100 * GB}, Bandwidth{100 * GB}};
    const Bandwidth flow{7'812'500'000};
    config.flows = {{0, flow, 2}, {0, flow, 2}, {1, flow, 2}, {1, flow, 2}};
    return config;
}

Transfer transfer(std::uint64_t id, int flow, int ring, int channel, std::int64_t bytes) {
    return {id, flow, ring, channel, Bytes{bytes}, Bytes{bytes}};
}

std::vector<FinishedTransfer> run_out(DramArbiter& arbiter) {
    std::vector<FinishedTransfer> finished;
    while (const auto end = arbiter.next_completion()) arbiter.take_finished(*end, finished);
    return finished;
}

bool same(const std::vector<FinishedTransfer>& a, const std::vector<FinishedTransfer>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.id == y.id && x.first == y.first && x.end == y.end;
    });
}

}  // namespace

TEST_CASE("fluid: a transfer alone goes at its flow's ceiling, ended at its end and not a picosecond before") {
    DramArbiter arbiter(exact_rates());
    CHECK(arbiter.request(at(1000), transfer(7, 0, 0, 0, 1024)));
    REQUIRE(arbiter.next_completion() == at(1000 + 2 * 65'536));
    CHECK_FALSE(arbiter.next_completion(at(1000 + 2 * 65'536 - 1)));
    std::vector<FinishedTransfer> finished;
    arbiter.take_finished(at(1000 + 2 * 65'536 - 1), finished);
    REQUIRE(finished.empty());
    arbiter.take_finished(at(1000 + 2 * 65'536), finished);
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].first == at(1000));
    CHECK_FALSE(arbiter.next_completion());
}

TEST_CASE("fluid: four flows on a channel get a quarter each, and more when one has left") {
    DramArbiter arbiter(exact_rates());
    for (int f = 0; f < 4; ++f)
        arbiter.request(at(0), transfer(static_cast<std::uint64_t>(f), f, 0, 0, f == 0 ? 512 : 1024));
    // A turn of all four takes 131,072 ps. Then flow 1 has its group's half, its ceiling, 2 and 3 reach theirs when it
    // ends too.
    const auto finished = run_out(arbiter);
    REQUIRE(finished.size() == 4);
    CHECK(finished[0].end == at(131'072));
    CHECK(finished[1].end == at(131'072 + 65'536));
    CHECK(finished[2].end == at(196'608 + 32'768));
    CHECK(finished[3].end == at(196'608 + 32'768));
}

TEST_CASE("fluid: rings of a flow share its time, and one behind another starts when that one ends") {
    DramArbiter arbiter(exact_rates());
    arbiter.request(at(0), transfer(0, 0, 0, 0, 512));
    arbiter.request(at(0), transfer(1, 0, 1, 1, 1024));
    CHECK_FALSE(arbiter.request(at(5), transfer(2, 0, 0, 0, 512)));
    const auto finished = run_out(arbiter);
    REQUIRE(finished.size() == 3);
    CHECK(finished[0].end == at(131'072));
    CHECK(finished[1].end == at(262'144));
    CHECK(finished[2].end == at(262'144));
    CHECK(finished[2].first == at(131'072));
}

TEST_CASE("fluid: short rows are billed to the flow alone") {
    DramArbiter arbiter(exact_rates());
    arbiter.request(at(0), {0, 0, 0, 0, Bytes{1024}, Bytes{4096}});
    CHECK(arbiter.next_completion() == at(4 * 131'072));
}

TEST_CASE("fluid: neither the order of a moment's calls nor how often anybody looks matters") {
    std::mt19937_64 random(5);
    for (int round = 0; round < 50; ++round) {
        std::vector<std::pair<std::int64_t, Transfer>> work;
        for (std::uint64_t id = 0; id < 24; ++id)  // one per ring and moment
            work.emplace_back(static_cast<std::int64_t>(id / 8) * 100'000,
                              transfer(id, static_cast<int>(id % 4), static_cast<int>(id / 4 % 2),
                                       static_cast<int>(random() % 2), 1 + static_cast<std::int64_t>(random() % 9000)));
        std::vector<FinishedTransfer> first;
        for (int order = 0; order < 4; ++order) {
            for (std::ptrdiff_t moment = 0; moment < 3; ++moment)
                std::shuffle(work.begin() + moment * 8, work.begin() + moment * 8 + 8, random);
            DramArbiter arbiter(exact_rates());
            std::vector<FinishedTransfer> finished;
            for (const auto& [when, what] : work) {
                arbiter.request(at(when), what);
                if (order % 2 == 1) {
                    arbiter.next_completion();
                    arbiter.take_finished(at(when), finished);
                }
            }
            arbiter.take_finished(at(200'000), finished);
            const auto rest = run_out(arbiter);
            finished.insert(finished.end(), rest.begin(), rest.end());
            std::sort(finished.begin(), finished.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
            REQUIRE(finished.size() == work.size());
            if (order == 0) first = finished;
            REQUIRE(same(finished, first));
        }
    }
}

TEST_CASE("fluid: a full channel that nobody grows on any more does not stop the others") {
    // Channel 0 is full and its rest rounds to below 0 while flows of channel 1 still grow.
    std::mt19937_64 random(1);
    ArbiterConfig config = exact_rates();
    config.channels = {Bandwidth{22'374'400'000}, Bandwidth{22'374'400'000}};
    FluidFill fill(config);
    for (int round = 0; round < 2000; ++round) {
        std::vector<FluidDemand> demands(8);
        std::vector<FluidDemand*> flows;
        for (std::size_t i = 0; i < demands.size(); ++i) {
            demands[i].group = static_cast<std::int32_t>(i / 4);
            demands[i].ceiling = 1.0 / static_cast<double>(100'000 + random() % 300'000);
            demands[i].bytes = static_cast<double>(1 + random() % 2048);
            demands[i].uses = {{static_cast<std::int32_t>(random() % 2), demands[i].bytes}};
            flows.push_back(&demands[i]);
        }
        fill.fill(flows);
        for (std::int32_t c = 0; c < 2; ++c) {
            double load = 0;
            bool all_at_ceiling = true;
            for (const auto& d : demands) {
                if (d.uses[0].channel != c) continue;
                load += d.rate * d.bytes;
                all_at_ceiling = all_at_ceiling && d.rate >= d.ceiling * (1 - 1e-9);
            }
            REQUIRE(load <= 0.0223744 * (1 + 1e-9));
            REQUIRE((all_at_ceiling || load >= 0.0223744 * (1 - 1e-9)));  // nothing is wasted
        }
    }
}

TEST_CASE("fluid: what makes no sense is an internal error") {
    ArbiterConfig config = exact_rates();
    config.ddr4_channels = 1;
    CHECK_THROWS_AS(FluidArbiter(config), InternalError);
    DramArbiter arbiter(exact_rates());
    arbiter.request(at(10), transfer(0, 0, 0, 0, 1));
    CHECK_THROWS_AS(arbiter.request(at(9), transfer(1, 0, 0, 0, 1)), InternalError);
    CHECK_THROWS_AS(arbiter.request(at(10), transfer(1, 9, 0, 0, 1)), InternalError);
    CHECK_THROWS_AS(arbiter.forget_turns(at(11)), InternalError);
}
