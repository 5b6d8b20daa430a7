#include "compiler/memory/evicted_liveness.hpp"

#include <algorithm>

namespace infsim::compiler {

namespace {

class Rewriting {
public:
    Rewriting(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions)
        : liveness_(liveness), uses_(uses), evictions_(evictions), out_(liveness), save_rank_(evictions.size(), 0) {
        for (std::size_t e = 0; e < evictions.size(); ++e) {
            returns_.push_back(evictions[e].before);
            if (evictions[e].save) saves_.push_back(e);
        }
        std::stable_sort(saves_.begin(), saves_.end(),
                         [&](std::size_t a, std::size_t b) { return evictions[a].after < evictions[b].after; });
        for (std::size_t r = 0; r < saves_.size(); ++r) {
            save_rank_[saves_[r]] = static_cast<std::int32_t>(r);
            save_positions_.push_back(evictions[saves_[r]].after);
        }
    }

    Liveness run() {
        spread_layers();
        for (Lifetime& life : out_.lives)
            if (life.last >= 0) life = {moved(life.first), moved(life.last)};
        for (LoadSpan& load : out_.loads) load.front = moved(load.front);
        cut_lives();
        return std::move(out_);
    }

private:
    const Liveness& liveness_;
    const Uses& uses_;
    const std::vector<Eviction>& evictions_;
    Liveness out_;
    std::vector<std::size_t> saves_;                      ///< evictions that save, by `after`
    std::vector<std::int32_t> save_rank_;                 ///< by eviction
    std::vector<std::int32_t> save_positions_, returns_;  ///< `after` of the saves, `before` of all, ascending

    static std::int32_t below(const std::vector<std::int32_t>& sorted, std::int32_t p) {
        return static_cast<std::int32_t>(std::lower_bound(sorted.begin(), sorted.end(), p) - sorted.begin());
    }
    static std::int32_t up_to(const std::vector<std::int32_t>& sorted, std::int32_t p) {
        return static_cast<std::int32_t>(std::upper_bound(sorted.begin(), sorted.end(), p) - sorted.begin());
    }
    /// Where instruction p stands now: behind saves that follow earlier ones and returns in front of it.
    std::int32_t moved(std::int32_t p) const { return p + below(save_positions_, p) + up_to(returns_, p); }
    std::int32_t save_at(std::size_t e) const {
        return evictions_[e].after + up_to(returns_, evictions_[e].after) + save_rank_[e] + 1;
    }
    std::int32_t return_at(std::size_t e) const {
        return evictions_[e].before + static_cast<std::int32_t>(e) + below(save_positions_, evictions_[e].before);
    }

    void spread_layers() {
        out_.layer.clear();
        out_.layer.reserve(liveness_.layer.size() + evictions_.size() + saves_.size());
        std::size_t back = 0, save = 0;
        for (std::size_t p = 0; p < liveness_.layer.size(); ++p) {
            const auto position = static_cast<std::int32_t>(p);
            for (; back < returns_.size() && returns_[back] == position; ++back)
                out_.layer.push_back(liveness_.layer[p]);
            out_.layer.push_back(liveness_.layer[p]);
            for (; save < save_positions_.size() && save_positions_[save] == position; ++save)
                out_.layer.push_back(liveness_.layer[p]);
        }
    }

    /// Every return begins a life of its own; the one before ends with the save, or with the use before.
    void cut_lives() {
        std::vector<BufferId> alias(liveness_.buffers.size());
        for (std::size_t b = 0; b < alias.size(); ++b) alias[b] = static_cast<BufferId>(b);
        std::vector<std::int32_t> saved(alias.size(), 0);
        for (std::size_t e = 0; e < evictions_.size(); ++e) {
            const Eviction& eviction = evictions_[e];
            const auto b = static_cast<std::size_t>(eviction.buffer);
            if (eviction.save) saved[b] = save_at(e);
            Lifetime& before = out_.lives[static_cast<std::size_t>(alias[b])];
            const std::int32_t end = before.last;
            before.last = eviction.save ? saved[b] : moved(eviction.after);
            if (eviction.by == Return::recompute) {
                const Recipe& recipe = uses_.recipes.list[static_cast<std::size_t>(eviction.recipe)];
                for (BufferId o : recipe.loaded) {
                    if (eviction.kept_loads) extend(alias[static_cast<std::size_t>(o)], return_at(e));
                    else out_.loads.push_back(reissue(o, add(o, {return_at(e), return_at(e)}), return_at(e)));
                }
                for (BufferId o : recipe.made) add(o, {return_at(e), return_at(e)});
            }
            alias[b] = add(eviction.buffer, {return_at(e), end});
            if (eviction.by == Return::reload)
                out_.loads.push_back({alias[b], kReloadStream, saved[b] + 1, return_at(e)});
            if (eviction.by == Return::reissue) out_.loads.push_back(reissue(eviction.buffer, alias[b], return_at(e)));
        }
    }

    void extend(BufferId b, std::int32_t until) {
        Lifetime& life = out_.lives[static_cast<std::size_t>(b)];
        life.last = std::max(life.last, until);
    }
    /// Another buffer like `b`.
    BufferId add(BufferId b, const Lifetime& life) {
        Buffer next = liveness_.buffers[static_cast<std::size_t>(b)];
        next.rotates = false;
        out_.buffers.push_back(std::move(next));
        out_.lives.push_back(life);
        return static_cast<BufferId>(out_.buffers.size()) - 1;
    }
    LoadSpan reissue(BufferId b, BufferId home, std::int32_t front) const {
        return {home, liveness_.loads[static_cast<std::size_t>(uses_.sole_load[static_cast<std::size_t>(b)])].stream, 0,
                front};
    }
};

}  // namespace

Liveness evicted_liveness(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions) {
    return Rewriting(liveness, uses, evictions).run();
}

}  // namespace infsim::compiler
