#include "compiler/passes/evictions.hpp"

#include <algorithm>
#include <queue>

namespace infsim::compiler {

namespace {

constexpr std::int32_t kNever = INT32_MAX;

struct BufferState {
    std::uint32_t next = 0;           ///< index into Uses::position of the first use that may lie ahead
    std::int32_t saved_at = -1;       ///< position of the last use before it was saved
    std::int32_t place = -1;          ///< index into the list of residents
};

/// What the choice of a victim has to know of a resident, side by side in memory. All but `next` holds until `next` is over.
struct Resident {
    BufferId buffer = kNoBuffer;
    std::int32_t next = -1;           ///< position of its next use, or one that is over
    bool lower = false, upper = false;///< halves of the partitions that it takes bytes of
    std::optional<Return> way_back;
    double per_cost = 0;              ///< 1 by what its return costs per byte
};

/// Goes from one instruction that needs a buffer which is not there to the next: in between nothing has to go.
class Scan {
public:
    Scan(const Outline& outline, const Uses& uses, const EvictionOptions& options)
        : outline_(outline), uses_(uses), options_(options), state_(outline.buffers.size()) {
        for (std::size_t b = 0; b < state_.size(); ++b) {
            state_[b].next = uses.begin[b];
            if (outline.lives[b].last < 0) continue;
            by_first_.push_back(static_cast<BufferId>(b));
            by_last_.push_back(static_cast<BufferId>(b));
        }
        const auto& lives = outline.lives;
        std::stable_sort(by_first_.begin(), by_first_.end(), [&](BufferId a, BufferId b) { return lives[static_cast<std::size_t>(a)].first < lives[static_cast<std::size_t>(b)].first; });
        std::stable_sort(by_last_.begin(), by_last_.end(), [&](BufferId a, BufferId b) { return lives[static_cast<std::size_t>(a)].last < lives[static_cast<std::size_t>(b)].last; });
    }

    std::variant<std::vector<Eviction>, NoRoom> run() {
        for (position_ = next_entry(); position_ != kNever; position_ = next_entry()) {
            bury_dead();
            for (; next_first_ < by_first_.size() && life(by_first_[next_first_]).first == position_; ++next_first_) enter(by_first_[next_first_]);
            for (; !returns_.empty() && returns_.top().first == position_; returns_.pop()) enter(returns_.top().second);
            while (std::max(lower_, upper_) > options_.budget)
                if (!evict_one()) return no_room();
        }
        std::sort(list_.begin(), list_.end(), [](const Eviction& a, const Eviction& b) {
            return a.before != b.before ? a.before < b.before : a.buffer < b.buffer;
        });
        return std::move(list_);
    }

private:
    using Entry = std::pair<std::int32_t, BufferId>;   ///< position, buffer
    const Outline& outline_;
    const Uses& uses_;
    const EvictionOptions& options_;
    std::vector<BufferState> state_;
    std::vector<BufferId> by_first_, by_last_;          ///< all that are used, by first and by last use
    std::size_t next_first_ = 0, next_last_ = 0;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> returns_;
    std::vector<Resident> resident_;
    std::int64_t lower_ = 0, upper_ = 0;
    std::int32_t position_ = 0;
    std::vector<Eviction> list_;

    BufferState& at(BufferId b) { return state_[static_cast<std::size_t>(b)]; }
    const Buffer& buffer(BufferId b) const { return outline_.buffers[static_cast<std::size_t>(b)]; }
    const Lifetime& life(BufferId b) const { return outline_.lives[static_cast<std::size_t>(b)]; }

    std::int32_t next_entry() const {
        const std::int32_t first = next_first_ < by_first_.size() ? life(by_first_[next_first_]).first : kNever;
        return returns_.empty() ? first : std::min(first, returns_.top().first);
    }
    NoRoom no_room() const {
        NoRoom no{position_, std::max(lower_, upper_), {}};
        for (const Resident& r : resident_) no.buffers.push_back(r.buffer);
        return no;
    }
    void enter(BufferId b) {
        at(b).place = static_cast<std::int32_t>(resident_.size());
        const std::int64_t lower = lower_bytes(buffer(b)), upper = upper_bytes(buffer(b));
        resident_.push_back({b, -1, lower > 0, upper > 0, std::nullopt, 0});
        lower_ += lower;
        upper_ += upper;
    }
    void leave(BufferId b) {
        resident_[static_cast<std::size_t>(at(b).place)] = resident_.back();
        at(resident_.back().buffer).place = at(b).place;
        resident_.pop_back();
        lower_ -= lower_bytes(buffer(b));
        upper_ -= upper_bytes(buffer(b));
    }
    /// Buffers whose last use is behind us leave.
    void bury_dead() {
        for (; next_last_ < by_last_.size() && life(by_last_[next_last_]).last < position_; ++next_last_) leave(by_last_[next_last_]);
    }

