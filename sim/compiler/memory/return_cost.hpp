// How a buffer that may leave would return, and what that costs.
#pragma once

#include <optional>

#include "compiler/memory/eviction_choice.hpp"
#include "compiler/memory/next_uses.hpp"
#include "compiler/memory/residents.hpp"

namespace infsim::compiler {

/// The last things that happened to a buffer.
struct Departure {
    std::int32_t saved_at = -1;  ///< position of the last use before it was saved
    std::int32_t back_at = -1;   ///< position of its last return, or of the planned one
    WayBack way;                 ///< of that return
};

/// The inputs of the choice of evictions; the rest of its state is shared by all that judge it.
struct ChoiceInput {
    const Liveness& liveness;
    const Uses& uses;
    const EvictionOptions& options;
    double eagerness;
    const Banned& banned;  ///< what must not be recomputed
};

/// What the choice knows at a position.
struct ChoiceState {
    ChoiceState(const IdVector<BufferId, Buffer>& buffers, const Uses& uses)
        : residents(buffers), next_uses(uses), departures(buffers.size()) {}
    Residents residents;
    NextUses next_uses;
    IdVector<BufferId, Departure> departures;
    std::int32_t position = 0;
};

/// Device DRAM holds the current bytes of b. Valid once NextUses::next() has been called for this position.
bool is_saved(const ChoiceInput& in, const ChoiceState& state, BufferId b);

/// Recomputing b before its next use, `next`, if everything needed will be there.
std::optional<WayBack> recompute_way(const ChoiceInput& in, const ChoiceState& state, BufferId b, std::int32_t next);

/// Bytes that saving and returning a buffer move, in units of the buffer's size: what device DRAM holds is only read,
/// other bytes are also written, and for a layer that waits for the PE anyway all of it counts half.
double transfer_cost(const ChoiceInput& in, bool in_dram, std::int32_t next);

/// Sets a resident's next use, its way back and what that costs.
void look_ahead(const ChoiceInput& in, ChoiceState& state, Resident& resident);

}  // namespace infsim::compiler
