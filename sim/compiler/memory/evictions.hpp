// Which buffers leave the state buffer for a while, so that live bytes never exceed a budget.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "compiler/memory/liveness.hpp"
#include "compiler/memory/uses.hpp"

namespace infsim::compiler {

/// How a buffer comes back.
enum class Return : std::uint8_t {
    reload,     ///< from device DRAM, where it was saved
    reissue,    ///< by the loads that first brought it: nothing has changed it since
    recompute,  ///< by the instructions of a recipe
};

/// The buffer is away between instructions `after` and `before`, both of which use it.
struct Eviction {
    BufferId buffer = kNoBuffer;
    std::int32_t after = 0, before = 0;
    Return by = Return::reload;
    bool save = false;        ///< device DRAM does not yet hold its current bytes
    RecipeId recipe;          ///< for Return::recompute
    bool kept_loads = false;  ///< what the recipe would reload stays until then instead
    bool operator==(const Eviction& o) const {
        return buffer == o.buffer && after == o.after && before == o.before && by == o.by && save == o.save &&
               recipe == o.recipe && kept_loads == o.kept_loads;
    }
};

/// Bytes of device DRAM that they move (what is written when a buffer is saved), or that could be moved while engines
/// compute. Ordered as choose_evictions returns them.
std::int64_t traffic_bytes(const std::vector<Eviction>& evictions, const Uses& uses);

struct EvictionOptions {
    std::int64_t budget = 0;        ///< bytes per partition, in either half of the partitions
    bool spill = true;              ///< saving and reloading is allowed
    bool rematerialization = true;  ///< reissuing loads is allowed
    /// Recomputing is allowed, if `Uses::recipes` has a way and it costs less than a spill.
    bool recompute = true;
    /// By layer: multiply-accumulates per byte of weights that it reads. If they exceed `balance`, the layer waits for
    /// the PE array rather than for device DRAM, and bytes that return for it count half.
    IdVector<LayerId, double> intensity;
    double balance = 0;
};

/// No choice of evictions makes room for this instruction: bytes that must be there at once, and their buffers.
struct NoRoom {
    std::int32_t position = 0;
    std::int64_t wanted = 0;
    std::vector<BufferId> buffers;
};

/// Walks through the instructions in serial order. Whenever the live buffers exceed the budget, the buffer leaves that
/// is not needed for the longest time per byte of device DRAM traffic that its return costs: bytes saved and read back,
/// only read back if DRAM holds them, or those that could be moved while it is recomputed. The operands of a
/// recomputation then count as used at that time; constants that are still there when that is decided stay. One walk
/// goes by this cost alone and one prefers whatever can be recomputed; the one with less traffic is taken. Neither is
/// guaranteed to beat a walk without recomputation. Ordered by `before`; for equal ones first what is loaded, by
/// buffer, then what is computed, in the order in which it was written (one may be made from another).
std::variant<std::vector<Eviction>, NoRoom> choose_evictions(const Liveness& liveness, const Uses& uses,
                                                             const EvictionOptions& options);

/// A lower bound of the bytes that device DRAM has to hold at some instant for what `evictions` save: each from its
/// save to its last reload.
std::int64_t most_saved_bytes(const Uses& uses, const std::vector<Eviction>& evictions);

}  // namespace infsim::compiler
