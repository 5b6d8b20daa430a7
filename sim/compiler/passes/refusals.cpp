#include "compiler/passes/refusals.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "compiler/passes/settle.hpp"

namespace infsim::compiler {

DoesNotFit room_refusal(const Outline& outline, const std::vector<program::LayerInfo>& layers, const NoRoom& no, const PlaceOptions& options) {
    DoesNotFit why;
    why.resource = resource::state_buffer;
    why.unit = "B/partition";
    why.binding = options.capacity_binding;
    why.instant = no.position;
    why.instants = static_cast<std::int64_t>(outline.layer.size());
    why.lower_bound_bytes = no.wanted;
    why.layer = layers.at(outline.layer[static_cast<std::size_t>(no.position)]).name;
    why.wanted_bytes = no.wanted;
    why.available_bytes = options.capacity;
    why.tensors = tensors_of(outline, no.buffers, layers);
    why.text = fmt::format("layer {} needs {} bytes per partition of the state buffer at once, {} are there{}: {} bytes too many, and "
                           "spilling cannot help; needed at once: {}",
                           why.layer, why.wanted_bytes, why.available_bytes, options.capacity_note, why.wanted_bytes - why.available_bytes, to_text(why.tensors));
    return why;
}

/// Doubles the distance to the lower bound until everything has a place, then bisects.
std::int64_t smallest_capacity(const Outline& outline, std::int64_t bound, const PlaceOptions& options) {
    const auto fits = [&](std::int64_t capacity) {
        PlaceOptions wider = options;
        wider.capacity = capacity;
        return std::holds_alternative<Settled>(settle(outline, wider));
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
