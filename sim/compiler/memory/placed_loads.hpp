// Loads that have a place, and which of them are alive in a stretch of the program.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/memory/lifetimes.hpp"

namespace infsim::compiler {

/// In blocks, so that most loads need not be checked.
class PlacedLoads {
public:
    void add(BufferId buffer, const Lifetime& life) {
        if (entries_.size() % kBlock == 0) blocks_.push_back(life);
        Lifetime& block = blocks_.back();
        block = {std::min(block.first, life.first), std::max(block.last, life.last)};
        entries_.emplace_back(buffer, life);
    }
    /// Calls visit(buffer, lifetime) for every load alive at some instant of [first, last].
    template <class Visit>
    void overlapping(std::int32_t first, std::int32_t last, Visit&& visit) const {
        for (std::size_t b = 0; b < blocks_.size(); ++b) {
            if (blocks_[b].first > last || blocks_[b].last < first) continue;
            for (std::size_t e = b * kBlock; e < std::min((b + 1) * kBlock, entries_.size()); ++e)
                if (entries_[e].second.first <= last && entries_[e].second.last >= first)
                    visit(entries_[e].first, entries_[e].second);
        }
    }

private:
    static constexpr std::size_t kBlock = 64;
    std::vector<std::pair<BufferId, Lifetime>> entries_;
    std::vector<Lifetime> blocks_;  ///< from the smallest `first` to the largest `last` of a block
};

}  // namespace infsim::compiler
