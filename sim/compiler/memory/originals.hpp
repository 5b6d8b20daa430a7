// Instructions that are kept as they go by, because they will be issued again.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/dry_run.hpp"
#include "compiler/memory/evictions.hpp"

namespace infsim::compiler {

/// Loads that are reissued, and instructions of recipes.
class Originals {
public:
    /// Keeps what `evictions` will need.
    Originals(const Uses& uses, const std::vector<Eviction>& evictions) : uses_(uses) {
        for (const Eviction& e : evictions) {
            if (e.by == Return::reissue) loads_[uses.sole_load[e.buffer]];
            if (e.by == Return::recompute) keep(uses.recipes.list[e.recipe], e.kept_loads);
        }
    }
    void see(const VirtualInstruction& in, std::int32_t position) {
        if (const auto kept = loads_.find(in.load); kept != loads_.end()) kept->second.push_back(in);
        if (const auto kept = by_position_.find(position); kept != by_position_.end()) kept->second = in;
    }
    /// The instructions of a load, and one of a recipe, that have gone by.
    const std::vector<VirtualInstruction>& load(LoadId load) const { return loads_.at(load); }
    const VirtualInstruction& at(std::int32_t position) const { return by_position_.at(position); }

private:
    const Uses& uses_;
    std::unordered_map<LoadId, std::vector<VirtualInstruction>> loads_;
    std::unordered_map<std::int32_t, VirtualInstruction> by_position_;

    void keep(const Recipe& recipe, bool kept_loads) {
        for (std::int32_t p : recipe.instructions) by_position_[p];
        if (kept_loads) return;
        for (BufferId o : recipe.loaded) loads_[uses_.sole_load[o]];
    }
};

}  // namespace infsim::compiler
