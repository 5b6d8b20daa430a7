// Which buffers ACT and POOL can recompute from what is on chip or in device DRAM, and at what price.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.hpp"
#include "compiler/ir/code.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

struct DryRun;

using RecipeId = TypedId<struct RecipeTag>;  ///< into Recipes::list

/// A recompute plan: how the bytes of a buffer are computed again before one of its uses.
struct Recipe {
    std::int32_t before = 0;                 ///< the use
    std::vector<std::int32_t> instructions;  ///< to issue again, in the order of the code
    std::vector<BufferId> kept;              ///< operands that must be there, unchanged since they were first read
    std::vector<BufferId> loaded;            ///< operands that their loads bring again, into a buffer for this one time
    std::vector<BufferId> made;              ///< intermediates that must be recomputed themselves, likewise
    /// Those of `made` that can use the buffer of the result: made first, then overwritten.
    std::vector<BufferId> in_place;
    std::int64_t load_bytes = 0;  ///< device DRAM or DMA traffic of the loads of `loaded`
    /// Twice the bytes that device DRAM could move for this core while the instructions run: a reload comes ahead of
    /// its use, while recomputing delays the next work of ACT and POOL. (On DenseNet-121, which waits for both, a
    /// factor of one costs up to 5 % of throughput.)
    std::int64_t traffic_bytes = 0;
    Duration engines{};  ///< for which ACT and POOL are occupied
};

/// By buffer: those of b at [begin[b], begin[b.next()]) of `list`, ascending by `before`.
struct Recipes {
    IdVector<BufferId, RecipeId> begin;
    IdVector<RecipeId, Recipe> list;

    /// No id if there is no way.
    RecipeId find(BufferId b, std::int32_t before) const;
};

/// Recipes for gaps between two uses that are long enough to leave, after the last write of a buffer that takes at
/// least `smallest` bytes per partition. Only instructions that depend on nothing but operands in the state buffer are
/// repeated (ACT, POOL, copies by DMA): what the PE makes, and what comes out of PSUM, is not. All writes of a buffer
/// count, in order, so that parts written one by one or over each other come out as they were. An operand cannot be
/// used if it has been written since, or if it has died since and cannot be recomputed. Recipes that cost more than
/// saving and reloading the buffer are left out. `dry_run` must have recorded its repeatable instructions.
Recipes recipes_of(const DryRun& dry_run, const hw::ChipSpec& spec, std::int64_t smallest = 256);

/// True for instructions whose result depends only on operands in the state buffer.
bool repeatable(const VirtualInstruction& in);

}  // namespace infsim::compiler
