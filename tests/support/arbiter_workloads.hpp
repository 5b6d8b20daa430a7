// Workloads for arbiters, and a driver that feeds them as a simulator would.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "chip/arbiter.hpp"
#include "support/naive_arbiter.hpp"

namespace infsim::test {

inline constexpr std::int64_t GB = 1'000'000'000;

inline TimePoint at(std::int64_t ps) { return TimePoint{Duration{ps}}; }

/// The one transfer that is outstanding ends at `end`, not a picosecond earlier, and nothing comes behind it.
template <class AnyArbiter>
void check_only_end(AnyArbiter& arbiter, std::uint64_t id, TimePoint first, TimePoint end) {
    REQUIRE(arbiter.next_completion() == end);
    std::vector<chip::FinishedTransfer> finished;
    arbiter.take_finished(end - Duration{1}, finished);
    REQUIRE(finished.empty());
    arbiter.take_finished(end, finished);
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].id == id);
    CHECK(finished[0].first == first);
    CHECK(finished[0].end == end);
    CHECK_FALSE(arbiter.next_completion());
}

/// Feeds the arrivals in time order as a simulator would: looks for the next completion in between, takes what
/// is over at it, and comes back with a request that may lie before the completion just announced.
template <class AnyArbiter>
std::vector<chip::FinishedTransfer> run_production(AnyArbiter& arbiter, std::vector<Arrival> arrivals) {
    std::stable_sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    std::vector<chip::FinishedTransfer> finished;
    std::size_t next = 0;
    while (true) {
        const auto end = arbiter.next_completion();
        if (next < arrivals.size() && (!end || arrivals[next].at <= end->time_since_epoch().count())) {
            arbiter.request(at(arrivals[next].at), arrivals[next].transfer);
            ++next;
        } else if (end) {
            const auto before = finished.size();
            arbiter.take_finished(*end, finished);
            REQUIRE(finished.size() > before);
            REQUIRE(finished[before].end == *end);
        } else {
            break;
        }
    }
    return finished;
}

inline bool same(const std::vector<chip::FinishedTransfer>& a, const std::vector<chip::FinishedTransfer>& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
               return x.id == y.id && x.first == y.first && x.end == y.end;
           });
}

using Random = std::mt19937_64;
inline std::int64_t between(Random& random, std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

/// `flows` flows in groups of 1 to 16 with unequal ceilings, some below and some above a channel's bandwidth.
inline chip::ArbiterConfig random_config(Random& random, int flows) {
    chip::ArbiterConfig config;
    config.burst = Bytes{std::int64_t{64} << between(random, 0, 3)};
    const bool round_numbers = between(random, 0, 1) == 0;
    const auto bandwidth = [&](std::int64_t low, std::int64_t high) {
        return round_numbers ? Bandwidth{between(random, low, high) * GB}
                             : Bandwidth{between(random, low * GB, high * GB)};
    };
    for (std::int64_t c = between(random, 1, 3); c > 0; --c) config.channels.push_back(bandwidth(5, 25));
    while (static_cast<int>(config.flows.size()) < flows) {
        const int group = static_cast<int>(config.groups.size());
        config.groups.push_back(bandwidth(3, 40));
        for (std::int64_t m = between(random, 1, 16); m > 0 && static_cast<int>(config.flows.size()) < flows; --m)
            config.flows.push_back({group, bandwidth(1, 30), static_cast<int>(between(random, 1, 4))});
    }
    return config;
}

inline std::vector<Arrival> random_arrivals(Random& random, const chip::ArbiterConfig& config, int count,
                                            int max_bursts) {
    std::vector<Arrival> arrivals;
    const std::int64_t horizon = between(random, 1, 40) * count * config.burst.count() * max_bursts;
    for (int i = 0; i < count; ++i) {
        chip::Transfer t;
        t.id = static_cast<std::uint64_t>(i);
        t.flow = static_cast<int>(between(random, 0, static_cast<int>(config.flows.size()) - 1));
        t.ring = static_cast<int>(between(random, 0, config.flows[t.flow].rings - 1));
        t.channel = static_cast<int>(between(random, 0, static_cast<int>(config.channels.size()) - 1));
        t.bytes = Bytes{between(random, 1, config.burst.count() * between(random, 1, max_bursts))};
        t.billed = between(random, 0, 3) == 0 ? t.bytes * between(random, 1, 5) : t.bytes;
        // Half of the arrivals share a few moments, so that same-time rules are exercised.
        const std::int64_t when = between(random, 0, horizon);
        arrivals.push_back({between(random, 0, 1) == 0 ? when / 10'000 * 10'000 : when, t});
    }
    return arrivals;
}

inline chip::ArbiterConfig one_channel() {  // 512 B bursts: 25,600 ps on the channel
    chip::ArbiterConfig config;
    config.burst = Bytes{512};
    config.channels = {Bandwidth{20 * GB}};
    config.groups = {Bandwidth{40 * GB}, Bandwidth{40 * GB}};
    config.flows = {{0, Bandwidth{10 * GB}, 2}, {0, Bandwidth{10 * GB}, 2}, {1, Bandwidth{10 * GB}, 2}};
    return config;
}

}  // namespace infsim::test
