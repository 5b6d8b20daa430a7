// What fitting says if nothing fits: of all that was tried, the reason that tells most.
#pragma once

#include "compiler/memory/evictions.hpp"
#include "compiler/search/tried.hpp"

namespace infsim::compiler {

/// Keeps the failure that needs the least.
void note_failure(const FitInput& in, Tried& tried, const Liveness& liveness, const AllocationFailure& why);
/// The same for evictions that make no room: what binds now is what no eviction can remove.
void note_no_room(const FitInput& in, Tried& tried, const Liveness& liveness, const NoRoom& why);

/// What binds once everything has been tried. If an explanation is asked for, with the lower bound and the capacity
/// that the allocation would need.
DoesNotFit refusal_of(const FitInput& in, const Tried& tried);

}  // namespace infsim::compiler
