#include "compiler/memory/eviction_choice.hpp"

#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace infsim::compiler {

namespace {

constexpr std::int32_t kNever = INT32_MAX;
constexpr double kLeastCost = 1.0 / 64;  ///< of computing again: an instruction is never free
constexpr int kSmallPart = 16;           ///< constants that take this part of what they help to free may stay for it

struct BufferState {
    std::uint32_t next = 0;      ///< index into Uses::position of the first use that may lie ahead
    std::int32_t saved_at = -1;  ///< position of the last use before it was saved
    std::int32_t place = -1;     ///< index into the list of residents
    std::int32_t back_at = -1;   ///< position at which it returned last, or will
    std::int32_t recipe = -1;    ///< of that return
    bool kept_loads = false;
};

/// How a buffer would come back.
struct Way {
    Return by = Return::reload;
    bool kept_loads = false;
    std::int32_t recipe = -1;
};
bool operator==(const Way& a, const Way& b) {
    return a.by == b.by && a.kept_loads == b.kept_loads && a.recipe == b.recipe;
}

/// What the choice of a victim has to know of a resident, side by side in memory. All but `next` holds until `next` is
/// over, unless it is to be computed again from something that has gone since.
struct Resident {
    BufferId buffer = kNoBuffer;
    std::int32_t next = -1;             ///< position of its next use, or one that is over
    bool lower = false, upper = false;  ///< halves of the partitions that it takes bytes of
    std::optional<Way> way_back;
    double per_cost = 0;  ///< 1 by what its return costs per byte
};

/// Goes from one instruction that needs a buffer which is not there to the next: in between nothing has to go.
class Scan {
public:
    Scan(const Liveness& liveness, const Uses& uses, const EvictionOptions& options, double eagerness,
         const Banned& banned)
        : liveness_(liveness),
          uses_(uses),
          options_(options),
          eagerness_(eagerness),
          banned_(banned),
          state_(liveness.buffers.size()) {
        for (std::size_t b = 0; b < state_.size(); ++b) {
            state_[b].next = uses.begin[b];
            if (liveness.lives[b].last < 0) continue;
            by_first_.push_back(static_cast<BufferId>(b));
            by_last_.push_back(static_cast<BufferId>(b));
        }
        const auto& lives = liveness.lives;
        std::stable_sort(by_first_.begin(), by_first_.end(), [&](BufferId a, BufferId b) {
            return lives[static_cast<std::size_t>(a)].first < lives[static_cast<std::size_t>(b)].first;
        });
        std::stable_sort(by_last_.begin(), by_last_.end(), [&](BufferId a, BufferId b) {
            return lives[static_cast<std::size_t>(a)].last < lives[static_cast<std::size_t>(b)].last;
        });
    }

    std::variant<std::vector<Eviction>, NoRoom> run() {
        for (position_ = next_entry(); position_ != kNever; position_ = next_entry()) {
            lower_ -= std::exchange(passing_lower_, 0);
            upper_ -= std::exchange(passing_upper_, 0);
            bury_dead();
            for (; next_first_ < by_first_.size() && life(by_first_[next_first_]).first == position_; ++next_first_)
                enter(by_first_[next_first_]);
            for (; !returns_.empty() && returns_.top().first == position_; returns_.pop())
                come_back(returns_.top().second);
            while (std::max(lower_, upper_) > options_.budget)
                if (!evict_one()) return no_room();
        }
        const auto rank = [&](const Eviction& e) {
            return std::make_tuple(e.before, e.by == Return::recompute ? uses_.last_write(e.buffer, kNever) : -1,
                                   e.buffer);
        };
        std::sort(list_.begin(), list_.end(), [&](const Eviction& a, const Eviction& b) { return rank(a) < rank(b); });
        return std::move(list_);
    }

    /// Of what is computed again at `position`, the buffers.
    std::vector<BufferId> computed_at(std::int32_t position) const {
        std::vector<BufferId> found;
        for (const Eviction& e : list_)
            if (e.by == Return::recompute && e.before == position) found.push_back(e.buffer);
        return found;
    }

private:
    using Entry = std::pair<std::int32_t, BufferId>;  ///< position, buffer
    const Liveness& liveness_;
    const Uses& uses_;
    const EvictionOptions& options_;
    double eagerness_;
    const Banned& banned_;  ///< what must not be computed again
    std::vector<BufferState> state_;
    /// Ascending positions at which something is computed from a buffer. Few have any.
    std::unordered_map<BufferId, std::vector<std::int32_t>> lent_;
    std::vector<BufferId> by_first_, by_last_;  ///< all that are used, by first and by last use
    std::size_t next_first_ = 0, next_last_ = 0;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> returns_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>>
        lingering_;  ///< dead, but for what is computed from them
    std::vector<Resident> resident_;
    std::int64_t lower_ = 0, upper_ = 0;                  ///< bytes of the residents
    std::int64_t passing_lower_ = 0, passing_upper_ = 0;  ///< of them what recipes need at this position alone
    std::int32_t position_ = 0;
    std::vector<Eviction> list_;

