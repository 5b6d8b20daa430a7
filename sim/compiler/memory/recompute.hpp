// Which buffers ACT and POOL can compute again from what is on chip or in device DRAM, and at what price.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.hpp"
#include "compiler/ir/code.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

struct DryRun;

using RecipeId = TypedId<struct RecipeTag>;  ///< into Recipes::list

/// A recompute plan: how the bytes of a buffer are made again before one of its uses.
struct Recipe {
    std::int32_t before = 0;                 ///< the use
    std::vector<std::int32_t> instructions;  ///< to be issued again, in the order of the code
    std::vector<BufferId> kept;              ///< what they read that must be there, unchanged since they read it first
    std::vector<BufferId> loaded;  ///< what they read that its load brings again, into a buffer for this one time
    std::vector<BufferId> made;    ///< intermediates that have to be made again themselves, likewise
    /// Of those the ones that can take the buffer of the result: made first, then written over.
    std::vector<BufferId> in_place;
    std::int64_t load_bytes = 0;  ///< that loads of `loaded` take of device DRAM or DMA engines
    /// That device DRAM could move for this core while the instructions run, twice: a reload comes ahead of its use,
    /// computing stands in the way of what ACT and POOL do next. (On DenseNet-121, which waits for both, once costs up
    /// to 5 % of throughput.)
    std::int64_t traffic_bytes = 0;
    Duration engines{};  ///< that ACT and POOL are occupied
};

/// By buffer, those of b at [begin[b], begin[b.next()]) of `list`, ascending by `before`.
struct Recipes {
    IdVector<BufferId, RecipeId> begin;
    IdVector<RecipeId, Recipe> list;

    /// No id where there is no way.
    RecipeId find(BufferId b, std::int32_t before) const;
};

/// Recipes for gaps between two uses that are worth leaving for, behind the last write of a buffer that takes at least
/// `smallest` bytes per partition. Only instructions are repeated that depend on nothing but operands in the state
/// buffer (ACT, POOL, copies by DMA): what the PE makes, and what comes out of PSUM, is not. All writes of a buffer
/// count, in their order, so that parts written one by one or one over the other come out as they were. An operand that
/// somebody has written since is no way, nor is one that has been dead since and cannot be made again. Left out as
/// well: what costs more than to save and to reload the buffer. `dry_run` has to have been made with what is
/// repeatable.
Recipes recipes_of(const DryRun& dry_run, const hw::ChipSpec& spec, std::int64_t smallest = 256);

/// True for instructions whose result depends on operands in the state buffer alone.
bool repeatable(const VirtualInstruction& in);

}  // namespace infsim::compiler
