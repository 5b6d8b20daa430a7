// Finds which of many buffers are alive at some time within a stretch of the program, without visiting all of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/typed_id.hpp"
#include "compiler/memory/lifetimes.hpp"

namespace infsim::compiler {

/// A subset of a list of lifetimes known in advance. Adding one and finding one that overlaps take time logarithmic in
/// the length of the list: a tree over the lifetimes by `first` that holds the largest `last` below each node.
template <class Id>
class LifeIndex {
public:
    explicit LifeIndex(const IdVector<Id, Lifetime>& lives) : rank_(lives.size()), entries_(lives.size()) {
        std::vector<Id> order;
        for (Id i : lives.ids()) order.push_back(i);
        std::stable_sort(order.begin(), order.end(), [&](Id a, Id b) { return lives[a].first < lives[b].first; });
        for (std::size_t r = 0; r < order.size(); ++r) {
            rank_[order[r]] = static_cast<std::uint32_t>(r);
            entries_[r] = {lives[order[r]], kAbsent, order[r]};
        }
        while (leaves_ * kLeaf < entries_.size()) leaves_ *= 2;
        clear();
    }

    void clear() {
        for (Entry& e : entries_) e.last = kAbsent;
        latest_.assign(2 * leaves_, kAbsent);
    }
    /// Adds a lifetime of the list.
    void add(Id i) {
        Entry& e = entries_[rank_[i]];
        e.last = e.life.last;
        for (std::size_t node = leaves_ + rank_[i] / kLeaf; node > 0 && latest_[node] < e.last; node /= 2)
            latest_[node] = e.last;
    }

    /// Calls visit(i) for every added lifetime that has an instant in [first, last], by ascending `first`.
    template <class Visit>
    void overlapping(std::int32_t first, std::int32_t last, Visit&& visit) const {
        const auto end = static_cast<std::size_t>(
            std::upper_bound(entries_.begin(), entries_.end(), last,
                             [](std::int32_t at, const Entry& e) { return at < e.life.first; }) -
            entries_.begin());
        if (end > 0) descend(1, 0, leaves_, end, first, visit);
    }

private:
    static constexpr std::int32_t kAbsent = INT32_MIN;
    static constexpr std::size_t kLeaf =
        16;  ///< entries below one leaf of the tree: checking each beats descending to each
    struct Entry {
        Lifetime life;
        std::int32_t last;
        Id id;
    };
    IdVector<Id, std::uint32_t> rank_;  ///< its position in `entries_`
    std::vector<Entry> entries_;        ///< by `first`
    std::vector<std::int32_t> latest_;  ///< the tree, its root at 1
    std::size_t leaves_ = 1;

    template <class Visit>
    void descend(std::size_t node, std::size_t begin, std::size_t width, std::size_t end, std::int32_t first,
                 Visit& visit) const {
        if (begin * kLeaf >= end || latest_[node] < first) return;
        if (width > 1) {
            descend(2 * node, begin, width / 2, end, first, visit);
            return descend(2 * node + 1, begin + width / 2, width / 2, end, first, visit);
        }
        for (std::size_t e = begin * kLeaf; e < std::min((begin + 1) * kLeaf, end); ++e)
            if (entries_[e].last >= first) visit(entries_[e].id);
    }
};

}  // namespace infsim::compiler
