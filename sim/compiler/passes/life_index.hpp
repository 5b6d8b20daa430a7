// Which of many buffers are alive at some time within a stretch of the program, without looking at all of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "compiler/passes/lifetimes.hpp"

namespace infsim::compiler {

/// A set of lifetimes out of a list that is known beforehand. Adding one and finding one that overlaps take time
/// logarithmic in the length of the list: a tree over the lifetimes by `first` that holds the largest `last` below each node.
class LifeIndex {
public:
    explicit LifeIndex(std::vector<Lifetime> lives) : lives_(std::move(lives)), rank_(lives_.size()), at_(lives_.size()) {
        for (std::size_t i = 0; i < at_.size(); ++i) at_[i] = static_cast<std::uint32_t>(i);
        std::stable_sort(at_.begin(), at_.end(), [&](std::uint32_t a, std::uint32_t b) { return lives_[a].first < lives_[b].first; });
        for (std::size_t r = 0; r < at_.size(); ++r) {
            rank_[at_[r]] = static_cast<std::uint32_t>(r);
            firsts_.push_back(lives_[at_[r]].first);
        }
        while (leaves_ < at_.size()) leaves_ *= 2;
        clear();
    }

    void clear() { latest_.assign(2 * leaves_, kAbsent); }
    /// Adds number `i` of the list.
    void add(std::size_t i) {
        const std::int32_t last = lives_[i].last;
        for (std::size_t node = leaves_ + rank_[i]; node > 0 && latest_[node] < last; node /= 2) latest_[node] = last;
    }

    /// visit(i) for every added lifetime that has an instant in [first, last], by ascending `first`.
    template <class Visit>
    void overlapping(std::int32_t first, std::int32_t last, Visit&& visit) const {
        const auto end = static_cast<std::size_t>(std::upper_bound(firsts_.begin(), firsts_.end(), last) - firsts_.begin());
        if (end > 0) descend(1, 0, leaves_, end, first, visit);
    }

private:
    static constexpr std::int32_t kAbsent = INT32_MIN;
    std::vector<Lifetime> lives_;
    std::vector<std::uint32_t> rank_, at_;   ///< by `first`: where number i stands, and who stands there
    std::vector<std::int32_t> firsts_, latest_;
    std::size_t leaves_ = 1;

    template <class Visit>
    void descend(std::size_t node, std::size_t begin, std::size_t width, std::size_t end, std::int32_t first, Visit& visit) const {
        if (begin >= end || latest_[node] < first) return;
        if (width == 1) return visit(std::size_t{at_[begin]});
        descend(2 * node, begin, width / 2, end, first, visit);
        descend(2 * node + 1, begin + width / 2, width / 2, end, first, visit);
    }
};

}  // namespace infsim::compiler
