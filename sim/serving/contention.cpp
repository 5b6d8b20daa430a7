#include "serving/contention.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>

namespace infsim::serving {

namespace {

int distance(int channels, int from, int to) { return ((to - from) % channels + channels) % channels; }

}  // namespace

void SlowDowns::add_demands(const std::vector<Moving>& moving) {
    demands_.resize(moving.size() * channels_);
    std::fill(totals_.begin(), totals_.end(), 0.0);
    for (std::size_t i = 0; i < moving.size(); ++i) {
        const Shares& share = moving[i].piece->share;
        std::size_t channel = static_cast<std::size_t>(moving[i].core) % channels_;
        for (std::size_t c = 0; c < channels_; ++c) {
            const double d = share.empty() ? 0 : share[c];
            demands_[i * channels_ + channel] = d;
            totals_[channel] += d;
            if (++channel == channels_) channel = 0;
        }
    }
}

/// The demand of a user on a channel when it is slowed on the others.
double SlowDowns::wanted(std::size_t who, std::size_t channel) const {
    double slowest = 1;
    for (std::size_t other = 0; other < channels_; ++other)
        if (other != channel && demand(who, other) > 0) slowest = std::max(slowest, totals_[other]);
    return demand(who, channel) / slowest;
}

/// `demand` over the share that user `who` of `wanted` gets of a channel of capacity 1, with unlimited demand: users
/// that want less than an equal part of the rest get all they want.
double SlowDowns::over_fair_share(double demand, const std::vector<Wanted>& wanted, std::size_t who) {
    double left = 1;
    auto sharing = static_cast<double>(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (i == who) continue;
        if (wanted[i].amount * sharing >= left) break;
        left -= wanted[i].amount;
        --sharing;
    }
    return demand * sharing / left;
}

void SlowDowns::share_channel(std::size_t channel, std::vector<SlowDown>& result) {
    wanted_.clear();
    for (std::size_t i = 0; i < result.size(); ++i) {
        if (demand(i, channel) == 0) continue;
        Wanted& last = wanted_.emplace_back();
        last.amount = wanted(i, channel);
        last.who = i;
        for (std::size_t w = wanted_.size() - 1; w > 0 && wanted_[w].amount < wanted_[w - 1].amount; --w)
            std::swap(wanted_[w], wanted_[w - 1]);
    }
    for (std::size_t w = 0; w < wanted_.size(); ++w) {
        const std::size_t i = wanted_[w].who;
        result[i].shared = std::max(result[i].shared, over_fair_share(demand(i, channel), wanted_, w));
    }
}

double SlowDowns::met(const Moving& moving, std::size_t who) const {
    const Shares& delay = moving.piece->delay;
    double slow = 1;
    std::size_t channel = static_cast<std::size_t>(moving.core) % channels_;
    for (const double d : delay) {
        slow += d / 2 * std::min(totals_[channel] - demand(who, channel), 1.0);
        if (++channel == channels_) channel = 0;
    }
    return slow;
}

void SlowDowns::find(const std::vector<Moving>& moving, std::vector<SlowDown>& result) {
    add_demands(moving);
    result.resize(moving.size());
    for (std::size_t i = 0; i < moving.size(); ++i) {
        result[i].shared = 1;
        result[i].met = met(moving[i], i);
    }
    for (std::size_t channel = 0; channel < channels_; ++channel)
        if (totals_[channel] > 1) share_channel(channel, result);
}

std::vector<int> cores_of(CoreSet busy) {
    std::vector<int> cores;
    for (int c = 0; c < kMaxCoresPerChip; ++c)
        if ((busy >> c & 1U) != 0) cores.push_back(c);
    return cores;
}

Duration start_phase(int set, int lane, Duration alone) {
    constexpr std::array<int, 8> multipliers{0, 1, 5, 7, 11, 3, 13, 9};
    const int round = lane / static_cast<int>(multipliers.size());
    int reversed = 0;
    for (int bit = 1; bit < kPhaseSets; bit *= 2)
        if ((set & bit) != 0) reversed += kPhaseSets / 2 / bit;
    const int at = reversed * multipliers[static_cast<std::size_t>(lane) % multipliers.size()] % kPhaseSets;
    // Further lanes repeat the phases, shifted by fractions of a step.
    const double phase = (at + round / 8.0) / kPhaseSets;
    return Duration{std::llround((phase < 1 ? phase : phase - 1) * static_cast<double>(alone.count()))};
}

std::vector<Executed> while_all_execute(const std::vector<Executed>& all, const std::vector<int>& cores) {
    TimePoint first = TimePoint::min(), last = TimePoint::max();
    for (const int core : cores) {
        TimePoint begin = TimePoint::max(), end = TimePoint::min();
        for (const Executed& e : all) {
            if (e.core != core) continue;
            begin = std::min(begin, e.from);
            end = std::max(end, e.until);
        }
        first = std::max(first, begin);
        last = std::min(last, end);
    }
    std::vector<Executed> meanwhile;
    std::copy_if(all.begin(), all.end(), std::back_inserter(meanwhile),
                 [&](const Executed& e) { return e.from >= first && e.until <= last; });
    return meanwhile;
}

std::vector<int> crowd(int channels, int core, CoreSet busy) {
    std::vector<int> counts(static_cast<std::size_t>(channels), 0);
    for (const int c : cores_of(busy)) ++counts[static_cast<std::size_t>(distance(channels, core, c))];
    return counts;
}

std::vector<CoreSet> telling_sets(int channels, int cores) {
    std::vector<CoreSet> all;
    for (CoreSet busy = 1; busy < CoreSet{1} << cores; ++busy) all.push_back(busy);
    std::stable_sort(all.begin(), all.end(),
                     [](CoreSet a, CoreSet b) { return cores_of(a).size() < cores_of(b).size(); });
    std::set<std::vector<int>> seen;
    std::vector<CoreSet> telling;
    for (const CoreSet busy : all) {
        bool tells = false;
        for (const int core : cores_of(busy)) tells |= seen.insert(crowd(channels, core, busy)).second;
        if (tells) telling.push_back(busy);
    }
    return telling;
}

}  // namespace infsim::serving
