// What there is to say where no placement was found.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/passes/evictions.hpp"
#include "compiler/passes/place.hpp"
#include "compiler/passes/settle.hpp"

namespace infsim::compiler {

/// The refusal of settle() as people read it.
DoesNotFit refusal(const Outline& outline, const std::vector<program::LayerInfo>& layers, const Unsettled& at,
                   const PlaceOptions& options);

/// The refusal where no choice of evictions makes room: what binds is what no eviction can take away.
DoesNotFit room_refusal(const Outline& outline, const std::vector<program::LayerInfo>& layers, const NoRoom& at,
                        const PlaceOptions& options);

/// The smallest capacity, to a 512th, in which everything finds a place; `bound`: no placement can do with less.
std::int64_t smallest_capacity(const Outline& outline, std::int64_t bound, const PlaceOptions& options);

}  // namespace infsim::compiler
