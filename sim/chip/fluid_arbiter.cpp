#include "chip/fluid_arbiter.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "chip/cyclic.hpp"

namespace infsim::chip {

namespace {
/// Calls visit(i) for the set bits, lowest first.
template <class Visit>
void for_each_set(const std::vector<std::uint64_t>& words, Visit&& visit) {
    for (std::size_t w = 0; w < words.size(); ++w)
        for (std::uint64_t bits = words[w]; bits != 0; bits &= bits - 1)
            visit(static_cast<std::int32_t>(w * 64) + lowest_bit(bits));
}
}  // namespace

FluidArbiter::FluidArbiter(const ArbiterConfig& config) : burst_(config.burst.count()), fill_(config) {
    INFSIM_CHECK(burst_ > 0 && !config.channels.empty(), "an arbiter needs a burst size and a channel");
    INFSIM_CHECK(config.ddr4_channels == 0, "DDR4 channels need the exact arbiter");
    const auto positive = [](Bandwidth b) { return b.count() > 0; };
    INFSIM_CHECK(std::all_of(config.channels.begin(), config.channels.end(), positive) &&
                     std::all_of(config.groups.begin(), config.groups.end(), positive),
                 "the bandwidth of a channel and the ceiling of a group must be positive");
    for (const ArbiterFlow& f : config.flows) {
        INFSIM_CHECK(f.ceiling.count() > 0 && f.rings >= 1 && f.rings <= 64 && f.group >= 0 &&
                         f.group < static_cast<int>(config.groups.size()),
                     "a flow needs a ceiling, a group and 1 to 64 rings");
        Flow flow;
        flow.demand.group = f.group;
        flow.ceiling = f.ceiling;
        flow.first_ring = static_cast<std::int32_t>(rings_.size());
        flow.rings = f.rings;
        flows_.push_back(std::move(flow));
        rings_.resize(rings_.size() + static_cast<std::size_t>(f.rings));
    }
    channel_count_ = static_cast<std::int32_t>(config.channels.size());
    active_.resize((flows_.size() + 63) / 64);
}

FluidArbiter::Open FluidArbiter::make_open(const Transfer& t) const {
    const Flow& flow = flows_[t.flow];
    Open open;
    open.id = t.id;
    open.channel = t.channel;
    open.turns = (t.bytes.count() + burst_ - 1) / burst_;
    open.bytes = static_cast<double>(t.bytes.count()) / static_cast<double>(open.turns);
    const Work billed = Work{t.billed.count()} * 1'000'000'000'000, rate = Work{open.turns} * flow.ceiling.count();
    open.cost = static_cast<Time>((billed + rate - 1) / rate);
    return open;
}

bool FluidArbiter::request(TimePoint at, const Transfer& t) {
    const Time arrival = at.time_since_epoch().count();
    INFSIM_CHECK(arrival >= now_, "a transfer arrives before one that arrived already");
    INFSIM_CHECK(t.bytes.count() > 0 && t.billed >= t.bytes, "a transfer moves nothing or is billed for less");
    INFSIM_CHECK(t.flow >= 0 && t.flow < static_cast<int>(flows_.size()) && t.channel >= 0 &&
                     t.channel < channel_count_ && t.ring >= 0 && t.ring < flows_[t.flow].rings,
                 "a transfer names a flow, ring or channel that does not exist");
    end_until(arrival);
    Flow& flow = flows_[t.flow];
    Ring& r = ring(flow, t.ring);
    r.open.push_back(make_open(t));
    if (r.open.size() > 1) return false;
    settle(flow, arrival);
    begin(r, arrival);
    flow.pending |= std::uint64_t{1} << t.ring;
    flow.changed = stale_ = true;
    set_bit(active_, t.flow);
    return true;
}

void FluidArbiter::begin(Ring& r, Time at) {
    r.left = Work{r.open.front().turns} << kTurnBits;
    r.first = at;
}

/// Brings the progress of the flow's transfers up to `at`.
void FluidArbiter::settle(Flow& flow, Time at) {
    const Work done = Work{flow.rate} * (at - flow.since);
    flow.since = at;
    if (done == 0) return;
    for (std::uint64_t bits = flow.pending; bits != 0; bits &= bits - 1) ring(flow, lowest_bit(bits)).left -= done;
}

void FluidArbiter::find_end(Flow& flow) {
    flow.end = kNever;
    if (flow.pending == 0 || flow.rate == 0) return;
    Work left = ring(flow, lowest_bit(flow.pending)).left;
    for (std::uint64_t bits = flow.pending; bits != 0; bits &= bits - 1)
        left = std::min(left, ring(flow, lowest_bit(bits)).left);
    left = std::max<Work>(left - kDone, 0);
    constexpr Work narrow = std::numeric_limits<std::int64_t>::max() / 2;  // a 64-bit division is much cheaper
    flow.end = flow.since + (left < narrow ? (static_cast<std::int64_t>(left) + flow.rate - 1) / flow.rate
                                           : static_cast<Time>((left + flow.rate - 1) / flow.rate));
}

/// Ends the transfers that end by `to` and moves there.
void FluidArbiter::end_until(Time to) {
    while (now_ != to) {  // ends at now_ are done already
        if (stale_) refill();
        const Time at = earliest_end_;
        now_ = std::min(at, to);
        if (at > to) return;
        earliest_end_ = kNever;
        for_each_set(active_, [&](std::int32_t f) {
            if (flows_[f].end == at) end_transfers(flows_[f], at);
            if (flows_[f].pending == 0) clear_bit(active_, f);
            else earliest_end_ = std::min(earliest_end_, flows_[f].end);
        });
    }
}

/// At least one of the flow's transfers ends at `at`. If the next one is alike, all rates stay as they are.
void FluidArbiter::end_transfers(Flow& flow, Time at) {
    settle(flow, at);
    for (std::uint64_t bits = flow.pending; bits != 0; bits &= bits - 1) {
        Ring& r = ring(flow, lowest_bit(bits));
        if (r.left > kDone) continue;
        const Open over = r.open.front();
        ended_.push_back({over.id, TimePoint{Duration{r.first}}, TimePoint{Duration{at}}});
        r.open.pop_front();
        if (r.open.empty()) {
            flow.pending &= ~(std::uint64_t{1} << lowest_bit(bits));
            flow.changed = stale_ = true;
            continue;
        }
        begin(r, at);
        const Open& next = r.open.front();
        if (next.channel != over.channel || next.cost != over.cost || next.bytes != over.bytes)
            flow.changed = stale_ = true;
    }
    find_end(flow);
}

/// Runs once per time of a change, when all changes of that time are known.
void FluidArbiter::refill() {
    stale_ = false;
    demands_.clear();
    for_each_set(active_, [&](std::int32_t f) {
        if (flows_[f].changed) find_demand(flows_[f]);
        demands_.push_back(&flows_[f].demand);
    });
    fill_.fill(demands_);
    earliest_end_ = kNever;
    for_each_set(active_, [&](std::int32_t f) {
        Flow& flow = flows_[f];
        const auto rate = std::max<std::int64_t>(
            1, static_cast<std::int64_t>(flow.demand.rate * static_cast<double>(std::int64_t{1} << kTurnBits)));
        if (rate != flow.rate || flow.changed) {
            settle(flow, now_);
            flow.rate = rate;
            flow.changed = false;
            find_end(flow);
        }
        earliest_end_ = std::min(earliest_end_, flow.end);
    });
}

void FluidArbiter::find_demand(Flow& flow) {
    FluidDemand& demand = flow.demand;
    demand.uses.clear();
    demand.bytes = 0;
    Time cost = 0;
    for (std::uint64_t bits = flow.pending; bits != 0; bits &= bits - 1) {
        const Open& open = ring(flow, lowest_bit(bits)).open.front();
        cost += open.cost;
        demand.bytes += open.bytes;
        const auto use = std::find_if(demand.uses.begin(), demand.uses.end(),
                                      [&](const auto& u) { return u.channel == open.channel; });
        if (use == demand.uses.end()) demand.uses.push_back({open.channel, open.bytes, 1});
        else use->bytes += open.bytes, ++use->bursts;
    }
    demand.ceiling = 1.0 / static_cast<double>(cost);
}

std::optional<TimePoint> FluidArbiter::next_completion(TimePoint limit) {
    if (stale_) refill();
    Time end = earliest_end_;
    for (const FinishedTransfer& f : ended_) end = std::min<Time>(end, f.end.time_since_epoch().count());
    if (end == kNever || end > limit.time_since_epoch().count()) return std::nullopt;
    return TimePoint{Duration{end}};
}

void FluidArbiter::take_finished(TimePoint at, std::vector<FinishedTransfer>& finished) {
    const Time now = at.time_since_epoch().count();
    INFSIM_CHECK(now >= now_, "transfers are taken before one that arrived already");
    end_until(now);
    std::sort(ended_.begin(), ended_.end(),
              [](const auto& a, const auto& b) { return a.end != b.end ? a.end < b.end : a.id < b.id; });
    finished.insert(finished.end(), ended_.begin(), ended_.end());
    ended_.clear();
}

void FluidArbiter::forget_turns(TimePoint at) {
    const Time now = at.time_since_epoch().count();
    INFSIM_CHECK(now >= now_, "turns are forgotten before the last arrival");
    end_until(now);
    INFSIM_CHECK(std::all_of(active_.begin(), active_.end(), [](auto word) { return word == 0; }),
                 "turns are forgotten while transfers are outstanding");
}

}  // namespace infsim::chip