    BufferState& at(BufferId b) { return state_[static_cast<std::size_t>(b)]; }
    const Buffer& buffer(BufferId b) const { return liveness_.buffers[static_cast<std::size_t>(b)]; }
    const Lifetime& life(BufferId b) const { return liveness_.lives[static_cast<std::size_t>(b)]; }

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
    void come_back(BufferId b) {
        enter(b);
        if (at(b).recipe < 0) return;
        const Recipe& recipe = uses_.recipes.list[static_cast<std::size_t>(at(b).recipe)];
        if (!at(b).kept_loads) pass(recipe.loaded);
        pass(recipe.made);
    }
    void pass(const std::vector<BufferId>& buffers) {
        for (BufferId o : buffers) {
            passing_lower_ += lower_bytes(buffer(o)), lower_ += lower_bytes(buffer(o));
            passing_upper_ += upper_bytes(buffer(o)), upper_ += upper_bytes(buffer(o));
        }
    }
    void leave(BufferId b) {
        resident_[static_cast<std::size_t>(at(b).place)] = resident_.back();
        at(resident_.back().buffer).place = at(b).place;
        resident_.pop_back();
        at(b).place = -1;
        lower_ -= lower_bytes(buffer(b));
        upper_ -= upper_bytes(buffer(b));
    }
    /// Buffers whose last use is behind us leave, but for those that something will be computed from.
    void bury_dead() {
        for (; next_last_ < by_last_.size() && life(by_last_[next_last_]).last < position_; ++next_last_)
            bury(by_last_[next_last_]);
        while (!lingering_.empty() && lingering_.top().first < position_) {
            const BufferId b = lingering_.top().second;
            lingering_.pop();
            bury(b);
        }
    }
    void bury(BufferId b) {
        const auto lent = lent_.find(b);
        if (lent == lent_.end() || lent->second.back() < position_) leave(b);
        else lingering_.push({lent->second.back(), b});
    }

    std::uint32_t end_of(BufferId b) const { return uses_.begin[static_cast<std::size_t>(b) + 1]; }
    /// The first use of a resident buffer that is not behind us, what is computed from it included.
    std::int32_t next_use(BufferId b, BufferState& s) const {
        const auto* positions = uses_.position.data();
        const std::uint32_t end = end_of(b);
        if (s.next < end && positions[s.next] < position_) {
            std::uint32_t step = 1;
            while (s.next + step < end && positions[s.next + step] < position_) s.next += step, step *= 2;
            const auto* found =
                std::lower_bound(positions + s.next, positions + std::min(s.next + step, end), position_);
            s.next = static_cast<std::uint32_t>(found - positions);
        }
        const std::int32_t own = s.next < end ? positions[s.next] : kNever;
        const auto lent = lent_.find(b);
        if (lent == lent_.end()) return own;
        const auto ahead = std::lower_bound(lent->second.begin(), lent->second.end(), position_);
        return ahead == lent->second.end() ? own : std::min(own, *ahead);
    }
    /// The last use behind us, once next_use() has been asked.
    std::int32_t last_use(BufferId b, const BufferState& s) const {
        const std::int32_t own = uses_.position[s.next - 1];
        const auto lent = lent_.find(b);
        if (lent == lent_.end()) return own;
        const auto ahead = std::lower_bound(lent->second.begin(), lent->second.end(), position_);
        return ahead == lent->second.begin() ? own : std::max(own, *(ahead - 1));
    }
    /// Device DRAM holds the bytes as they are, once next_use() has been asked.
    bool saved(BufferId b, const BufferState& s) const {
        return s.saved_at >= 0 && uses_.last_write(b, uses_.position[s.next - 1]) <= s.saved_at;
    }

    void look_ahead(Resident& r) {
        const BufferId b = r.buffer;
        BufferState& s = at(b);
        r.next = next_use(b, s);
        r.way_back.reset();
        // A load that has yet to run, or is under way, must find its buffer where it will be looked for.
        if (uses_.last_load[static_cast<std::size_t>(b)] >= position_) return;
        const bool again = options_.rematerialization && uses_.sole_load[static_cast<std::size_t>(b)] >= 0;
        double cost = again || saved(b, s) ? 1.0 : 2.0;
        const std::size_t layer = liveness_.layer[static_cast<std::size_t>(r.next)];
        if (layer < options_.intensity.size() && options_.intensity[layer] > options_.balance) cost *= 0.5;
        if (again) r.way_back = Way{Return::reissue};
        else if (options_.spill) r.way_back = Way{Return::reload};
        r.per_cost = 1 / cost;
        const auto computed = recipe_back(b, s, r.next);
        if (!computed || recipe_cost(b, *computed) >= cost) return;
        r.way_back = computed;
        r.per_cost = eagerness_ / recipe_cost(b, *computed);
    }

