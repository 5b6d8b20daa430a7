// What layers take that run fused: their stripes are gone through row by row, as emission does.
#include <algorithm>

#include "compiler/search/sections.hpp"

namespace infsim::compiler {

bool NetworkCosts::fuses(LayerId first, LayerId last) const {
    const auto [known, fresh] = fuses_.try_emplace({first, last});
    if (fresh) known->second = can_fuse(network_, rows_, first, last);
    return known->second;
}

const StripeCosts& NetworkCosts::stripes(LayerId first, LayerId last, int stripe_rows, bool recompute_halo) const {
    const auto [known, fresh] = stripes_.try_emplace({first, last, stripe_rows, recompute_halo});
    if (fresh) known->second = stripes_of(first, last, stripe_rows, recompute_halo);
    return known->second;
}

StripeCosts NetworkCosts::stripes_of(LayerId first, LayerId last, int stripe_rows, bool recompute_halo) const {
    const FusedLayers fused(network_, rows_, first, last);
    const std::vector<FusedLayers::Item>& items = fused.items();
    const auto value = [&](std::size_t item) -> const Value& { return network_.values[items[item].value]; };
    const auto& mover = overlap_stripes_ ? spec_.act : spec_.pool;
    const bool only_new = overlap_stripes_ && !recompute_halo;
    StripeCosts costs;
    double copy_cycles = 0;
    fused.for_each_stripe(stripe_rows, only_new, [&](const std::vector<RowRange>& need, const std::vector<int>& done) {
        for (std::size_t i = 1; i < items.size(); ++i) {
            const bool again = recompute_halo && items[i].streams;
            const int made = need[i].hi - std::max(need[i].lo, again ? 0 : done[i]);
            if (made > 0) costs.compute += rows_seconds(items[i].maker, made);
            const int kept = items[i].streams && !again ? done[i] - need[i].lo : 0;
            if (kept > 0)
                copy_cycles +=
                    static_cast<double>(elements_per_partition(slots_, value(i).phys, kept) + mover.overhead.count());
        }
    });
    const std::vector<int> rows = fused.window_rows(stripe_rows, only_new);
    for (std::size_t i = 1; i < items.size(); ++i)
        if (items[i].streams)
            costs.windows += 2 * elements_per_partition(slots_, value(i).phys, rows[i]) * dtype_bytes(value(i).dtype);
    costs.copies = copy_cycles / static_cast<double>(mover.clock.count());
    add_whole_values(costs, fused);
    return costs;
}

/// Seconds for that many rows of a layer's output, of one image.
double NetworkCosts::rows_seconds(LayerId layer, int rows) const {
    const Compute& c = compute_[layer];
    const std::int64_t plane = std::int64_t{rows} * network_.values[network_.layers[layer].output.value].phys.cols;
    const std::int64_t tiles = (plane + most_ - 1) / most_;
    return tiles_seconds(c, tiles, static_cast<double>(plane) / static_cast<double>(tiles));
}

/// Adds what lies there as a whole, next to the windows.
void NetworkCosts::add_whole_values(StripeCosts& costs, const FusedLayers& fused) const {
    for (ValueId v : network_.values.ids()) {
        const auto [born, dies] = spans_[v];
        const Value& value = network_.values[v];
        if (!dies.exists() || value.scratch_elements > 0 || dies < fused.first() || born >= fused.end()) continue;
        const ImageBytes bytes = image_bytes(value);
        const bool before = born < fused.first() || value.input != graph::kNoTensor, after = dies >= fused.end();
        if (before && after) costs.through += bytes;
        else if (before) costs.in += bytes;
        else if (after) costs.out += bytes;
    }
    for (const FusedLayers::Item& item : fused.items())
        if (item.maker.exists() && !item.streams && spans_[item.value].dies < fused.end())
            costs.out += image_bytes(network_.values[item.value]);
    costs.weights = resident_weights(fused.first(), fused.end());
}

std::int64_t StripeCosts::peak(int images) const {
    return windows + weights + through.of(images) + std::max(in.of(images) + out.of(1), in.of(1) + out.of(images));
}

}  // namespace infsim::compiler
