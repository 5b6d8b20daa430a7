#include "chip/arbiter.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.hpp"
#include "chip/cyclic.hpp"

namespace infsim::chip {

namespace {
constexpr std::size_t kLongLog = 4096;
}  // namespace

bool Arbiter::request(TimePoint at, const Transfer& t) {
    INFSIM_CHECK(at.time_since_epoch().count() >= now_, "a transfer arrives before one that arrived already");
    INFSIM_CHECK(t.bytes.count() > 0 && t.billed >= t.bytes, "a transfer moves nothing or is billed for less");
    INFSIM_CHECK(t.flow >= 0 && t.flow < static_cast<int>(flows_.size()) && t.channel >= 0 &&
                     t.channel < static_cast<int>(channels_.size()) && t.ring >= 0 && t.ring < 64,
                 "a transfer names a flow, ring or channel that does not exist");
    const Time arrival = at.time_since_epoch().count();
    serve_until(arrival);
    Flow& flow = flows_[t.flow];
    Ring& ring = rings_[flow.first_ring + t.ring];
    const std::int32_t index = make_request(t);
    if (ring.head != kNone) {  // never empty since `at`: the burst that emptied it would be in the log
        requests_[ring.tail].next = index;
        ring.tail = index;
        forget_final(arrival);
        return false;
    }
    undo_from(arrival);
    if (ring.head == kNone) {
        withdraw(t.flow);
        ring.head = ring.tail = index;
        ring.channel = t.channel;
        flow.pending |= std::uint64_t{1} << t.ring;
        offer(t.flow);
    } else {
        requests_[ring.tail].next = index;
        ring.tail = index;
    }
    reference_.taken = reference_.pointless = false;
    return true;
}

/// Serves everything that starts before `to`.
void Arbiter::serve_until(Time to) {
    while (true) {
        const std::int32_t c = next_channel();
        if (c == kNone || channels_[c].start >= to) return;
        serve(channels_[c], c);
        reference_.taken = reference_.pointless = false;
    }
}

/// Makes every start before `to` final and undoes every other one.
void Arbiter::undo_from(Time to) {
    while (!log_.empty()) {
        if (end_of(log_.back(), jump_count_) < to) break;
        if (log_.back().channel == kNone) undo_jump(to);
        else undo_last();
    }
    serve_until(to);  // the part of a period that an undone jump leaves
    log_.clear();
    ddr4_log_.clear();
    jump_count_ = 0;
    now_ = undone_to_ = to;
}

/// Everything that starts before `to` is final, as all arrivals until then are known.
void Arbiter::forget_final(Time to) {
    now_ = to;
    std::size_t final = log_.size(), jumps = jump_count_;
    for (; final > 0 && end_of(log_[final - 1], jumps) >= to; --final)
        if (log_[final - 1].channel == kNone) --jumps;
    if (final < log_.size() && final < kLongLog) return;  // erasing from the front rarely pays
    const auto over_ddr4 = std::count_if(
        log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(final),
        [&](const Undo& u) { return u.channel != kNone && u.channel < static_cast<std::int32_t>(ddr4_.size()); });
    ddr4_log_.erase(ddr4_log_.begin(), ddr4_log_.begin() + over_ddr4);
    log_.erase(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(final));
    std::rotate(jumps_.begin(), jumps_.begin() + static_cast<std::ptrdiff_t>(jumps), jumps_.end());
    jump_count_ -= jumps;
}

/// Start of the last burst of a log entry; the log has `jumps` jumps up to and including this entry.
Arbiter::Time Arbiter::end_of(const Undo& entry, std::size_t jumps) const {
    if (entry.channel != kNone) return entry.start;
    const Jump& jump = jumps_[jumps - 1];
    return jump.start + jump.periods * jump.period;
}

Arbiter::Time Arbiter::earliest_end() const {
    Time end = kNever;
    for (const Ended& e : ended_) end = std::min(end, e.end);
    return end;
}

void Arbiter::run_ahead(Time limit) {
    Time until = std::min(earliest_end(), limit);
    while (true) {
        const std::int32_t c = next_channel();
        if (c == kNone || channels_[c].start >= until) return;
        const std::size_t before = ended_.size();
        serve(channels_[c], c);
        if (ended_.size() != before) {
            until = std::min(until, ended_.back().end);
            reference_.taken = reference_.pointless = false;
        } else if (!reference_.pointless) {
            look_for_repetition(until);
        }
    }
}

std::optional<TimePoint> Arbiter::next_completion(TimePoint limit) {
    const Time last = limit.time_since_epoch().count();
    run_ahead(last);
    const Time end = earliest_end();
    if (end == kNever || end > last) return std::nullopt;
    return TimePoint{Duration{end}};
}

void Arbiter::take_finished(TimePoint at, std::vector<FinishedTransfer>& finished) {
    const Time now = at.time_since_epoch().count();
    INFSIM_CHECK(now >= now_, "transfers are taken before one that arrived already");
    serve_until(now);
    forget_final(now);
    const std::size_t begin = finished.size();
    for (std::size_t i = 0; i < ended_.size();) {
        if (ended_[i].end > now) {
            ++i;
            continue;
        }
        const Request& r = requests_[ended_[i].request];
        finished.push_back({r.id, TimePoint{Duration{r.first}}, TimePoint{Duration{ended_[i].end}}});
        free_requests_.push_back(ended_[i].request);
        ended_[i] = ended_.back();
        ended_.pop_back();
    }
    std::sort(finished.begin() + static_cast<std::ptrdiff_t>(begin), finished.end(),
              [](const auto& a, const auto& b) { return a.end != b.end ? a.end < b.end : a.id < b.id; });
}

// --- One burst ----------------------------------------------------------------------------------------

void Arbiter::withdraw(std::int32_t f) {
    Flow& flow = flows_[f];
    if (flow.offered_channel == kNone) return;
    Channel& channel = channels_[flow.offered_channel];
    Lane& l = lane(flow.offered_channel, flow.group);
    slot(flow.offered_channel, f) = kNever;
    l.offers &= ~(std::uint64_t{1} << flow.member);
    if (l.offers == 0) {
        clear_bit(channel.groups, flow.group);
        if (empty(channel.groups)) clear_bit(busy_channels_, flow.offered_channel);
    }
    channel.stale = true;
    flow.offered_channel = kNone;
}

void Arbiter::offer(std::int32_t f) {
    Flow& flow = flows_[f];
    if (flow.pending == 0) return;
    flow.ring = next_behind(flow.pending, flow.last_ring);
    flow.offered_channel = rings_[flow.first_ring + flow.ring].channel;
    slot(flow.offered_channel, f) = flow.ready;
    lane(flow.offered_channel, flow.group).offers |= std::uint64_t{1} << flow.member;
    set_bit(channels_[flow.offered_channel].groups, flow.group);
    set_bit(busy_channels_, flow.offered_channel);
    channels_[flow.offered_channel].stale = true;
}

/// The flow has started a burst over `channel` and offers its next one, usually over the same channel.
void Arbiter::offer_next(std::int32_t f, std::int32_t channel) {
    Flow& flow = flows_[f];
    if (flow.pending != 0) {
        const std::int32_t ring = next_behind(flow.pending, flow.last_ring);
        if (rings_[flow.first_ring + ring].channel == channel) {
            flow.ring = ring;
            slot(channel, f) = flow.ready;
            return;
        }
    }
    withdraw(f);
    offer(f);
}

/// Usually the next in turn may start as soon as the channel is free at `from`; then no other flow needs checking.
bool Arbiter::next_in_turn_is_ready(Channel& channel, std::int32_t index, Time from) {
    if (channel.groups.size() != 1) return false;
    const std::int32_t g = next_behind(channel.groups[0], channel.last_group);
    const Group& group = groups_[g];
    const Lane& l = lane(index, g);
    const std::int32_t f = group.first_flow + next_behind(l.offers, l.last_member);
    if (group.ready > from || flows_[f].ready > from) return false;
    channel.start = from;
    channel.group = g;
    channel.flow = f;
    return true;
}

/// For a channel with offers. When it becomes free, it serves the first group in turn that has a ready flow. If there
/// is none, it waits for the earliest. The loops over a group's members have no branches: a flow without an offer here
/// is ready at kNever.
void Arbiter::find_start(Channel& channel, std::int32_t index) {
    channel.stale = false;
    const Time from = std::max(channel.free, undone_to_);
    if (next_in_turn_is_ready(channel, index, from)) return;
    const Time* const ready = &slot(index, 0);
    const Group* const groups = groups_.data();
    Time best = kNever;
    std::int32_t best_group = kNone;
    std::uint64_t eligible = 0;
    for_each_behind(channel.groups, channel.last_group, [&](std::int32_t g) {
        const Group& group = groups[g];
        const Time earliest = std::max(group.ready, from);
        const Time* const members = ready + group.first_flow;
        if (best <= earliest) return true;
        Time first = members[0];
        std::uint64_t now = std::uint64_t{members[0] <= earliest};
        for (std::int32_t m = 1; m < group.members; ++m) {
            first = std::min(first, members[m]);
            now |= std::uint64_t{members[m] <= earliest} << m;
        }
        if (now == 0) {
            if (first < best) best = first, best_group = g, eligible = 0;
            return true;
        }
        best = earliest;
        best_group = g;
        eligible = now;
        return best > from;  // no later group can be earlier
    });
    const Group& group = groups[best_group];
    if (eligible == 0)
        for (std::int32_t m = 0; m < group.members; ++m)
            eligible |= std::uint64_t{ready[group.first_flow + m] <= best} << m;
    channel.start = best;
    channel.group = best_group;
    channel.flow = group.first_flow + next_behind(eligible, lane(index, best_group).last_member);
}

/// The channel that starts the next burst. The group served last is ready later than before, so a channel that had
/// chosen it for an earlier time must choose again; the other channels chose against it already.
std::int32_t Arbiter::next_channel() {
    Time best = kNever;
    std::int32_t best_channel = kNone;
    const std::int32_t served = std::exchange(served_group_, kNone);
    for_each_behind(busy_channels_, last_channel_, [&](std::int32_t c) {
        Channel& channel = channels_[c];
        if (channel.stale || (channel.group == served && channel.start < groups_[served].ready)) find_start(channel, c);
        if (channel.start < best) best = channel.start, best_channel = c;
        return true;
    });
    return best_channel;
}

void Arbiter::serve(Channel& channel, std::int32_t index) {
    const std::int32_t f = channel.flow;
    Flow& flow = flows_[f];
    Group& group = groups_[flow.group];
    Lane& l = lane(index, flow.group);
    Ring& ring = rings_[flow.first_ring + flow.ring];
    Request& r = requests_[ring.head];
    const Time t = channel.start;
    const bool last = r.full_bursts == 0;
    const Steps& steps = last ? r.last : r.full;
    Undo& undo = log_.emplace_back();  // filled in place: a copy would stall on its own pending stores
    undo.start = t;
    undo.channel_free = channel.free;
    undo.flow_ready = flow.ready;
    undo.group_ready = group.ready;
    undo.request = ring.head;
    undo.flow = f;
    undo.channel = index;
    undo.last_group = channel.last_group;
    undo.last_member = l.last_member;
    undo.last_ring = flow.last_ring;
    undo.last_channel = last_channel_;
    undo.first = r.first < 0;
    undo.last = last;
    ++served_;
    if (r.first < 0) r.first = t;
    Time over = t + steps.over;
    if (index < static_cast<std::int32_t>(ddr4_.size())) channel.free = serve_ddr4(index, r, t, over);
    else channel.free = t + steps.channel;
    flow.ready = t + steps.flow;
    group.ready = t + steps.group;
    channel.last_group = served_group_ = flow.group;
    l.last_member = flow.member;
    flow.last_ring = flow.ring;
    last_channel_ = index;
    channel.stale = true;
    if (last) {
        ended_.push_back({over, ring.head});
        ring.head = r.next;
        if (ring.head == kNone) flow.pending &= ~(std::uint64_t{1} << flow.ring);
        else ring.channel = requests_[ring.head].channel;
    } else {
        --r.full_bursts;
    }
    offer_next(f, index);
}

/// Serves the next burst of `request`, chosen at `at`; returns when the channel chooses again. Raises `end` to at least
/// the time of the last data.
Arbiter::Time Arbiter::serve_ddr4(std::int32_t channel, const Request& request, Time at, Time& end) {
    Ddr4Channel& ddr4 = ddr4_[static_cast<std::size_t>(channel)];
    ddr4_log_.push_back(ddr4.state());
    const std::int64_t from = (request.all_full - request.full_bursts) * burst_;
    const std::int64_t bytes = request.full_bursts > 0 ? burst_ : request.last_bytes;
    Time begin = -1;
    const auto move = [&](std::int64_t offset, std::int64_t length) {
        const auto served = ddr4.serve(at, request.address + static_cast<std::uint64_t>(offset), length, request.write);
        if (begin < 0) begin = served.begin;
        end = std::max(end, served.end);
    };
    if (request.walk != nullptr) for_each_run(*request.walk, from, bytes, move);
    else move(from, bytes);
    return begin;
}

void Arbiter::undo_last() {
    const Undo u = log_.back();
    log_.pop_back();
    Flow& flow = flows_[u.flow];
    Request& r = requests_[u.request];
    Channel& channel = channels_[u.channel];
    withdraw(u.flow);
    Ring& ring = rings_[flow.first_ring + flow.last_ring];  // the ring it served last is this burst's
    if (u.last) {
        if (ring.head == kNone) ring.tail = u.request;
        ring.head = u.request;
        ring.channel = r.channel;
        flow.pending |= std::uint64_t{1} << flow.last_ring;
        const auto at =
            std::find_if(ended_.begin(), ended_.end(), [&](const Ended& e) { return e.request == u.request; });
        *at = ended_.back();
        ended_.pop_back();
    } else {
        ++r.full_bursts;
    }
    if (u.first) r.first = -1;
    flow.last_ring = u.last_ring;
    flow.ready = u.flow_ready;
    groups_[flow.group].ready = u.group_ready;
    channel.free = u.channel_free;
    if (u.channel < static_cast<std::int32_t>(ddr4_.size())) {
        ddr4_[static_cast<std::size_t>(u.channel)].restore(ddr4_log_.back());
        ddr4_log_.pop_back();
    }
    channel.last_group = u.last_group;
    lane(u.channel, flow.group).last_member = u.last_member;
    last_channel_ = u.last_channel;
    offer(u.flow);
    for (Channel& c : channels_) c.stale = true;
}

}  // namespace infsim::chip
