#include "compiler/search/plans.hpp"

#include <algorithm>
#include <numeric>

#include "compiler/ir/channel_groups.hpp"

namespace infsim::compiler {

namespace {

std::int64_t weight_bytes_per_partition(const Network& net, const Layer& layer, DType dtype, bool skips_zeros) {
    const auto& op = std::get<ConvOp>(layer.op);
    const auto lanes = net.values[layer.output.value].phys.lanes.begin() + layer.output.first_slot;
    const int columns = std::accumulate(lanes, lanes + layer.output.slots, 0);
    return std::int64_t{k_tiles_of_slot(net, layer, skips_zeros)} * op.kernel_rows * op.kernel_cols * columns *
           dtype_bytes(dtype);
}

/// Images per group so that a group fills the PSUM banks of one stationary load; 0 (all) where images are small or
/// the weights of the layer would take too much while several groups run.
std::vector<int> image_groups(const Network& net, const program::Target& target, DType dtype,
                              const CompileOptions& options, std::int64_t resident_bytes, bool smallest) {
    std::vector<int> groups(net.layers.size(), 0);
    const std::int64_t most = std::min<std::int64_t>(target.max_moving, target.psum_bank_bytes / 4);
    for (LayerId l : net.layers.ids()) {
        const Layer& layer = net.layers[l];
        if (!std::holds_alternative<ConvOp>(layer.op)) continue;
        const std::int64_t plane = net.values[layer.output.value].phys.plane();
        if (plane <= options.small_image_elements && !smallest) continue;
        if (weight_bytes_per_partition(net, layer, dtype, options.skip_zero_blocks) > resident_bytes) continue;
        const std::int64_t tiles = (plane + most - 1) / most;
        groups[l.index()] = smallest ? 1 : static_cast<int>((options.psum_banks_per_load + tiles - 1) / tiles);
    }
    return groups;
}

}  // namespace

std::vector<Plan> plans(const Network& net, const program::Target& target, int batch, DType dtype,
                        const CompileOptions& options) {
    std::vector<Plan> list;
    Plan plan;
    plan.slab_bytes = options.slab_bytes;
    plan.stem_stripe_rows = options.stem_stripe_rows;
    plan.image_group = image_groups(net, target, dtype, options, plan.resident_weight_bytes, false);
    list.push_back(plan);
    if (batch > 1) {
        plan.image_group = image_groups(net, target, dtype, options, plan.resident_weight_bytes, true);
        list.push_back(plan);
    }
    plan.slab_bytes = std::min<std::int64_t>(options.slab_bytes, 1024);
    for (int rows = options.stem_stripe_rows; rows >= 1; rows /= 2) {
        plan.stem_stripe_rows = rows;
        list.push_back(plan);
        if (!options.stream_stem || net.stem_layers == 0) break;
    }
    plan.share_small_images = false;
    list.push_back(plan);
    return list;
}

Plan banded_plan(const Network& net, const program::Target& target, DType dtype, const CompileOptions& options,
                 std::int64_t budget) {
    Plan plan;
    plan.slab_bytes = std::min<std::int64_t>(options.slab_bytes, 1024);
    plan.stem_stripe_rows = 1;
    plan.share_small_images = false;
    plan.resident_weight_bytes = budget / 2;
    plan.image_group = image_groups(net, target, dtype, options, plan.resident_weight_bytes, true);
    plan.band_bytes = std::max<std::int64_t>(1, budget / 16);
    return plan;
}

Plan parted_plan(const Network& net, const program::Target& target, int batch, DType dtype,
                 const CompileOptions& options, std::int64_t budget, bool bands) {
    Plan plan = options.batching ? banded_plan(net, target, dtype, options, budget)
                                 : plans(net, target, batch, dtype, options).back();
    if (!bands) plan.band_bytes = 0;
    plan.weight_part_bytes = std::max<std::int64_t>(1, budget / 8);
    return plan;
}

}  // namespace infsim::compiler
