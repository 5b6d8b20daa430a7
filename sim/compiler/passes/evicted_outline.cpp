#include "compiler/passes/evicted_outline.hpp"

#include <algorithm>

namespace infsim::compiler {

namespace {

class Rewriting {
public:
    Rewriting(const Outline& outline, const Uses& uses, const std::vector<Eviction>& evictions)
        : outline_(outline), uses_(uses), evictions_(evictions), out_(outline), save_rank_(evictions.size(), 0) {
        for (std::size_t e = 0; e < evictions.size(); ++e) {
            returns_.push_back(evictions[e].before);
            if (evictions[e].save) saves_.push_back(e);
        }
        std::stable_sort(saves_.begin(), saves_.end(), [&](std::size_t a, std::size_t b) { return evictions[a].after < evictions[b].after; });
        for (std::size_t r = 0; r < saves_.size(); ++r) {
            save_rank_[saves_[r]] = static_cast<std::int32_t>(r);
            save_positions_.push_back(evictions[saves_[r]].after);
        }
    }

    Outline run() {
        spread_layers();
        for (Lifetime& life : out_.lives)
            if (life.last >= 0) life = {moved(life.first), moved(life.last)};
        for (LoadSpan& load : out_.loads) load.front = moved(load.front);
        cut_lives();
        return std::move(out_);
    }

private:
    const Outline& outline_;
    const Uses& uses_;
    const std::vector<Eviction>& evictions_;
    Outline out_;
    std::vector<std::size_t> saves_;                            ///< evictions that save, by `after`
    std::vector<std::int32_t> save_rank_;                       ///< by eviction
    std::vector<std::int32_t> save_positions_, returns_;        ///< `after` of the saves, `before` of all, ascending

    static std::int32_t below(const std::vector<std::int32_t>& sorted, std::int32_t p) {
        return static_cast<std::int32_t>(std::lower_bound(sorted.begin(), sorted.end(), p) - sorted.begin());
    }
    static std::int32_t up_to(const std::vector<std::int32_t>& sorted, std::int32_t p) {
        return static_cast<std::int32_t>(std::upper_bound(sorted.begin(), sorted.end(), p) - sorted.begin());
    }
    /// Where instruction p stands now: behind saves that follow earlier ones and returns in front of it.
    std::int32_t moved(std::int32_t p) const { return p + below(save_positions_, p) + up_to(returns_, p); }
    std::int32_t save_at(std::size_t e) const { return evictions_[e].after + up_to(returns_, evictions_[e].after) + save_rank_[e] + 1; }
    std::int32_t return_at(std::size_t e) const {
        return evictions_[e].before + static_cast<std::int32_t>(e) + below(save_positions_, evictions_[e].before);
    }

    void spread_layers() {
        out_.layer.clear();
        out_.layer.reserve(outline_.layer.size() + evictions_.size() + saves_.size());
        std::size_t back = 0, save = 0;
        for (std::size_t p = 0; p < outline_.layer.size(); ++p) {
            const auto position = static_cast<std::int32_t>(p);
            for (; back < returns_.size() && returns_[back] == position; ++back) out_.layer.push_back(outline_.layer[p]);
            out_.layer.push_back(outline_.layer[p]);
            for (; save < save_positions_.size() && save_positions_[save] == position; ++save) out_.layer.push_back(outline_.layer[p]);
        }
    }

    /// Every return begins a life of its own; the one before ends with the save, or with the use before.
    void cut_lives() {
        std::vector<BufferId> alias(outline_.buffers.size());
        for (std::size_t b = 0; b < alias.size(); ++b) alias[b] = static_cast<BufferId>(b);
        std::vector<std::int32_t> saved(alias.size(), 0);
        for (std::size_t e = 0; e < evictions_.size(); ++e) {
            const Eviction& eviction = evictions_[e];
            const auto b = static_cast<std::size_t>(eviction.buffer);
            if (eviction.save) saved[b] = save_at(e);
            Lifetime& before = out_.lives[static_cast<std::size_t>(alias[b])];
            const std::int32_t end = before.last;
            before.last = eviction.save ? saved[b] : moved(eviction.after);
            alias[b] = static_cast<BufferId>(out_.buffers.size());
            Buffer next = outline_.buffers[b];
            next.rotates = false;
            out_.buffers.push_back(std::move(next));
            out_.lives.push_back({return_at(e), end});
            LoadSpan load{alias[b], kReloadStream, saved[b] + 1, return_at(e)};
            if (eviction.by == Return::reissue) {
                load.stream = outline_.loads[static_cast<std::size_t>(uses_.sole_load[b])].stream;
                load.earliest = 0;
            }
            out_.loads.push_back(load);
        }
    }
};

}  // namespace

Outline evicted_outline(const Outline& outline, const Uses& uses, const std::vector<Eviction>& evictions) {
    return Rewriting(outline, uses, evictions).run();
}

}  // namespace infsim::compiler
