// What there is to say where no placement was found.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/memory/allocate.hpp"
#include "compiler/memory/evictions.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

/// The refusal of allocate() as people read it.
DoesNotFit refusal(const Liveness& liveness, const std::vector<program::LayerInfo>& layers, const AllocationFailure& at,
                   const AllocateOptions& options);

/// The refusal where no choice of evictions makes room: what binds is what no eviction can take away.
DoesNotFit room_refusal(const Liveness& liveness, const std::vector<program::LayerInfo>& layers, const NoRoom& at,
                        const AllocateOptions& options);

/// The smallest capacity, to a 512th, in which everything finds a place; `bound`: no placement can do with less.
std::int64_t smallest_capacity(const Liveness& liveness, std::int64_t bound, const AllocateOptions& options);

}  // namespace infsim::compiler
