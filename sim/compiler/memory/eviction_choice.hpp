// One pass over the instructions that chooses which buffers leave the state buffer.
#pragma once

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/memory/evictions.hpp"

namespace infsim::compiler {

/// Buffers and the next uses for which they must not be recomputed, ascending.
using Banned = std::vector<std::pair<BufferId, std::int32_t>>;

struct EvictionChoice {
    std::variant<std::vector<Eviction>, NoRoom> outcome;
    std::vector<BufferId> computed;  ///< what was to be recomputed, if there is no room
};

/// See choose_evictions(). `eagerness`: weight of buffers that can be recomputed among those that may go.
EvictionChoice choose_in_order(const Liveness& liveness, const Uses& uses, const EvictionOptions& options,
                               double eagerness, const Banned& banned);

}  // namespace infsim::compiler
