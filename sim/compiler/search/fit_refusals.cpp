#include "compiler/search/fit_refusals.hpp"

#include "compiler/memory/refusals.hpp"

namespace infsim::compiler {

void note_failure(const FitInput& in, Tried& tried, const Liveness& liveness, const AllocationFailure& why) {
    if (tried.reasons.closest && tried.reasons.closest->reason.wanted_bytes <= why.wanted) return;
    tried.reasons.closest = Closest{liveness, refusal(liveness, in.layers, why, in.options.allocate)};
}

void note_no_room(const FitInput& in, Tried& tried, const Liveness& liveness, const NoRoom& why) {
    if (tried.reasons.least_room && tried.reasons.least_room->wanted_bytes <= why.wanted) return;
    tried.reasons.least_room = room_refusal(liveness, in.layers, why, in.options.allocate);
}

DoesNotFit refusal_of(const FitInput& in, const Tried& tried) {
    if (tried.reasons.least_room) return *tried.reasons.least_room;
    if (!tried.reasons.closest) return *tried.reasons.shortage;  // no plan has code
    DoesNotFit why = tried.reasons.closest->reason;
    if (!in.options.explain) return why;
    const Liveness& liveness = tried.reasons.closest->liveness;
    const std::int64_t bound = peak_of(liveness).bytes;
    why.lower_bound_bytes = bound;
    why.allocator_bytes = smallest_capacity(liveness, bound, in.options.allocate);
    return why;
}

}  // namespace infsim::compiler
