#include <algorithm>

#include "compiler/passes/order.hpp"
#include "compiler/passes/search.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

NetworkCosts::NetworkCosts(const Network& network, const hw::ChipSpec& spec, DType dtype, const CompileOptions& options)
    : spec_(spec), banks_(options.psum_banks_per_load), most_(std::min(spec.pe.max_moving, hw::psum_bank_elements(spec))),
      small_(options.small_image_elements), passes_(dtype == DType::fp32 ? spec.pe.fp32_passes : 1) {
    measure_memory(network, options);
    for (const Layer& layer : network.layers) measure_layer(network, layer, dtype);
}

void NetworkCosts::measure_memory(const Network& net, const CompileOptions& options) {
    const int n = static_cast<int>(net.layers.size());
    std::vector<int> born(net.values.size(), n), dies(net.values.size(), -1);
    for (int l = 0; l < n; ++l) {
        const Layer& layer = net.layers[static_cast<std::size_t>(l)];
        for (const Part& in : layer.inputs) {
            born[static_cast<std::size_t>(in.value)] = std::min(born[static_cast<std::size_t>(in.value)], l);   // graph inputs
            dies[static_cast<std::size_t>(in.value)] = l;
        }
        born[static_cast<std::size_t>(layer.output.value)] = std::min(born[static_cast<std::size_t>(layer.output.value)], l);
        dies[static_cast<std::size_t>(layer.output.value)] = std::max(dies[static_cast<std::size_t>(layer.output.value)], l);
    }
    crossing_.assign(static_cast<std::size_t>(n) + 1, 0);
    alive_.assign(static_cast<std::size_t>(n), {});
    for (std::size_t v = 0; v < net.values.size(); ++v) {
        if (dies[v] < 0 || net.values[v].scratch_elements > 0) continue;
        // What streams through the stem is there in a few rows only.
        const bool streams = dies[v] < net.stem_layers && born[v] < net.stem_layers;
        const std::int64_t bytes = half_bytes(net.values[v]) / 2;
        for (int c = born[v] + 1; c <= dies[v]; ++c) crossing_[static_cast<std::size_t>(c)] += bytes;
        if (streams) continue;
        for (int l = born[v] + 1; l < dies[v]; ++l) alive_[static_cast<std::size_t>(l)].through += bytes;
        if (net.values[v].input == graph::kNoTensor) alive_[static_cast<std::size_t>(born[v])].made += bytes;
        if (dies[v] != born[v] || net.values[v].input != graph::kNoTensor) alive_[static_cast<std::size_t>(dies[v])].dying += bytes;
    }
    for (int l = 0; l < n && options.in_place_add; ++l) {
        const auto* conv = std::get_if<ConvOp>(&net.layers[static_cast<std::size_t>(l)].op);
        if (conv && conv->residual && dies[static_cast<std::size_t>(conv->residual->value)] == l &&
            conv->residual->value != net.layers[static_cast<std::size_t>(l)].inputs[0].value)
            alive_[static_cast<std::size_t>(l)].made = 0;
    }
}

double weight_bytes(const Network& net, const Layer& layer, DType dtype) {
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    if (!conv) return 0;
    const auto channels = [&](const Part& part) {
        double n = 0;
        for (int s = 0; s < part.slots; ++s) n += net.values[static_cast<std::size_t>(part.value)].phys.lanes[static_cast<std::size_t>(part.first_slot + s)];
        return n;
    };
    return channels(layer.inputs[0]) * channels(layer.output) * conv->kernel_rows * conv->kernel_cols / conv->groups * dtype_bytes(dtype);
}

void NetworkCosts::measure_layer(const Network& net, const Layer& layer, DType dtype) {
    Compute c;
    const Physical& out = net.values[static_cast<std::size_t>(layer.output.value)].phys;
    c.plane = std::max<std::int64_t>(1, out.plane());
    c.slots = std::max(1, layer.output.slots);
    if (const auto* conv = std::get_if<ConvOp>(&layer.op)) {
        c.conv = true;
        c.loads = static_cast<double>((layer.inputs[0].slots + 1) / 2) * conv->kernel_rows * conv->kernel_cols * layer.output.slots;
    }
    const double weights = weight_bytes(net, layer, dtype);
    const double share = std::min(static_cast<double>(hw::sustained_dram_bandwidth(spec_).count()) / spec_.cores,
                                  static_cast<double>(hw::single_core_bandwidth(spec_).count()));
    weights_.push_back(weights / share);
    compute_.push_back(c);
}

std::int64_t NetworkCosts::peak(int first, int last, int images) const {
    std::int64_t most = 0;
    for (int l = first; l < last; ++l) {
        const Alive& a = alive_[static_cast<std::size_t>(l)];
        // Images lose their input one by one: at the start all inputs and one output are there, at the end the reverse.
        most = std::max(most, a.through * images + std::max(a.dying * images + a.made, a.dying + a.made * images));
    }
    return most;
}

double NetworkCosts::compute(int layer, int images) const {
    const Compute& c = compute_[static_cast<std::size_t>(layer)];
    const double clock = static_cast<double>(spec_.pe.clock.count());
    const bool small = c.plane <= small_;
    const std::int64_t together = small ? std::max<std::int64_t>(1, most_ / c.plane) : 1;
    const std::int64_t tiles = small ? (images + together - 1) / together : images * ((c.plane + most_ - 1) / most_);
    const double elements = static_cast<double>(c.plane) * images / static_cast<double>(tiles);
    const double vector = c.slots * static_cast<double>(tiles) *
                          (std::max(static_cast<double>(spec_.act.min_cycles.count()), elements) + static_cast<double>(spec_.act.overhead.count()));
    if (!c.conv) return vector / clock;
    const double matmul = std::max(static_cast<double>(spec_.pe.min_matmul.count()), elements) * passes_ + static_cast<double>(spec_.pe.matmul_overhead.count());
    const double stationary = static_cast<double>(spec_.pe.stationary_load_unhidden.count());
    const double rounds = static_cast<double>((tiles + banks_ - 1) / banks_);
    return std::max(vector, c.loads * (rounds * stationary + static_cast<double>(tiles) * matmul)) / clock;
}

}  // namespace infsim::compiler
