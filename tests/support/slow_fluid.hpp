// The rules of chip/fluid_arbiter.hpp with fractions instead of rounding, and nothing clever: its oracle.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>

#include "chip/arbiter.hpp"
#include "support/naive_arbiter.hpp"

namespace infsim::test {

class SlowFluid {
public:
    using Fraction = boost::multiprecision::cpp_rational;

    explicit SlowFluid(const chip::ArbiterConfig& config) : config_(config) {
        for (const auto& flow : config.flows) rings_.emplace_back(static_cast<std::size_t>(flow.rings));
    }

    /// Serves all arrivals and returns what finished, by end, then id.
    std::vector<chip::FinishedTransfer> run(std::vector<Arrival> arrivals) {
        std::stable_sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
        std::size_t next = 0;
        while (true) {
            for (; next < arrivals.size() && arrivals[next].at <= now_; ++next) arrive(arrivals[next].transfer);
            const auto rate = rates();
            std::int64_t later = next < arrivals.size() ? arrivals[next].at : kNever;
            for (std::size_t f = 0; f < rings_.size(); ++f)
                for (const auto& ring : rings_[f])
                    if (!ring.empty()) later = std::min(later, now_ + whole_up(ring.front().left / rate[f]));
            if (later == kNever) break;
            for (std::size_t f = 0; f < rings_.size(); ++f)
                for (auto& ring : rings_[f])
                    if (!ring.empty()) ring.front().left -= rate[f] * (later - now_);
            now_ = later;
            end_transfers();
        }
        return by_end(finished_);
    }

private:
    struct Open {
        chip::Transfer transfer;
        Fraction left;  // turns
        std::int64_t began = 0;
    };
    static constexpr std::int64_t kNever = INT64_MAX;
    static constexpr std::int64_t kSecond = 1'000'000'000'000;

    static std::int64_t whole_up(const Fraction& x) {
        const auto above = numerator(x), below = denominator(x);
        return static_cast<std::int64_t>((above + below - 1) / below);
    }
    Fraction turns(const chip::Transfer& t) const {
        return Fraction{(t.bytes.count() + config_.burst.count() - 1) / config_.burst.count()};
    }
    Fraction bytes(const chip::Transfer& t) const { return t.bytes.count() / turns(t); }

    void arrive(const chip::Transfer& t) {
        rings_[static_cast<std::size_t>(t.flow)][static_cast<std::size_t>(t.ring)].push_back({t, turns(t), now_});
    }

    void end_transfers() {
        for (auto& flow : rings_)
            for (auto& ring : flow) {
                if (ring.empty() || ring.front().left > 0) continue;
                finished_.push_back(
                    {ring.front().transfer.id, TimePoint{Duration{ring.front().began}}, TimePoint{Duration{now_}}});
                ring.pop_front();
                if (!ring.empty()) ring.front().began = now_;
            }
    }

    std::vector<chip::Transfer> heads(std::size_t flow) const {
        std::vector<chip::Transfer> list;
        for (const auto& ring : rings_[flow])
            if (!ring.empty()) list.push_back(ring.front().transfer);
        return list;
    }
    Fraction ceiling(std::size_t flow) const {
        std::int64_t cost = 0;
        for (const auto& t : heads(flow))
            cost += whole_up(t.billed.count() * Fraction{kSecond} / (turns(t) * config_.flows[flow].ceiling.count()));
        return Fraction{1} / cost;
    }
    /// Per turn of the flow; `channel` -1: over all.
    Fraction bytes_at(std::size_t flow, int channel) const {
        Fraction sum = 0;
        for (const auto& t : heads(flow))
            if (channel < 0 || t.channel == channel) sum += bytes(t);
        return sum;
    }
    int bursts_at(std::size_t flow, int channel) const {
        int sum = 0;
        for (const auto& t : heads(flow)) sum += t.channel == channel;
        return sum;
    }

    using Set = std::set<std::size_t>;  // of flows
    /// Every group gets bursts equally fast at every channel, and its growing flows there share them.
    Fraction speed(std::size_t flow, const Set& growing) const {
        Fraction slowest = 0;
        for (const auto& t : heads(flow)) {
            const auto sharing = std::count_if(growing.begin(), growing.end(), [&](std::size_t other) {
                return config_.flows[other].group == config_.flows[flow].group && bursts_at(other, t.channel) > 0;
            });
            const Fraction here = Fraction{1} / (sharing * bursts_at(flow, t.channel));
            if (slowest == 0 || here < slowest) slowest = here;
        }
        return slowest;
    }

    /// A channel, or a group over all channels.
    struct Stage {
        Fraction bandwidth;  // bytes/ps
        int channel, group;  // -1: any
    };
    std::vector<Stage> stages() const {
        std::vector<Stage> list;
        for (std::size_t c = 0; c < config_.channels.size(); ++c)
            list.push_back({Fraction{config_.channels[c].count()} / kSecond, static_cast<int>(c), -1});
        for (std::size_t g = 0; g < config_.groups.size(); ++g)
            list.push_back({Fraction{config_.groups[g].count()} / kSecond, -1, static_cast<int>(g)});
        return list;
    }
    Fraction taken(const Stage& stage, const std::vector<Fraction>& rate) const {
        Fraction sum = 0;
        for (std::size_t f = 0; f < rate.size(); ++f) sum += rate[f] * bytes_of(stage, f);
        return sum;
    }
    Fraction bytes_of(const Stage& stage, std::size_t flow) const {
        return stage.group >= 0 && config_.flows[flow].group != stage.group ? Fraction{0}
                                                                            : bytes_at(flow, stage.channel);
    }

    /// Turns per picosecond of every flow, filled up from zero.
    std::vector<Fraction> rates() const {
        std::vector<Fraction> rate(rings_.size());
        Set growing;
        for (std::size_t f = 0; f < rings_.size(); ++f)
            if (!heads(f).empty()) growing.insert(f);
        while (!growing.empty()) {
            std::vector<Fraction> speeds(rings_.size());
            for (std::size_t f : growing) speeds[f] = speed(f, growing);
            Fraction step = -1;
            const auto at_most = [&](const Fraction& s) {
                if (step < 0 || s < step) step = s;
            };
            for (std::size_t f : growing) at_most((ceiling(f) - rate[f]) / speeds[f]);
            for (const Stage& stage : stages())
                if (const Fraction slope = taken(stage, speeds); slope > 0)
                    at_most((stage.bandwidth - taken(stage, rate)) / slope);
            for (std::size_t f : growing) rate[f] += speeds[f] * step;
            const Set before = growing;
            for (std::size_t f : before)
                if (rate[f] == ceiling(f)) growing.erase(f);
            for (const Stage& stage : stages())
                if (taken(stage, rate) == stage.bandwidth)
                    for (std::size_t f : before)
                        if (bytes_of(stage, f) > 0) growing.erase(f);
        }
        return rate;
    }

    const chip::ArbiterConfig config_;
    std::vector<std::vector<std::deque<Open>>> rings_;  // flow, ring
    std::vector<chip::FinishedTransfer> finished_;
    std::int64_t now_ = 0;
};

}  // namespace infsim::test
