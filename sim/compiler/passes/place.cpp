#include "compiler/passes/place.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/passes/lifetimes.hpp"
#include "compiler/passes/settle.hpp"
#include "compiler/passes/sketch.hpp"

namespace infsim::compiler {

namespace {

/// Every load's instructions stand in front of the instruction at which it starts; the rest keep their order.
void order_instructions(const Code& code, const Settled& settled, Placement& out) {
    std::vector<std::vector<std::int32_t>> of_load(code.loads.size());
    for (std::size_t i = 0; i < code.instructions.size(); ++i)
        if (const std::int32_t load = code.instructions[i].load; load >= 0) of_load[static_cast<std::size_t>(load)].push_back(static_cast<std::int32_t>(i));
    std::vector<std::int32_t> loads = settled.order;
    const auto start = [&](std::int32_t load) { return settled.start[static_cast<std::size_t>(load)]; };
    std::stable_sort(loads.begin(), loads.end(), [&](std::int32_t a, std::int32_t b) { return start(a) < start(b); });
    out.order.reserve(code.instructions.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i <= code.instructions.size(); ++i) {
        for (; next < loads.size() && start(loads[next]) <= static_cast<std::int32_t>(i); ++next)
            for (std::int32_t k : of_load[static_cast<std::size_t>(loads[next])]) out.order.push_back(k);
        if (i < code.instructions.size() && code.instructions[i].load < 0) out.order.push_back(static_cast<std::int32_t>(i));
    }
    out.first.assign(code.buffers.size(), INT32_MAX);
    out.last.assign(code.buffers.size(), -1);
    for (std::size_t p = 0; p < out.order.size(); ++p)
        for (BufferId b : code.instructions[static_cast<std::size_t>(out.order[p])].buffer)
            if (b != kNoBuffer) {
                out.first[static_cast<std::size_t>(b)] = std::min(out.first[static_cast<std::size_t>(b)], static_cast<std::int32_t>(p));
                out.last[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(p);
            }
}

}  // namespace

DoesNotFit refusal(const Outline& outline, const std::vector<program::LayerInfo>& layers, const Unsettled& at, const PlaceOptions& options) {
    DoesNotFit no;
    no.resource = resource::state_buffer;
    no.unit = "B/partition";
    no.binding = options.capacity_binding;
    no.instant = at.position;
    no.instants = static_cast<std::int64_t>(outline.layer.size());
    no.layer = layers.at(outline.layer[static_cast<std::size_t>(at.position)]).name;
    no.wanted_bytes = at.wanted;
    no.available_bytes = options.capacity;
    no.tensors = alive_at(outline, at.position, layers);
    no.text = fmt::format("layer {} needs {} bytes per partition of the state buffer, {} are there{}: {} bytes too many{}; alive: {}",
                          no.layer, at.wanted, options.capacity, options.capacity_note, at.wanted - options.capacity, at.why, to_text(no.tensors));
    return no;
}

Placement placement_of(const Code& code, Settled&& settled) {
    Placement out;
    out.lower_bound = settled.lower_bound;
    order_instructions(code, settled, out);
    out.offset = std::move(settled.offset);
    for (std::size_t b = 0; b < code.buffers.size(); ++b)
        if (out.last[b] >= 0) out.peak = std::max(out.peak, std::int64_t{out.offset[b]} + code.buffers[b].bytes);
    return out;
}

std::variant<Placement, DoesNotFit> place(const Code& code, const std::vector<program::LayerInfo>& layers, const PlaceOptions& options) {
    const Outline outline = sketch_of(code).outline;
    auto outcome = settle(outline, options);
    if (const auto* no = std::get_if<Unsettled>(&outcome)) return refusal(outline, layers, *no, options);
    return placement_of(code, std::move(std::get<Settled>(outcome)));
}

}  // namespace infsim::compiler
