// Jumps over repetitions. As long as no transfer arrives, ends or starts its last burst, the arbiter's next actions
// follow from a small state: how far in the future channels, groups and flows become free, and whose turn it is. When
// this state recurs, relative to the burst just started, everything between the two times will repeat exactly.
#include <algorithm>
#include <limits>

#include "chip/arbiter.hpp"
#include "chip/cyclic.hpp"

namespace infsim::chip {

namespace {

/// A transfer with fewer full bursts left ends before a search for repetitions pays.
constexpr std::int64_t kWorthwhile = 16;
constexpr std::int64_t kFirstPatience = 32;

void add_once(std::vector<std::int32_t>& list, std::int32_t value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

}  // namespace

/// Call this after a burst that is not the last of its transfer.
void Arbiter::look_for_repetition(Time until) {
    Reference& ref = reference_;
    if (!ref.taken) return take_reference(kFirstPatience);
    ++ref.bursts;
    const Undo& served = log_.back();
    if (served.flow == ref.flow && served.channel == ref.channel) {
        relative_state(scratch_);
        if (scratch_ == ref.state) {
            jump(until);
            ref.pointless = true;
            return;
        }
    }
    // The state of a reference from before the repetition never recurs: take later ones, at doubling distances.
    if (ref.bursts >= ref.patience) take_reference(2 * ref.patience);
}

void Arbiter::take_reference(std::int64_t patience) {
    Reference& ref = reference_;
    const Undo& served = log_.back();
    ref.taken = true;
    ref.pointless = !ddr4_.empty() || a_transfer_ends_soon();  // addresses do not repeat
    if (ref.pointless) return;
    ref.start = served.start;
    ref.flow = served.flow;
    ref.channel = served.channel;
    ref.bursts = 0;
    ref.patience = patience;
    for (auto* list : {&ref.flows, &ref.groups, &ref.channels, &ref.requests}) list->clear();
    ref.left.clear();
    for (std::size_t f = 0; f < flows_.size(); ++f) {
        const Flow& flow = flows_[f];
        if (flow.pending == 0) continue;
        ref.flows.push_back(static_cast<std::int32_t>(f));
        add_once(ref.groups, flow.group);
        for (std::uint64_t rings = flow.pending; rings != 0; rings &= rings - 1) {
            const std::int32_t head = rings_[flow.first_ring + lowest_bit(rings)].head;
            ref.requests.push_back(head);
            ref.left.push_back(requests_[head].full_bursts);
            add_once(ref.channels, requests_[head].channel);
        }
    }
    relative_state(ref.state);
}

bool Arbiter::a_transfer_ends_soon() const {
    for (const Flow& flow : flows_)
        for (std::uint64_t rings = flow.pending; rings != 0; rings &= rings - 1)
            if (requests_[rings_[flow.first_ring + lowest_bit(rings)].head].full_bursts < kWorthwhile) return true;
    return false;
}

/// State of the participants in reference_, relative to the burst served last; past times count as 0.
void Arbiter::relative_state(std::vector<Time>& state) const {
    const Time now = log_.back().start;
    state.clear();
    for (std::int32_t f : reference_.flows) {
        state.push_back(std::max<Time>(flows_[f].ready - now, 0));
        state.push_back(flows_[f].last_ring);
    }
    for (std::int32_t g : reference_.groups) state.push_back(std::max<Time>(groups_[g].ready - now, 0));
    for (std::int32_t c : reference_.channels) {
        state.push_back(std::max<Time>(channels_[c].free - now, 0));
        state.push_back(channels_[c].last_group);
        for (std::int32_t g : reference_.groups) state.push_back(lanes_[c * group_count_ + g].last_member);
    }
    state.push_back(last_channel_);
}

/// The state after the last burst equals that of reference_: repeats what happened in between as long as no transfer
/// reaches its last burst and all starts are before `until`.
void Arbiter::jump(Time until) {
    const Reference& ref = reference_;
    if (jump_count_ == jumps_.size()) jumps_.emplace_back();
    Jump& j = jumps_[jump_count_];
    j.start = log_.back().start;
    j.period = j.start - ref.start;
    j.periods = (until - 1 - j.start) / j.period;
    j.bursts.clear();
    std::int64_t served = 0;
    for (std::size_t i = 0; i < ref.requests.size(); ++i) {
        const std::int64_t left = requests_[ref.requests[i]].full_bursts, bursts = ref.left[i] - left;
        j.bursts.push_back(bursts);
        served += bursts;
        if (bursts > 0) j.periods = std::min(j.periods, left / bursts);
    }
    if (j.periods <= 0) return;
    j.flows = ref.flows;
    j.groups = ref.groups;
    j.channels = ref.channels;
    j.requests = ref.requests;
    shift(j, j.periods);
    jumped_ += static_cast<std::uint64_t>(j.periods * served);
    Undo mark{};
    mark.start = j.start;
    mark.channel = kNone;
    log_.push_back(mark);
    ++jump_count_;
}

/// Moves the participants forward by `periods` periods, or back if negative.
void Arbiter::shift(const Jump& j, std::int64_t periods) {
    const Time by = periods * j.period;
    for (std::int32_t f : j.flows) {
        flows_[f].ready += by;
        if (flows_[f].offered_channel != kNone) slot(flows_[f].offered_channel, f) += by;
    }
    for (std::int32_t g : j.groups) groups_[g].ready += by;
    for (std::int32_t c : j.channels) channels_[c].free += by;
    for (std::size_t i = 0; i < j.requests.size(); ++i) requests_[j.requests[i]].full_bursts -= periods * j.bursts[i];
    for (Channel& channel : channels_) channel.stale = true;
}

/// Undoes the repetitions of the last jump that reach `to`. The rest needs no entry in the log, because the
/// caller makes everything before `to` final.
void Arbiter::undo_jump(Time to) {
    const Jump& j = jumps_[--jump_count_];
    log_.pop_back();
    const std::int64_t keep = to > j.start ? (to - 1 - j.start) / j.period : 0;
    shift(j, keep - j.periods);
}

}  // namespace infsim::chip
