#include "compiler/memory/eviction_choice.hpp"

#include <algorithm>
#include <queue>
#include <tuple>
#include <utility>

#include "compiler/memory/return_cost.hpp"

namespace infsim::compiler {

namespace {

constexpr std::int32_t kNever = INT32_MAX;

/// Something that happens to a buffer at a position; the earliest on top.
using Event = std::pair<std::int32_t, BufferId>;
using Agenda = std::priority_queue<Event, std::vector<Event>, std::greater<>>;

/// All used buffers, ordered by some position of their lives.
template <class Position>
std::vector<BufferId> used_by(const Liveness& liveness, Position&& position) {
    std::vector<BufferId> list;
    for (BufferId b : liveness.buffers.ids())
        if (liveness.lives[b].exists()) list.push_back(b);
    std::stable_sort(list.begin(), list.end(),
                     [&](BufferId a, BufferId b) { return position(liveness.lives[a]) < position(liveness.lives[b]); });
    return list;
}

/// Goes from one instruction that needs an absent buffer to the next: in between nothing has to leave.
class Chooser {
public:
    explicit Chooser(const ChoiceInput& in)
        : in_(in),
          state_(in.liveness.buffers, in.uses),
          by_first_(used_by(in.liveness, [](const Lifetime& life) { return life.first; })),
          by_last_(used_by(in.liveness, [](const Lifetime& life) { return life.last; })) {}

    std::variant<std::vector<Eviction>, NoRoom> run() {
        for (std::int32_t p = next_entry(); p != kNever; p = next_entry()) {
            state_.position = p;
            state_.residents.passed();
            bury_dead();
            for (; next_first_ < by_first_.size() && life(by_first_[next_first_]).first == p; ++next_first_)
                state_.residents.enter(by_first_[next_first_]);
            for (; !returns_.empty() && returns_.top().first == p; returns_.pop()) come_back(returns_.top().second);
            while (state_.residents.bytes() > in_.options.budget)
                if (!evict_one()) return no_room();
        }
        sort_by_return();
        return std::move(list_);
    }

    /// The buffers that are recomputed at `position`.
    std::vector<BufferId> computed_at(std::int32_t position) const {
        std::vector<BufferId> found;
        for (const Eviction& e : list_)
            if (e.by == Return::recompute && e.before == position) found.push_back(e.buffer);
        return found;
    }

private:
    const ChoiceInput& in_;
    ChoiceState state_;
    std::vector<BufferId> by_first_, by_last_;  ///< all that are used, by first and by last use
    std::size_t next_first_ = 0, next_last_ = 0;
    Agenda returns_;
    Agenda lingering_;  ///< dead, except for what is computed from them
    std::vector<Eviction> list_;

    const Lifetime& life(BufferId b) const { return in_.liveness.lives[b]; }

    std::int32_t next_entry() const {
        const std::int32_t first = next_first_ < by_first_.size() ? life(by_first_[next_first_]).first : kNever;
        return returns_.empty() ? first : std::min(first, returns_.top().first);
    }
    NoRoom no_room() {
        NoRoom no{state_.position, state_.residents.bytes(), {}};
        for (const Resident& r : state_.residents) no.buffers.push_back(r.buffer);
        return no;
    }
    void sort_by_return() {
        const auto rank = [&](const Eviction& e) {
            const bool computed = e.by == Return::recompute;
            return std::make_tuple(e.before, computed ? in_.uses.last_write(e.buffer, kNever) : -1, e.buffer.value());
        };
        std::sort(list_.begin(), list_.end(), [&](const Eviction& a, const Eviction& b) { return rank(a) < rank(b); });
    }

    void come_back(BufferId b) {
        state_.residents.enter(b);
        const WayBack& way = state_.departures[b].way;
        if (!way.recipe.exists()) return;
        const Recipe& recipe = in_.uses.recipes.list[way.recipe];
        if (!way.kept_loads) state_.residents.pass(recipe.loaded);
        state_.residents.pass(recipe.made);
    }
    /// Buffers past their last use leave, except those that something will be computed from.
    void bury_dead() {
        for (; next_last_ < by_last_.size() && life(by_last_[next_last_]).last < state_.position; ++next_last_)
            bury(by_last_[next_last_]);
        while (!lingering_.empty() && lingering_.top().first < state_.position) {
            const BufferId b = lingering_.top().second;
            lingering_.pop();
            bury(b);
        }
    }
    void bury(BufferId b) {
        const auto lent = state_.next_uses.lent_until(b);
        if (!lent || *lent < state_.position) state_.residents.leave(b);
        else lingering_.push({*lent, b});
    }

    /// The one to go frees most instructions per byte of traffic. Its size cancels out: the bytes are freed and paid
    /// for alike.
    Resident* best_to_evict() {
        const std::int32_t now = state_.position;
        const bool lower = state_.residents.lower() > in_.options.budget;
        Resident* found = nullptr;
        double best = 0;
        for (Resident& r : state_.residents) {
            if (!(lower ? r.lower : r.upper)) continue;
            if (r.next < now) look_ahead(in_, state_, r);
            if (r.next == now || !r.way_back) continue;
            const double merit = (r.next - now) * r.per_cost;
            if (merit > best || (merit == best && found && r.buffer.value() < found->buffer.value())) {
                found = &r;
                best = merit;
            }
        }
        return found;
    }

    bool evict_one() {
        for (Resident* r = best_to_evict(); r; r = best_to_evict()) {
            const bool computed = r->way_back->recipe.exists();
            if (!computed || recompute_way(in_, state_, r->buffer, r->next) == r->way_back) {
                evict(r->buffer, *r->way_back);
                return true;
            }
            look_ahead(in_, state_, *r);
        }
        return false;
    }

    void evict(BufferId b, const WayBack way) {
        const std::int32_t before = state_.next_uses.next(b, state_.position),
                           after = state_.next_uses.last(b, state_.position);
        const bool save = way.by == Return::reload && !is_saved(in_, state_, b);
        list_.push_back({b, after, before, way.by, save, way.recipe, way.kept_loads});
        Departure& departure = state_.departures[b];
        if (save) departure.saved_at = after;
        departure.back_at = before;
        departure.way = way;
        if (way.recipe.exists()) {
            const Recipe& recipe = in_.uses.recipes.list[way.recipe];
            lend(recipe.kept, before);
            if (way.kept_loads) lend(recipe.loaded, before);
        }
        returns_.push({before, b});
        state_.residents.leave(b);
    }
    void lend(const std::vector<BufferId>& buffers, std::int32_t position) {
        for (BufferId o : buffers) {
            state_.next_uses.lend(o, position);
            if (state_.residents.has(o)) look_ahead(in_, state_, state_.residents.at(o));
        }
    }
};

}  // namespace

EvictionChoice choose_in_order(const Liveness& liveness, const Uses& uses, const EvictionOptions& options,
                               double eagerness, const Banned& banned) {
    const ChoiceInput in{liveness, uses, options, eagerness, banned};
    Chooser chooser(in);
    EvictionChoice choice{chooser.run(), {}};
    if (const auto* no = std::get_if<NoRoom>(&choice.outcome)) choice.computed = chooser.computed_at(no->position);
    return choice;
}

}  // namespace infsim::compiler
