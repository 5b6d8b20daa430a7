// When buffers are used next, seen from a position that only moves forward.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "compiler/memory/uses.hpp"

namespace infsim::compiler {

constexpr std::int32_t kNeverUsed = INT32_MAX;

/// A buffer's own uses, and positions at which something else will be computed from it.
class NextUses {
public:
    explicit NextUses(const Uses& uses) : uses_(uses), next_(uses.begin) {}

    /// The first use of b at or after `position`, including recomputations from it; kNeverUsed if there is none.
    std::int32_t next(BufferId b, std::int32_t position) {
        advance(b, position);
        const std::int32_t own = has_own(b) ? own_next(b) : kNeverUsed;
        const auto lent = lent_.find(b);
        if (lent == lent_.end()) return own;
        const auto ahead = std::lower_bound(lent->second.begin(), lent->second.end(), position);
        return ahead == lent->second.end() ? own : std::min(own, *ahead);
    }
    // Valid once next() has been called for `position`:
    /// The last use before `position`.
    std::int32_t last(BufferId b, std::int32_t position) const {
        const std::int32_t own = own_last(b);
        const auto lent = lent_.find(b);
        if (lent == lent_.end()) return own;
        const auto ahead = std::lower_bound(lent->second.begin(), lent->second.end(), position);
        return ahead == lent->second.begin() ? own : std::max(own, *(ahead - 1));
    }
    /// Whether the buffer has a use of its own ahead, where that is, and where the previous one was.
    bool has_own(BufferId b) const { return next_[b] != uses_.begin[b.next()]; }
    std::int32_t own_next(BufferId b) const { return uses_.position[next_[b]]; }
    std::int32_t own_last(BufferId b) const { return uses_.position[next_[b] - 1]; }

    /// Something is computed from b at `position`.
    void lend(BufferId b, std::int32_t position) {
        auto& lent = lent_[b];
        lent.insert(std::upper_bound(lent.begin(), lent.end(), position), position);
    }
    /// The last position that b is lent for, if any.
    std::optional<std::int32_t> lent_until(BufferId b) const {
        const auto lent = lent_.find(b);
        if (lent == lent_.end()) return std::nullopt;
        return lent->second.back();
    }

private:
    const Uses& uses_;
    IdVector<BufferId, std::uint32_t> next_;  ///< index into Uses::position of the first use that may lie ahead
    std::unordered_map<BufferId, std::vector<std::int32_t>> lent_;  ///< ascending; few buffers have any

    void advance(BufferId b, std::int32_t position) {
        const auto* positions = uses_.position.data();
        const std::uint32_t end = uses_.begin[b.next()];
        std::uint32_t at = next_[b];
        if (at >= end || positions[at] >= position) return;
        std::uint32_t step = 1;
        while (at + step < end && positions[at + step] < position) at += step, step *= 2;
        const auto* found = std::lower_bound(positions + at, positions + std::min(at + step, end), position);
        next_[b] = static_cast<std::uint32_t>(found - positions);
    }
};

}  // namespace infsim::compiler
