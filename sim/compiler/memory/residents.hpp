// Which buffers are in the state buffer, and how many bytes they take.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/memory/evictions.hpp"

namespace infsim::compiler {

/// How a buffer would come back.
struct WayBack {
    Return by = Return::reload;
    bool kept_loads = false;
    RecipeId recipe;
};
inline bool operator==(const WayBack& a, const WayBack& b) {
    return a.by == b.by && a.kept_loads == b.kept_loads && a.recipe.value() == b.recipe.value();
}

/// What the choice of an eviction has to know of a resident, contiguous in memory. All but `next` is valid until `next`
/// has passed, unless the resident is to be recomputed from something that has left since.
struct Resident {
    BufferId buffer;
    std::int32_t next = -1;             ///< position of its next use, or of one that has passed
    bool lower = false, upper = false;  ///< halves of the partitions in which it takes bytes
    std::optional<WayBack> way_back;
    double per_cost = 0;  ///< 1 / (cost of its return per byte)
};

class Residents {
public:
    explicit Residents(const IdVector<BufferId, Buffer>& buffers) : buffers_(buffers), place_(buffers.size(), -1) {}

    bool has(BufferId b) const { return place_[b] >= 0; }
    Resident& at(BufferId b) { return list_[static_cast<std::size_t>(place_[b])]; }
    auto begin() { return list_.begin(); }
    auto end() { return list_.end(); }

    std::int64_t lower() const { return lower_; }
    /// Bytes per partition, in the fuller half.
    std::int64_t bytes() const { return std::max(lower_, upper_); }

    void enter(BufferId b) {
        place_[b] = static_cast<std::int32_t>(list_.size());
        const std::int64_t lower = lower_bytes(buffers_[b]), upper = upper_bytes(buffers_[b]);
        list_.push_back({b, -1, lower > 0, upper > 0, std::nullopt, 0});
        lower_ += lower;
        upper_ += upper;
    }
    void leave(BufferId b) {
        at(b) = list_.back();
        place_[list_.back().buffer] = place_[b];
        list_.pop_back();
        place_[b] = -1;
        lower_ -= lower_bytes(buffers_[b]);
        upper_ -= upper_bytes(buffers_[b]);
    }
    /// Adds buffers that are there for the current instruction only.
    void pass(const std::vector<BufferId>& buffers) {
        for (BufferId o : buffers) {
            passing_lower_ += lower_bytes(buffers_[o]), lower_ += lower_bytes(buffers_[o]);
            passing_upper_ += upper_bytes(buffers_[o]), upper_ += upper_bytes(buffers_[o]);
        }
    }
    /// Those have left.
    void passed() {
        lower_ -= std::exchange(passing_lower_, 0);
        upper_ -= std::exchange(passing_upper_, 0);
    }

private:
    const IdVector<BufferId, Buffer>& buffers_;
    IdVector<BufferId, std::int32_t> place_;  ///< index into `list_`, -1: not there
    std::vector<Resident> list_;
    std::int64_t lower_ = 0, upper_ = 0;
    std::int64_t passing_lower_ = 0, passing_upper_ = 0;
};

}  // namespace infsim::compiler
