// How one recompute plan is made: which writes it repeats, what those read, and the total cost.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/memory/dry_run.hpp"
#include "compiler/memory/recompute.hpp"

namespace infsim::compiler {

/// What recipes are made of.
struct RecomputeInput {
    RecomputeInput(const DryRun& dry_run, const hw::ChipSpec& chip);

    const Uses& uses;
    const Liveness& liveness;
    const Repeatable& repeatable;
    const hw::ChipSpec& spec;
    IdVector<LoadId, std::int64_t> load_traffic;  ///< bytes of device DRAM or DMA engines; of constants and inputs
    double bytes_per_second = 0;                  ///< that device DRAM can move for this core

    /// Whether the instruction at p can be repeated.
    bool has(std::int32_t p) const { return find(p).has_value(); }
    const VirtualInstruction& at(std::int32_t p) const { return repeatable.instructions[*find(p)]; }
    /// Calls visit(position) for every write of b before `until` while it returns true; returns false if one call did.
    template <class Visit>
    bool writes(BufferId b, std::int32_t until, Visit&& visit) const {
        const std::uint32_t end = uses.write_begin[b.next()];
        for (std::uint32_t w = uses.write_begin[b]; w < end && uses.write_position[w] < until; ++w)
            if (!visit(uses.write_position[w])) return false;
        return true;
    }
    /// Whether b has writes before `until` and all of them can be repeated.
    bool can_be_made(BufferId b, std::int32_t until) const;

private:
    std::optional<std::size_t> find(std::int32_t p) const;
};

/// None if there is no way, or only one that costs more than saving and reloading the buffer.
std::optional<Recipe> recipe_for(const RecomputeInput& in, BufferId b, std::int32_t before);

/// Moves intermediates to `in_place` if they are used element by element and by nobody else: that whole chain can
/// happen in the buffer of b.
void make_in_place(const RecomputeInput& in, BufferId b, Recipe& recipe);

/// Sets the bytes and the time that the recipe takes.
void price(const RecomputeInput& in, Recipe& recipe);

}  // namespace infsim::compiler