    /// The first use of a resident buffer that is not behind us.
    std::int32_t next_use(BufferId b, BufferState& s) const {
        const auto* positions = uses_.position.data();
        if (positions[s.next] < position_) {
            const std::uint32_t end = uses_.begin[static_cast<std::size_t>(b) + 1];
            std::uint32_t step = 1;
            while (s.next + step < end && positions[s.next + step] < position_) s.next += step, step *= 2;
            const auto* found = std::lower_bound(positions + s.next, positions + std::min(s.next + step, end), position_);
            s.next = static_cast<std::uint32_t>(found - positions);
        }
        return positions[s.next];
    }
    /// Device DRAM holds the bytes as they are, once next_use() has been asked.
    bool saved(BufferId b, const BufferState& s) const { return s.saved_at >= 0 && uses_.last_write(b, uses_.position[s.next - 1]) <= s.saved_at; }

    /// How b would come back, if it may go now.
    std::optional<Return> way_back(BufferId b) const {
        // A load that has yet to run, or is under way, must find its buffer where it will be looked for.
        if (uses_.last_load[static_cast<std::size_t>(b)] >= position_) return std::nullopt;
        if (options_.rematerialization && uses_.sole_load[static_cast<std::size_t>(b)] >= 0) return Return::reissue;
        if (options_.spill) return Return::reload;
        return std::nullopt;
    }

    /// 1 by what the return of a byte costs, in units that leave bytes out: they are freed and paid for alike.
    double per_cost(BufferId b, std::int32_t next, Return by) const {
        const std::size_t layer = outline_.layer[static_cast<std::size_t>(next)];
        double cost = by == Return::reissue || saved(b, state_[static_cast<std::size_t>(b)]) ? 1.0 : 2.0;
        if (layer < options_.intensity.size() && options_.intensity[layer] > options_.balance) cost *= 0.5;
        return 1 / cost;
    }

    void look_ahead(Resident& r) {
        r.next = next_use(r.buffer, at(r.buffer));
        r.way_back = way_back(r.buffer);
        if (r.way_back) r.per_cost = per_cost(r.buffer, r.next, *r.way_back);
    }

    /// The victim frees most instructions without it per byte of traffic.
    bool evict_one() {
        const bool lower = lower_ > options_.budget;
        BufferId victim = kNoBuffer;
        Return by = Return::reload;
        double best = 0;
        for (Resident& r : resident_) {
            if (!(lower ? r.lower : r.upper)) continue;
            if (r.next < position_) look_ahead(r);
            if (r.next == position_ || !r.way_back) continue;
            const double m = (r.next - position_) * r.per_cost;
            if (m > best || (m == best && r.buffer < victim)) {
                victim = r.buffer;
                by = *r.way_back;
                best = m;
            }
        }
        if (victim == kNoBuffer) return false;
        BufferState& s = at(victim);
        const std::int32_t after = uses_.position[s.next - 1], before = uses_.position[s.next];
        const bool save = by == Return::reload && !saved(victim, s);
        list_.push_back({victim, after, before, by, save});
        if (save) s.saved_at = after;
        returns_.push({before, victim});
        leave(victim);
        return true;
    }
};

}  // namespace

std::variant<std::vector<Eviction>, NoRoom> choose_evictions(const Outline& outline, const Uses& uses, const EvictionOptions& options) {
    return Scan(outline, uses, options).run();
}

std::int64_t most_saved_bytes(const Uses& uses, const std::vector<Eviction>& evictions) {
    std::vector<std::int32_t> until(uses.written_bytes.size(), kNever);   // position of the next save's last reload
    std::vector<std::pair<std::int32_t, std::int64_t>> changes;
    // From the back: what comes last is the last reload of the save in front of it.
    for (auto e = evictions.rbegin(); e != evictions.rend(); ++e) {
        const auto b = static_cast<std::size_t>(e->buffer);
        if (e->by == Return::reissue) continue;
        if (until[b] == kNever) until[b] = e->before;
        if (!e->save) continue;
        changes.emplace_back(e->after, uses.written_bytes[b]);
        changes.emplace_back(until[b], -uses.written_bytes[b]);
        until[b] = kNever;
    }
    std::sort(changes.begin(), changes.end());   // at one instant what leaves comes first
    std::int64_t here = 0, most = 0;
    for (const auto& [position, bytes] : changes) most = std::max(most, here += bytes);
    return most;
}

}  // namespace infsim::compiler
