#include "compiler/passes/plan.hpp"

#include <algorithm>

#include "compiler/passes/order.hpp"

namespace infsim::compiler {

namespace {

std::int64_t weight_bytes_per_partition(const Network& net, const Layer& layer, DType dtype) {
    const auto& op = std::get<ConvOp>(layer.op);
    const int slots = layer.inputs[0].slots;
    int columns = 0;
    for (int s = 0; s < layer.output.slots; ++s)
        columns += net.values[static_cast<std::size_t>(layer.output.value)]
                       .phys.lanes[static_cast<std::size_t>(layer.output.first_slot + s)];
    return std::int64_t{(slots + 1) / 2} * op.kernel_rows * op.kernel_cols * columns * dtype_bytes(dtype);
}

/// Images per group so that a group fills the PSUM banks of one stationary load; 0 (all) where images are small or
/// the weights of the layer would take too much while several groups run.
std::vector<int> image_groups(const Network& net, const program::Target& target, DType dtype,
                              const CompileOptions& options, std::int64_t resident_bytes, bool smallest) {
    std::vector<int> groups(net.layers.size(), 0);
    const std::int64_t most = std::min<std::int64_t>(target.max_moving, target.psum_bank_bytes / 4);
    for (std::size_t l = 0; l < net.layers.size(); ++l) {
        const Layer& layer = net.layers[l];
        if (!std::holds_alternative<ConvOp>(layer.op)) continue;
        const std::int64_t plane = net.values[static_cast<std::size_t>(layer.output.value)].phys.plane();
        if (plane <= options.small_image_elements && !smallest) continue;
        if (weight_bytes_per_partition(net, layer, dtype) > resident_bytes) continue;
        const std::int64_t tiles = (plane + most - 1) / most;
        groups[l] = smallest ? 1 : static_cast<int>((options.psum_banks_per_load + tiles - 1) / tiles);
    }
    return groups;
}

/// Whether copies of the layer's input, one per filter row, fit the partitions of a slot.
bool takes_copies(const Network& net, const Layer& layer, int slot_channels) {
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    if (!conv) return false;
    const Value& in = net.values[static_cast<std::size_t>(layer.inputs[0].value)];
    return in.input != graph::kNoTensor && conv->groups == 1 && conv->kernel_rows > 1 && in.phys.rows > 1 &&
           in.phys.channels() * conv->kernel_rows <= slot_channels && layer.inputs[0].slots == in.phys.slots();
}

}  // namespace

int stem_length(const Network& net) {
    const auto readers = readers_of(net);
    int n = 0, first_conv = 0;
    ValueId chain = kNoValue;
    for (const Layer& layer : net.layers) {
        const bool pool = std::holds_alternative<PoolOp>(layer.op);
        const auto* conv = std::get_if<ConvOp>(&layer.op);
        const bool copies = std::holds_alternative<ReplicateOp>(layer.op);
        if ((!pool && !conv && !copies) || (conv && conv->residual)) break;
        const ValueId in = layer.inputs[0].value;
        const Value& input = net.values[static_cast<std::size_t>(in)];
        if (n == 0 ? input.input == graph::kNoTensor || input.phys.rows == 1 : in != chain) break;
        // What streams is never there as a whole, so it cannot be sent to the host.
        if (std::any_of(net.outputs.begin(), net.outputs.end(), [&](const View& v) { return v.value == in; })) break;
        if (readers[static_cast<std::size_t>(in)].size() != 1) break;
        // A concatenation is written by several layers; streaming one of them would tear it apart.
        if (layer.output.slots != net.values[static_cast<std::size_t>(layer.output.value)].phys.slots()) break;
        if (layer.inputs[0].slots != input.phys.slots()) break;
        chain = layer.output.value;
        ++n;
        if (pool) return n;
        if (conv && first_conv == 0) first_conv = n;
    }
    return first_conv;
}

void replicate_inputs(Network& net, int slot_channels) {
    std::vector<Layer> layers;
    for (Layer& layer : net.layers) {
        if (takes_copies(net, layer, slot_channels)) {
            ConvOp* conv = std::get_if<ConvOp>(&layer.op);
            const Value& in = net.values[static_cast<std::size_t>(layer.inputs[0].value)];
            Layer copy;
            copy.name = layer.name + "/replicate";
            copy.kind = "replicate";
            copy.op = ReplicateOp{conv->kernel_rows, conv->stride_rows, conv->dilation_rows, conv->pad_top};
            copy.inputs = {layer.inputs[0]};
            const Physical& out = net.values[static_cast<std::size_t>(layer.output.value)].phys;
            Value value{in.name + "/copies",
                        {{in.phys.channels() * conv->kernel_rows}, out.rows, in.phys.cols},
                        in.dtype,
                        graph::kNoTensor};
            net.values.push_back(std::move(value));
            copy.output = {static_cast<ValueId>(net.values.size()) - 1, 0, 1};
            conv->weight.replicas = conv->kernel_rows;
            conv->weight.replica_step = conv->weight.sr;
            conv->kernel_rows = conv->stride_rows = conv->dilation_rows = 1;
            conv->pad_top = 0;
            layer.inputs[0] = copy.output;
            layers.push_back(std::move(copy));
        }
        layers.push_back(std::move(layer));
    }
    net.layers = std::move(layers);
}

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

}  // namespace infsim::compiler
