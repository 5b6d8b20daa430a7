#include "compiler/search/fit_refusals.hpp"

#include <vector>

#include "compiler/memory/refusals.hpp"

namespace infsim::compiler {

void note_failure(const FitInput& in, Tried& tried, const Liveness& liveness, const AllocationFailure& why) {
    if (tried.closest && tried.closest->reason.wanted_bytes <= why.wanted) return;
    tried.closest = Closest{liveness, refusal(liveness, in.layers, why, in.options.allocate)};
}

void note_no_room(const FitInput& in, Tried& tried, const Liveness& liveness, const NoRoom& why) {
    if (tried.least_room && tried.least_room->wanted_bytes <= why.wanted) return;
    tried.least_room = room_refusal(liveness, in.layers, why, in.options.allocate);
}

DoesNotFit refusal_of(const FitInput& in, const Tried& tried) {
    if (tried.least_room) return *tried.least_room;
    DoesNotFit why = tried.closest->reason;
    if (!in.options.explain) return why;
    const Liveness& liveness = tried.closest->liveness;
    const std::int64_t bound =
        peak_of(liveness.buffers, liveness.lives, std::vector<bool>(liveness.buffers.size(), true)).bytes;
    why.lower_bound_bytes = bound;
    why.allocator_bytes = smallest_capacity(liveness, bound, in.options.allocate);
    return why;
}

}  // namespace infsim::compiler
