// Construction of the arbiter: flows, groups and channels, and how long a transfer's bursts will hold them.
#include <algorithm>

#include "base/check.hpp"
#include "chip/arbiter.hpp"

namespace infsim::chip {

namespace {
__extension__ using Wide = __int128;

/// The flow pays for its share of the billed bytes: bytes * billed / transfer bytes / ceiling, rounded up once.
std::int64_t billed_time(std::int64_t bytes, const Transfer& t, Bandwidth ceiling) {
    const Wide billed = Wide{bytes} * t.billed.count() * 1'000'000'000'000;
    const Wide rate = Wide{t.bytes.count()} * ceiling.count();
    return static_cast<std::int64_t>((billed + rate - 1) / rate);
}
}  // namespace

Arbiter::Arbiter(const ArbiterConfig& config)
    : burst_(config.burst.count()), group_count_(static_cast<std::int32_t>(config.groups.size())) {
    INFSIM_CHECK(burst_ > 0 && !config.channels.empty(), "an arbiter needs a burst size and a channel");
    for (Bandwidth bandwidth : config.groups) {
        INFSIM_CHECK(bandwidth.count() > 0, "the ceiling of a group must be positive");
        groups_.push_back({0, bandwidth, 0, 0});
    }
    for (const ArbiterFlow& f : config.flows) {
        INFSIM_CHECK(f.ceiling.count() > 0 && f.rings >= 1 && f.rings <= 64 && f.group >= 0 && f.group < group_count_,
                     "a flow needs a ceiling, a group and 1 to 64 rings");
        Flow flow;
        flow.group = f.group;
        flow.member = groups_[f.group].members++;
        flow.first_ring = static_cast<std::int32_t>(rings_.size());
        flow.rings = f.rings;
        flow.ceiling = f.ceiling;
        INFSIM_CHECK(flow.member < 64, "a group has at most 64 flows");
        if (flow.member == 0) groups_[f.group].first_flow = static_cast<std::int32_t>(flows_.size());
        INFSIM_CHECK(groups_[f.group].first_flow + flow.member == static_cast<std::int32_t>(flows_.size()),
                     "the flows of a group must follow one another");
        flows_.push_back(flow);
        rings_.resize(rings_.size() + static_cast<std::size_t>(f.rings));
    }
    for (Bandwidth bandwidth : config.channels) {
        INFSIM_CHECK(bandwidth.count() > 0, "the bandwidth of a channel must be positive");
        Channel channel;
        channel.bandwidth = bandwidth;
        channel.groups.resize((groups_.size() + 63) / 64);
        channels_.push_back(std::move(channel));
    }
    busy_channels_.resize((channels_.size() + 63) / 64);
    lanes_.resize(channels_.size() * groups_.size());
    slots_.assign(channels_.size() * flows_.size(), kNever);
    INFSIM_CHECK(config.ddr4_channels >= 0 && config.ddr4_channels <= static_cast<int>(channels_.size()) &&
                     (config.ddr4 || config.ddr4_channels == 0),
                 "DDR4 channels need their timings");
    for (int c = 0; c < config.ddr4_channels; ++c) ddr4_.emplace_back(*config.ddr4);
    forget_turns(TimePoint{});
}

void Arbiter::forget_turns(TimePoint at) {
    INFSIM_CHECK(at.time_since_epoch().count() >= now_, "turns are forgotten before the last arrival");
    forget_final(at.time_since_epoch().count());
    for (Flow& flow : flows_) {
        INFSIM_CHECK(flow.pending == 0, "turns are forgotten while transfers are outstanding");
        flow.last_ring = flow.rings - 1;
    }
    for (Lane& l : lanes_) l.last_member = Lane{}.last_member;
    for (Channel& channel : channels_) channel.last_group = group_count_ - 1;
    last_channel_ = static_cast<std::int32_t>(channels_.size()) - 1;
    for (Ddr4Channel& channel : ddr4_) channel.restart(at.time_since_epoch().count());
}

std::vector<Ddr4Channel::Counts> Arbiter::ddr4_counts() const {
    std::vector<Ddr4Channel::Counts> counts;
    for (const Ddr4Channel& channel : ddr4_) counts.push_back(channel.counts());
    return counts;
}

Arbiter::Steps Arbiter::steps_of(const Transfer& t, std::int64_t bytes) const {
    const Flow& flow = flows_[t.flow];
    Steps s;
    // How long a burst holds a DDR4 channel is only known when it is served.
    s.channel =
        t.channel < static_cast<int>(ddr4_.size()) ? 0 : (Bytes{bytes} / channels_[t.channel].bandwidth).count();
    s.flow = billed_time(bytes, t, flow.ceiling);
    s.group = (Bytes{bytes} / groups_[flow.group].ceiling).count();
    s.over = std::max({s.channel, s.flow, s.group});
    return s;
}

std::int32_t Arbiter::make_request(const Transfer& t) {
    std::int32_t index;
    if (free_requests_.empty()) {
        index = static_cast<std::int32_t>(requests_.size());
        requests_.emplace_back();
    } else {
        index = free_requests_.back();
        free_requests_.pop_back();
    }
    Request& r = requests_[index];
    r = Request{};
    r.id = t.id;
    r.channel = t.channel;
    r.write = t.write;
    r.address = t.address;
    r.walk = t.walk;
    r.full_bursts = r.all_full = (t.bytes.count() - 1) / burst_;
    r.last_bytes = t.bytes.count() - r.full_bursts * burst_;
    r.full = steps_of(t, burst_);
    r.last = steps_of(t, t.bytes.count() - r.full_bursts * burst_);
    return index;
}

}  // namespace infsim::chip
