#include "compiler/memory/evicted_liveness.hpp"

#include <algorithm>

namespace infsim::compiler {

namespace {

using EvictionId = TypedId<struct EvictionTag>;  ///< of evictions in their order

/// Positions of the instructions once saves and returns stand between them, each as one instruction.
class Positions {
public:
    explicit Positions(const std::vector<Eviction>& evictions) {
        for (const Eviction& e : evictions) {
            const EvictionId id = evictions_.push_back(e);
            returns_.push_back(e.before);
            if (e.save) savers_.push_back(id);
        }
        std::stable_sort(savers_.begin(), savers_.end(),
                         [&](EvictionId a, EvictionId b) { return evictions_[a].after < evictions_[b].after; });
        save_rank_.assign(evictions.size(), 0);
        for (EvictionId e : savers_) {
            save_rank_[e] = static_cast<std::int32_t>(saves_.size());
            saves_.push_back(evictions_[e].after);
        }
    }
    const IdVector<EvictionId, Eviction>& evictions() const { return evictions_; }
    /// `after` of the evictions that save and `before` of all, ascending.
    const std::vector<std::int32_t>& saves() const { return saves_; }
    const std::vector<std::int32_t>& returns() const { return returns_; }

    /// The new position of instruction p: after the saves that follow earlier instructions, and after the returns
    /// before p.
    std::int32_t moved(std::int32_t p) const { return p + below(saves_, p) + up_to(returns_, p); }
    std::int32_t save_at(EvictionId e) const {
        const std::int32_t after = evictions_[e].after;
        return after + up_to(returns_, after) + save_rank_[e] + 1;
    }
    std::int32_t return_at(EvictionId e) const {
        const std::int32_t before = evictions_[e].before;
        return before + e.value() + below(saves_, before);
    }

private:
    IdVector<EvictionId, Eviction> evictions_;
    std::vector<EvictionId> savers_;  ///< by `after`
    IdVector<EvictionId, std::int32_t> save_rank_;
    std::vector<std::int32_t> saves_, returns_;

    static std::int32_t below(const std::vector<std::int32_t>& sorted, std::int32_t p) {
        return static_cast<std::int32_t>(std::lower_bound(sorted.begin(), sorted.end(), p) - sorted.begin());
    }
    static std::int32_t up_to(const std::vector<std::int32_t>& sorted, std::int32_t p) {
        return static_cast<std::int32_t>(std::upper_bound(sorted.begin(), sorted.end(), p) - sorted.begin());
    }
};

/// The layers of the instructions; a save or return has the layer of the instruction next to it.
std::vector<std::uint16_t> spread_layers(const std::vector<std::uint16_t>& layers, const Positions& positions) {
    const auto &returns = positions.returns(), &saves = positions.saves();
    std::vector<std::uint16_t> out;
    out.reserve(layers.size() + returns.size() + saves.size());
    std::size_t back = 0, save = 0;
    for (std::size_t p = 0; p < layers.size(); ++p) {
        const auto position = static_cast<std::int32_t>(p);
        for (; back < returns.size() && returns[back] == position; ++back) out.push_back(layers[p]);
        out.push_back(layers[p]);
        for (; save < saves.size() && saves[save] == position; ++save) out.push_back(layers[p]);
    }
    return out;
}

class LivenessWriter {
public:
    LivenessWriter(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions)
        : liveness_(liveness), uses_(uses), at_(evictions), out_(liveness), saved_(liveness.buffers.size(), 0) {
        for (BufferId b : liveness.buffers.ids()) alias_.push_back(b);
    }

    Liveness run() {
        out_.layer = spread_layers(liveness_.layer, at_);
        for (Lifetime& life : out_.lives)
            if (life.exists()) life = {at_.moved(life.first), at_.moved(life.last)};
        for (LoadSpan& load : out_.loads) load.front = at_.moved(load.front);
        for (EvictionId e : at_.evictions().ids()) cut_life(e);
        return std::move(out_);
    }

private:
    const Liveness& liveness_;
    const Uses& uses_;
    Positions at_;
    Liveness out_;
    IdVector<BufferId, BufferId> alias_;      ///< the buffer that currently stands for it
    IdVector<BufferId, std::int32_t> saved_;  ///< position of its last save

    /// Every return begins a new life; the previous one ends with the save, or with the last use.
    void cut_life(EvictionId e) {
        const Eviction& eviction = at_.evictions()[e];
        const BufferId b = eviction.buffer;
        const std::int32_t back = at_.return_at(e);
        if (eviction.save) saved_[b] = at_.save_at(e);
        Lifetime& before = out_.lives[alias_[b]];
        const std::int32_t end = before.last;
        before.last = eviction.save ? saved_[b] : at_.moved(eviction.after);
        if (eviction.by == Return::recompute) add_operands(eviction, back);
        alias_[b] = add(b, {back, end});
        if (eviction.by == Return::reload) out_.loads.push_back({alias_[b], kReloadStream, saved_[b] + 1, back});
        if (eviction.by == Return::reissue) add_load(b, alias_[b], back);
    }

    /// What exists for a recipe alone.
    void add_operands(const Eviction& eviction, std::int32_t back) {
        const Recipe& recipe = uses_.recipes.list[eviction.recipe];
        for (BufferId o : recipe.loaded) {
            if (eviction.kept_loads) extend(alias_[o], back);
            else add_load(o, add(o, {back, back}), back);
        }
        for (BufferId o : recipe.made) add(o, {back, back});
    }

    void extend(BufferId b, std::int32_t until) {
        Lifetime& life = out_.lives[b];
        life.last = std::max(life.last, until);
    }
    /// Another buffer like `b`.
    BufferId add(BufferId b, const Lifetime& life) {
        Buffer next = liveness_.buffers[b];
        next.rotates = false;
        out_.lives.push_back(life);
        return out_.buffers.push_back(std::move(next));
    }
    /// Loads `b` once more, into `home`.
    void add_load(BufferId b, BufferId home, std::int32_t front) {
        out_.loads.push_back({home, liveness_.loads[uses_.sole_load[b]].stream, 0, front});
    }
};

}  // namespace

Liveness evicted_liveness(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions) {
    return LivenessWriter(liveness, uses, evictions).run();
}

}  // namespace infsim::compiler
