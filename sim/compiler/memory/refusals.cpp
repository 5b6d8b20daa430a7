#include "compiler/memory/refusals.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

namespace infsim::compiler {

namespace {

/// What all refusals for lack of state buffer have in common, without the text.
DoesNotFit too_little_state_buffer(const Liveness& liveness, const std::vector<program::LayerInfo>& layers,
                                   std::int32_t position, std::int64_t wanted, const AllocateOptions& options) {
    DoesNotFit no;
    no.resource = resource::state_buffer;
    no.unit = "B/partition";
    no.binding = options.capacity_binding;
    no.instant = position;
    no.instants = static_cast<std::int64_t>(liveness.layer.size());
    no.layer = layers.at(liveness.layer[static_cast<std::size_t>(position)]).name;
    no.wanted_bytes = wanted;
    no.available_bytes = options.capacity;
    return no;
}

}  // namespace

DoesNotFit refusal(const Liveness& liveness, const std::vector<program::LayerInfo>& layers, const AllocationFailure& at,
                   const AllocateOptions& options) {
    DoesNotFit no = too_little_state_buffer(liveness, layers, at.position, at.wanted, options);
    no.tensors = alive_at(liveness, at.position, layers);
    no.text = fmt::format(
        "layer {} needs {} bytes per partition of the state buffer, {} are there{}: {} bytes too many{}; alive: {}",
        no.layer, at.wanted, options.capacity, options.capacity_note, at.wanted - options.capacity, at.why,
        to_text(no.tensors));
    return no;
}

DoesNotFit room_refusal(const Liveness& liveness, const std::vector<program::LayerInfo>& layers, const NoRoom& at,
                        const AllocateOptions& options) {
    DoesNotFit no = too_little_state_buffer(liveness, layers, at.position, at.wanted, options);
    no.lower_bound_bytes = at.wanted;
    no.tensors = tensors_of(liveness, at.buffers, layers);
    no.text = fmt::format(
        "layer {} needs {} bytes per partition of the state buffer at once, {} are there{}: {} bytes too many, and "
        "spilling cannot help; needed at once: {}",
        no.layer, at.wanted, options.capacity, options.capacity_note, at.wanted - options.capacity,
        to_text(no.tensors));
    return no;
}

/// Doubles the distance to the lower bound until everything fits, then bisects.
std::int64_t smallest_capacity(const Liveness& liveness, std::int64_t bound, const AllocateOptions& options) {
    const auto fits = [&](std::int64_t capacity) {
        AllocateOptions wider = options;
        wider.capacity = capacity;
        return std::holds_alternative<Allocation>(allocate(liveness, wider));
    };
    const std::int64_t grain = std::max<std::int64_t>(4, bound / 512 / 4 * 4);
    std::int64_t low = (bound + 3) / 4 * 4 - grain, step = grain;
    for (; !fits(low + step); step *= 2) low += step;
    std::int64_t high = low + step;
    while (high - low > grain) {
        const std::int64_t middle = low + (high - low) / 2 / 4 * 4;
        (fits(middle) ? high : low) = middle;
    }
    return high;
}

}  // namespace infsim::compiler
