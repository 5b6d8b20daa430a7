#include "compiler/search/plans.hpp"

#include <algorithm>

#include "compiler/ir/channel_groups.hpp"
#include "compiler/ir/fused_layers.hpp"
#include "compiler/ir/readers.hpp"

namespace infsim::compiler {

namespace {

/// Images per group so that a group fills the PSUM banks of one stationary load; 0 (all) if images are small or the
/// weights of the layer would take too much space while several groups run.
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

/// Whether a layer is a convolution that can work row by row on all of a tensor.
bool works_in_rows(const Network& net, const Layer& layer) {
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    if (!conv || conv->residual) return false;
    const Physical& out = net.values[layer.output.value].phys;
    const Part& in = layer.inputs[0];
    return out.rows > 1 && layer.output.slots == out.slots() && in.slots == net.values[in.value].phys.slots();
}

/// The end of the layers from `first` on that can run fused around a grouped convolution: those before it that widen
/// the channels, and those after it that narrow them. `first` if there are none.
LayerId end_of_fused(const Network& net, const IdVector<ValueId, std::vector<LayerId>>& readers, LayerId first) {
    const auto fused = [&](LayerId l) {
        if (l.value() >= net.layers.next_id().value() || !works_in_rows(net, net.layers[l])) return false;
        const ValueId between = net.layers[l].inputs[0].value;
        const auto leaves = [&](const View& v) { return v.value == between; };
        return between == net.layers[l.next(-1)].output.value && readers[between].size() == 1 &&
               std::none_of(net.outputs.begin(), net.outputs.end(), leaves);
    };
    const LayerId second = first.next();
    if (!works_in_rows(net, net.layers[first]) || !fused(second)) return first;
    if (std::get<ConvOp>(net.layers[second].op).groups == 1) return first;
    return fused(second.next()) ? second.next(2) : second.next();
}

/// Rows of the output of `layer` for which its input window takes at most a twelfth of the state buffer: two windows
/// are there at a time, plus the outputs of the later layers.
int stripe_rows(const Network& net, const Layer& layer, const program::Target& target, DType dtype) {
    const Physical& in = net.values[layer.inputs[0].value].phys;
    const auto& op = std::get<ConvOp>(layer.op);
    const std::int64_t rows =
        target.sb_partition_bytes / 12 / (elements_per_partition(net.slots, in, 1) * dtype_bytes(dtype));
    const std::int64_t reach = std::int64_t{op.kernel_rows - 1} * op.dilation_rows + 1;
    return static_cast<int>(std::max<std::int64_t>(1, (rows - reach) / op.stride_rows + 1));
}

/// Sections in which grouped convolutions whose input would fill most of the state buffer run in stripes, together with
/// their neighbours; empty if there are no such convolutions.
std::vector<Section> stripes_around_groups(const Network& net, const program::Target& target, int batch, DType dtype) {
    const auto readers = readers_of(net);
    std::vector<Section> list;
    int done = 0;
    for (LayerId l(net.stem_layers); l.value() < static_cast<int>(net.layers.size()); l = l.next()) {
        const LayerId end = end_of_fused(net, readers, l);
        if (end == l) continue;
        const Physical& wide = net.values[net.layers[l].output.value].phys;
        const std::int64_t bytes = elements_per_partition(net.slots, wide) * dtype_bytes(dtype) * batch;
        if (bytes * 4 < target.sb_partition_bytes * 3) continue;
        if (l.value() > done) list.push_back({done, l.value()});
        list.push_back({l.value(), end.value(), 0, stripe_rows(net, net.layers[l.next()], target, dtype), true});
        done = end.value();
        l = end.next(-1);
    }
    if (!list.empty() && done < static_cast<int>(net.layers.size()))
        list.push_back({done, static_cast<int>(net.layers.size())});
    return list;
}

/// Rows of a stripe of the stem: two or four times what the option says if the windows for that many rows are small.
/// Each stripe costs the latency of its transfers.
int stem_rows(const Network& net, const program::Target& target, const CompileOptions& options) {
    constexpr double kShare = 0.08;  // of the state buffer, for the largest window
    int rows = options.stem_stripe_rows;
    if (!options.overlap_stripes || net.stem_layers == 0) return rows;
    const NetworkRows known(net);
    const FusedLayers stem(net, known, LayerId(0), LayerId(net.stem_layers));
    const std::size_t inner = stem.items().size() - 1;
    const auto largest_window = [&](int of) {
        std::int64_t most = 0;
        const auto need = stem.needed({0, of}, std::vector<int>(inner + 1, 0), false);
        for (std::size_t i = 0; i < inner; ++i) {
            const Value& v = net.values[stem.items()[i].value];
            most = std::max(most, elements_per_partition(net.slots, v.phys, need[i].count()) * dtype_bytes(v.dtype));
        }
        return static_cast<double>(most);
    };
    const int limit = 4 * rows;
    while (2 * rows <= limit && largest_window(2 * rows) <= kShare * static_cast<double>(target.sb_partition_bytes))
        rows *= 2;
    return rows;
}

}  // namespace

std::vector<Plan> plans(const Network& net, const program::Target& target, int batch, DType dtype,
                        const CompileOptions& options) {
    std::vector<Plan> list;
    Plan plan;
    plan.slab_bytes = options.slab_bytes;
    plan.constants_bytes = options.constants_bytes;
    plan.stem_stripe_rows = stem_rows(net, target, options);
    plan.image_group = image_groups(net, target, dtype, options, plan.resident_weight_bytes, false);
    list.push_back(plan);
    if (options.stripe_groups && options.batching) {
        Plan striped = plan;
        striped.sections = stripes_around_groups(net, target, batch, dtype);
        if (!striped.sections.empty()) list.push_back(striped);
    }
    if (batch > 1) {
        plan.image_group = image_groups(net, target, dtype, options, plan.resident_weight_bytes, true);
        list.push_back(plan);
    }
    plan.slab_bytes = std::min<std::int64_t>(options.slab_bytes, 1024);
    for (int rows = plan.stem_stripe_rows; rows >= 1; rows /= 2) {
        plan.stem_stripe_rows = rows;
        list.push_back(plan);
        plan.constants_bytes = 0;
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
