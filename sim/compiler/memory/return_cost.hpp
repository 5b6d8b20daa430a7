// How a buffer that may leave would come back, and what that costs.
#pragma once

#include <optional>

#include "compiler/memory/eviction_choice.hpp"
#include "compiler/memory/next_uses.hpp"
#include "compiler/memory/residents.hpp"

namespace infsim::compiler {

/// What happened to a buffer last.
struct Departure {
    std::int32_t saved_at = -1;  ///< position of the last use before it was saved
    std::int32_t back_at = -1;   ///< position at which it returned last, or will
    WayBack way;                 ///< of that return
};

/// What choosing evictions goes by; the rest of its state is shared by all that judge it.
struct ChoiceInput {
    const Liveness& liveness;
    const Uses& uses;
    const EvictionOptions& options;
    double eagerness;
    const Banned& banned;  ///< what must not be computed again
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

/// Device DRAM holds the bytes of b as they are. Once NextUses::next() has been asked for this position.
bool is_saved(const ChoiceInput& in, const ChoiceState& state, BufferId b);

/// Computing b again before its next use, `next`, if all that takes will be there.
std::optional<WayBack> recompute_way(const ChoiceInput& in, const ChoiceState& state, BufferId b, std::int32_t next);

/// Bytes that saving and returning a buffer move, in units of the buffer's: what device DRAM holds is only read, what
/// it does not hold is written as well, and for a layer that waits for the PE anyway all of it counts half.
double transfer_cost(const ChoiceInput& in, bool in_dram, std::int32_t next);

/// Sets a resident's next use, its way back and what that costs.
void look_ahead(const ChoiceInput& in, ChoiceState& state, Resident& resident);

}  // namespace infsim::compiler
