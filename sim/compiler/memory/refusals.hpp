// What to report if no placement was found.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/memory/allocate.hpp"
#include "compiler/memory/evictions.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

/// The refusal of allocate() in readable form.
DoesNotFit refusal(const Liveness& liveness, const std::vector<program::LayerInfo>& layers, const AllocationFailure& at,
                   const AllocateOptions& options);

/// The refusal if no choice of evictions makes room: what binds is what no eviction can remove.
DoesNotFit room_refusal(const Liveness& liveness, const std::vector<program::LayerInfo>& layers, const NoRoom& at,
                        const AllocateOptions& options);

/// The smallest capacity, to a 512th, in which everything fits; `bound`: no placement needs less.
std::int64_t smallest_capacity(const Liveness& liveness, std::int64_t bound, const AllocateOptions& options);

}  // namespace infsim::compiler
