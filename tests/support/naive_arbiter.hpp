// The arbiter's rules as a loop over single bursts with nothing clever in it: the oracle of chip/arbiter.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "chip/arbiter.hpp"

namespace infsim::test {

struct Arrival {
    std::int64_t at;
    chip::Transfer transfer;
};

inline std::vector<chip::FinishedTransfer> by_end(std::vector<chip::FinishedTransfer> finished) {
    std::sort(finished.begin(), finished.end(),
              [](const auto& a, const auto& b) { return a.end != b.end ? a.end < b.end : a.id < b.id; });
    return finished;
}

/// Serves all arrivals and returns what finished, by end, then id.
class NaiveArbiter {
public:
    explicit NaiveArbiter(const chip::ArbiterConfig& config) : config_(config) {
        for (const auto& f : config.flows) {
            rings_.emplace_back(static_cast<std::size_t>(f.rings));
            last_ring_.push_back(f.rings - 1);
        }
        flow_ready_.assign(config.flows.size(), 0);
        group_ready_.assign(config.groups.size(), 0);
        channel_free_.assign(config.channels.size(), 0);
        last_group_.assign(config.channels.size(), static_cast<int>(config.groups.size()) - 1);
        for (int c = 0; c < config.ddr4_channels; ++c) ddr4_.emplace_back(*config.ddr4);
        last_flow_.assign(config.channels.size(), std::vector<int>(config.groups.size(), -1));
    }

    std::vector<chip::FinishedTransfer> run(std::vector<Arrival> arrivals) {
        std::stable_sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
        const int channels = static_cast<int>(config_.channels.size());
        std::size_t next = 0;
        std::int64_t now = 0;
        int last_channel = channels - 1;
        while (true) {
            for (; next < arrivals.size() && arrivals[next].at <= now; ++next) arrive(arrivals[next].transfer);
            bool started = false;
            for (int i = 1; i <= channels && !started; ++i) {
                const int channel = (last_channel + i) % channels;
                const int flow = choose(channel, now);
                if (flow < 0) continue;
                start(channel, flow, now);
                last_channel = channel;
                started = true;
            }
            if (started) continue;
            std::int64_t later = next < arrivals.size() ? arrivals[next].at : kNever;
            for (std::size_t f = 0; f < rings_.size(); ++f)
                if (offered_ring(f) >= 0) later = std::min(later, may_start(f));
            if (later == kNever) break;
            now = later;
        }
        return by_end(finished_);
    }

private:
    struct Open {
        chip::Transfer transfer;
        std::int64_t left;
        std::int64_t first = -1;
    };
    static constexpr std::int64_t kNever = INT64_MAX;

    void arrive(const chip::Transfer& t) { rings_[t.flow][t.ring].push_back({t, t.bytes.count()}); }

    int offered_ring(std::size_t flow) const {
        const int rings = static_cast<int>(rings_[flow].size());
        for (int i = 1; i <= rings; ++i)
            if (const int r = (last_ring_[flow] + i) % rings; !rings_[flow][r].empty()) return r;
        return -1;
    }
    const Open& offered(std::size_t flow) const { return rings_[flow][offered_ring(flow)].front(); }

    std::int64_t may_start(std::size_t flow) const {
        return std::max({flow_ready_[flow], group_ready_[config_.flows[flow].group],
                         channel_free_[offered(flow).transfer.channel]});
    }

    int choose(int channel, std::int64_t now) const {
        const int groups = static_cast<int>(config_.groups.size()), flows = static_cast<int>(rings_.size());
        for (int i = 1; i <= groups; ++i) {
            const int group = (last_group_[channel] + i) % groups;
            const int behind = last_flow_[channel][group];
            for (int k = 1; k <= flows; ++k) {
                const int flow = (behind + k) % flows;
                if (config_.flows[flow].group != group || offered_ring(flow) < 0) continue;
                if (offered(flow).transfer.channel == channel && may_start(flow) <= now) return flow;
            }
        }
        return -1;
    }

    __extension__ using Wide = __int128;
    static std::int64_t divide_up(Wide a, Wide b) { return static_cast<std::int64_t>((a + b - 1) / b); }

    void start(int channel, int flow, std::int64_t now) {
        constexpr std::int64_t second = 1'000'000'000'000;
        const int ring = offered_ring(flow), group = config_.flows[flow].group;
        Open& open = rings_[flow][ring].front();
        const std::int64_t bytes = std::min(open.left, config_.burst.count());
        const auto scaled = Wide{bytes} * second;
        std::int64_t data_end = 0;
        if (channel < config_.ddr4_channels) {
            std::int64_t begin = -1;
            const std::int64_t from = open.transfer.bytes.count() - open.left;
            const auto piece = [&](std::int64_t offset, std::int64_t length) {
                const auto served = ddr4_[static_cast<std::size_t>(channel)].serve(
                    now, open.transfer.address + static_cast<std::uint64_t>(offset), length, open.transfer.write);
                if (begin < 0) begin = served.begin;
                data_end = served.end;
            };
            if (open.transfer.walk) chip::for_each_run(*open.transfer.walk, from, bytes, piece);
            else piece(from, bytes);
            channel_free_[channel] = begin;
        } else {
            channel_free_[channel] = now + divide_up(scaled, config_.channels[channel].count());
        }
        group_ready_[group] = now + divide_up(scaled, config_.groups[group].count());
        flow_ready_[flow] = now + divide_up(scaled * open.transfer.billed.count(),
                                            Wide{open.transfer.bytes.count()} * config_.flows[flow].ceiling.count());
        if (open.first < 0) open.first = now;
        open.left -= bytes;
        last_ring_[flow] = ring;
        last_group_[channel] = group;
        last_flow_[channel][group] = flow;
        if (open.left > 0) return;
        const std::int64_t end = std::max({channel_free_[channel], group_ready_[group], flow_ready_[flow], data_end});
        finished_.push_back({open.transfer.id, TimePoint{Duration{open.first}}, TimePoint{Duration{end}}});
        rings_[flow][ring].pop_front();
    }

    const chip::ArbiterConfig config_;
    std::vector<std::vector<std::deque<Open>>> rings_;  // flow, ring
    std::vector<int> last_ring_, last_group_;
    std::vector<std::vector<int>> last_flow_;  // channel, group
    std::vector<std::int64_t> flow_ready_, group_ready_, channel_free_;
    std::vector<chip::Ddr4Channel> ddr4_;
    std::vector<chip::FinishedTransfer> finished_;
};

}  // namespace infsim::test
