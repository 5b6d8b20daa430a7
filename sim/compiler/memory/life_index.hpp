// Finds which of many buffers are alive at some time within a stretch of the program, without visiting all of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/typed_id.hpp"
#include "compiler/memory/lifetimes.hpp"

namespace infsim::compiler {

/// A subset of a list of lifetimes known in advance. The lifetimes stand by `first`, in blocks and stretches of blocks
/// that each know their largest `last`: most of those that do not overlap are passed over in blocks or stretches. The
/// few numbers that a search looks at lie side by side, which makes it faster than one in a tree.
template <class Id>
class LifeIndex {
public:
    explicit LifeIndex(const IdVector<Id, Lifetime>& lives) : rank_(lives.size()) {
        for (Id i : lives.ids()) by_first_.push_back(i);
        std::stable_sort(by_first_.begin(), by_first_.end(),
                         [&](Id a, Id b) { return lives[a].first < lives[b].first; });
        for (std::size_t r = 0; r < by_first_.size(); ++r) {
            rank_[by_first_[r]] = static_cast<std::uint32_t>(r);
            first_.push_back(lives[by_first_[r]].first);
            last_.push_back(lives[by_first_[r]].last);
        }
        clear();
    }

    void clear() {
        added_.assign(last_.size(), kAbsent);
        block_.assign(last_.size() / kBlock + 1, kAbsent);
        stretch_.assign(last_.size() / kStretch + 1, kAbsent);
    }
    /// Adds a lifetime of the list.
    void add(Id i) {
        const std::size_t r = rank_[i];
        added_[r] = last_[r];
        block_[r / kBlock] = std::max(block_[r / kBlock], last_[r]);
        stretch_[r / kStretch] = std::max(stretch_[r / kStretch], last_[r]);
    }

    /// How many of the whole list begin at `last` or before.
    std::size_t begun_by(std::int32_t last) const {
        return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), last) - first_.begin());
    }
    /// Calls visit(i) for every added lifetime that has an instant in [first, last], by ascending `first`.
    template <class Visit>
    void overlapping(std::int32_t first, std::int32_t last, Visit&& visit) const {
        overlapping_of(begun_by(last), first, visit);
    }
    /// The same, for a caller who knows begun_by(last).
    template <class Visit>
    void overlapping_of(std::size_t begun, std::int32_t first, Visit&& visit) const {
        for (std::size_t s = 0; s * kStretch < begun; ++s) {
            if (stretch_[s] < first) continue;
            const std::size_t end = std::min((s + 1) * kStretch, begun);
            for (std::size_t b = s * kStretch / kBlock; b * kBlock < end; ++b) {
                if (block_[b] < first) continue;
                for (std::size_t r = b * kBlock; r < std::min((b + 1) * kBlock, end); ++r)
                    if (added_[r] >= first) visit(by_first_[r]);
            }
        }
    }

private:
    static constexpr std::int32_t kAbsent = INT32_MIN;
    static constexpr std::size_t kBlock = 16, kStretch = 16 * kBlock;
    IdVector<Id, std::uint32_t> rank_;           ///< its position by `first`
    std::vector<Id> by_first_;                   ///< by rank, like the next three
    std::vector<std::int32_t> first_, last_;     ///< of all
    std::vector<std::int32_t> added_;            ///< `last` of what was added
    std::vector<std::int32_t> block_, stretch_;  ///< the largest of `added_` in each
};

}  // namespace infsim::compiler