    /// Computing again, if all that takes will be there.
    std::optional<Way> recipe_back(BufferId b, const BufferState& state, std::int32_t next) const {
        if (!options_.recompute || state.next == end_of(b)) return std::nullopt;
        // What serves its own next use serves what is computed from it before that.
        const std::int32_t recipe = uses_.recipes.find(b, uses_.position[state.next]);
        if (recipe < 0 || std::binary_search(banned_.begin(), banned_.end(), std::make_pair(b, next)))
            return std::nullopt;
        const Recipe& r = uses_.recipes.list[static_cast<std::size_t>(recipe)];
        for (BufferId o : r.kept)
            if (const BufferState& s = state_[static_cast<std::size_t>(o)]; s.place < 0 && s.back_at > next)
                return std::nullopt;
        const bool keep = std::all_of(r.loaded.begin(), r.loaded.end(), [&](BufferId o) {
            return state_[static_cast<std::size_t>(o)].place >= 0 && buffer(o).bytes <= buffer(b).bytes / kSmallPart;
        });
        return Way{Return::recompute, keep, recipe};
    }
    double recipe_cost(BufferId b, const Way& way) const {
        const Recipe& r = uses_.recipes.list[static_cast<std::size_t>(way.recipe)];
        const std::int64_t traffic = r.traffic_bytes + (way.kept_loads ? 0 : r.load_bytes);
        return std::max(
            static_cast<double>(traffic) / static_cast<double>(uses_.written_bytes[static_cast<std::size_t>(b)]),
            kLeastCost);
    }

    /// The victim frees most instructions without it per byte of traffic, in units that leave bytes out: they are freed
    /// and paid for alike.
    Resident* victim() {
        const bool lower = lower_ > options_.budget;
        Resident* found = nullptr;
        double best = 0;
        for (Resident& r : resident_) {
            if (!(lower ? r.lower : r.upper)) continue;
            if (r.next < position_) look_ahead(r);
            if (r.next == position_ || !r.way_back) continue;
            const double merit = (r.next - position_) * r.per_cost;
            if (merit > best || (merit == best && found && r.buffer < found->buffer)) {
                found = &r;
                best = merit;
            }
        }
        return found;
    }

    bool evict_one() {
        for (Resident* r = victim(); r; r = victim()) {
            const BufferState& s = at(r->buffer);
            if (r->way_back->recipe < 0 || recipe_back(r->buffer, s, r->next) == r->way_back) {
                send_away(r->buffer, *r->way_back);
                return true;
            }
            look_ahead(*r);
        }
        return false;
    }

    void send_away(BufferId b, const Way way) {
        BufferState& s = at(b);
        const std::int32_t before = next_use(b, s), after = last_use(b, s);
        const bool save = way.by == Return::reload && !saved(b, s);
        list_.push_back({b, after, before, way.by, save, way.recipe, way.kept_loads});
        if (save) s.saved_at = after;
        s.back_at = before;
        s.recipe = way.recipe;
        s.kept_loads = way.kept_loads;
        if (way.recipe >= 0) {
            const Recipe& recipe = uses_.recipes.list[static_cast<std::size_t>(way.recipe)];
            lend(recipe.kept, before);
            if (way.kept_loads) lend(recipe.loaded, before);
        }
        returns_.push({before, b});
        leave(b);
    }
    void lend(const std::vector<BufferId>& buffers, std::int32_t position) {
        for (BufferId o : buffers) {
            auto& lent = lent_[o];
            lent.insert(std::upper_bound(lent.begin(), lent.end(), position), position);
            if (at(o).place >= 0) look_ahead(resident_[static_cast<std::size_t>(at(o).place)]);
        }
    }
};

}  // namespace

Walk walk(const Liveness& liveness, const Uses& uses, const EvictionOptions& options, double eagerness,
          const Banned& banned) {
    Scan scan(liveness, uses, options, eagerness, banned);
    Walk walk{scan.run(), {}};
    if (const auto* no = std::get_if<NoRoom>(&walk.outcome)) walk.computed = scan.computed_at(no->position);
    return walk;
}

}  // namespace infsim::compiler
