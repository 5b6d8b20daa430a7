#include "compiler/memory/return_cost.hpp"

#include <algorithm>

namespace infsim::compiler {

namespace {

constexpr double kLeastCost = 1.0 / 64;  ///< of recomputing: an instruction is never free
constexpr int kSmallPart = 16;           ///< constants that take this part of what they help to free may stay for it
constexpr double kSavedOnceMore = 2;     ///< saved bytes count once more than bytes that only return
constexpr double kBehindThePe = 0.5;     ///< weight of bytes for a layer that waits for the PE array

double recompute_cost(const ChoiceInput& in, BufferId b, const WayBack& way) {
    const Recipe& recipe = in.uses.recipes.list[way.recipe];
    const std::int64_t traffic = recipe.traffic_bytes + (way.kept_loads ? 0 : recipe.load_bytes);
    return std::max(static_cast<double>(traffic) / static_cast<double>(in.uses.written_bytes[b]), kLeastCost);
}

}  // namespace

bool is_saved(const ChoiceInput& in, const ChoiceState& state, BufferId b) {
    const std::int32_t saved_at = state.departures[b].saved_at;
    return saved_at >= 0 && in.uses.last_write(b, state.next_uses.own_last(b)) <= saved_at;
}

std::optional<WayBack> recompute_way(const ChoiceInput& in, const ChoiceState& state, BufferId b, std::int32_t next) {
    if (!in.options.recompute || !state.next_uses.has_own(b)) return std::nullopt;
    // What serves its own next use also serves computations from it before that.
    const RecipeId found = in.uses.recipes.find(b, state.next_uses.own_next(b));
    if (!found.exists() || std::binary_search(in.banned.begin(), in.banned.end(), std::make_pair(b, next)))
        return std::nullopt;
    const Recipe& recipe = in.uses.recipes.list[found];
    for (BufferId o : recipe.kept)
        if (!state.residents.has(o) && state.departures[o].back_at > next) return std::nullopt;
    const auto& buffers = in.liveness.buffers;
    const bool keep = std::all_of(recipe.loaded.begin(), recipe.loaded.end(), [&](BufferId o) {
        return state.residents.has(o) && buffers[o].bytes <= buffers[b].bytes / kSmallPart;
    });
    return WayBack{Return::recompute, keep, found};
}

double transfer_cost(const ChoiceInput& in, bool in_dram, std::int32_t next) {
    const double cost = in_dram ? 1 : kSavedOnceMore;
    const LayerId layer = in.liveness.layer_at(next);
    const auto& intensity = in.options.intensity;
    const bool waits_for_pe = layer.index() < intensity.size() && intensity[layer] > in.options.balance;
    return waits_for_pe ? cost * kBehindThePe : cost;
}

void look_ahead(const ChoiceInput& in, ChoiceState& state, Resident& r) {
    const BufferId b = r.buffer;
    r.next = state.next_uses.next(b, state.position);
    r.way_back.reset();
    // A load that has yet to run, or is in progress, must find its buffer where it expects it.
    if (in.uses.last_load[b] >= state.position) return;
    const bool again = in.options.rematerialization && in.uses.sole_load[b].exists();
    const double cost = transfer_cost(in, again || is_saved(in, state, b), r.next);
    if (again) r.way_back = WayBack{Return::reissue, false, {}};
    else if (in.options.spill) r.way_back = WayBack{Return::reload, false, {}};
    r.per_cost = 1 / cost;
    const auto computed = recompute_way(in, state, b, r.next);
    if (!computed || recompute_cost(in, b, *computed) >= cost) return;
    r.way_back = computed;
    r.per_cost = in.eagerness / recompute_cost(in, b, *computed);
}

}  // namespace infsim::compiler
