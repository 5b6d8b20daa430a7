#include <algorithm>

#include "compiler/ir/readers.hpp"
#include "compiler/schedule/order.hpp"
#include "compiler/search/sections.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

NetworkCosts::NetworkCosts(const Network& network, const hw::ChipSpec& spec, DType dtype, const CompileOptions& options)
    : spec_(spec),
      banks_(options.psum_banks_per_load),
      most_(std::min(spec.pe.max_moving, hw::psum_bank_elements(spec))),
      small_(options.small_image_elements),
      passes_(dtype == DType::fp32 ? spec.pe.fp32_passes : 1) {
    measure_memory(network, options);
    measure_rows(network);
    for (const Layer& layer : network.layers) measure_layer(network, layer, dtype);
}

void NetworkCosts::measure_memory(const Network& net, const CompileOptions& options) {
    const int n = static_cast<int>(net.layers.size());
    std::vector<int> born(net.values.size(), n), dies(net.values.size(), -1);
    for (int l = 0; l < n; ++l) {
        const Layer& layer = net.layers[static_cast<std::size_t>(l)];
        for (const Part& in : layer.inputs) {
            born[static_cast<std::size_t>(in.value)] =
                std::min(born[static_cast<std::size_t>(in.value)], l);  // graph inputs
            dies[static_cast<std::size_t>(in.value)] = l;
        }
        born[static_cast<std::size_t>(layer.output.value)] =
            std::min(born[static_cast<std::size_t>(layer.output.value)], l);
        dies[static_cast<std::size_t>(layer.output.value)] =
            std::max(dies[static_cast<std::size_t>(layer.output.value)], l);
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
        if (dies[v] != born[v] || net.values[v].input != graph::kNoTensor)
            alive_[static_cast<std::size_t>(dies[v])].dying += bytes;
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
        for (int s = 0; s < part.slots; ++s)
            n += net.values[static_cast<std::size_t>(part.value)]
                     .phys.lanes[static_cast<std::size_t>(part.first_slot + s)];
        return n;
    };
    return channels(layer.inputs[0]) * channels(layer.output) * conv->kernel_rows * conv->kernel_cols / conv->groups *
           dtype_bytes(dtype);
}

void NetworkCosts::measure_layer(const Network& net, const Layer& layer, DType dtype) {
    Compute c;
    const Physical& out = net.values[static_cast<std::size_t>(layer.output.value)].phys;
    c.plane = std::max<std::int64_t>(1, out.plane());
    c.slots = std::max(1, layer.output.slots);
    if (const auto* conv = std::get_if<ConvOp>(&layer.op)) {
        c.conv = true;
        c.loads = static_cast<double>((layer.inputs[0].slots + 1) / 2) * conv->kernel_rows * conv->kernel_cols *
                  layer.output.slots;
    }
    const double weights = weight_bytes(net, layer, dtype);
    const double share = std::min(static_cast<double>(hw::sustained_dram_bandwidth(spec_).count()) / spec_.cores,
                                  static_cast<double>(hw::single_core_bandwidth(spec_).count()));
    weights_.push_back(weights / share);
    compute_.push_back(c);
}

void NetworkCosts::measure_rows(const Network& net) {
    const auto readers = readers_of(net);
    std::vector<bool> leaves(net.values.size(), false);
    for (const View& v : net.outputs) leaves[static_cast<std::size_t>(v.value)] = true;
    for (std::size_t l = 0; l < net.layers.size(); ++l) {
        const Layer& layer = net.layers[l];
        const Value& out = net.values[static_cast<std::size_t>(layer.output.value)];
        Rows r;
        r.out = out.phys.rows;
        r.row_bytes = half_bytes(out) / 2 / std::max(1, out.phys.rows);
        r.row_elements = std::int64_t{out.phys.groups()} * out.phys.cols;
        bool able = layer.output.slots == out.phys.slots() && out.phys.rows > 1;
        if (const auto* conv = std::get_if<ConvOp>(&layer.op)) {
            r.kernel = (conv->kernel_rows - 1) * conv->dilation_rows + 1;
            r.stride = conv->stride_rows;
            able = able && !conv->residual;
        } else if (const auto* pool = std::get_if<PoolOp>(&layer.op)) {
            r.kernel = (pool->kernel_rows - 1) * pool->dilation_rows + 1;
            r.stride = pool->stride_rows;
        } else {
            able = false;
        }
        const Part* in = layer.inputs.empty() ? nullptr : &layer.inputs[0];
        input_bytes_.push_back(in ? half_bytes(net.values[static_cast<std::size_t>(in->value)]) / 2 : 0);
        r.follows = able && l > 0 && in && in->value == net.layers[l - 1].output.value &&
                    readers[static_cast<std::size_t>(in->value)].size() == 1 &&
                    in->slots == net.values[static_cast<std::size_t>(in->value)].phys.slots() &&
                    !leaves[static_cast<std::size_t>(in->value)];
        if (!able) r.row_bytes = -1;
        rows_.push_back(r);
    }
}

bool NetworkCosts::chain(int first, int last) const {
    if (last - first < 2 || rows_[static_cast<std::size_t>(first)].row_bytes < 0) return false;
    for (int l = first + 1; l < last; ++l)
        if (!rows_[static_cast<std::size_t>(l)].follows || rows_[static_cast<std::size_t>(l)].row_bytes < 0)
            return false;
    return true;
}

std::int64_t NetworkCosts::striped_peak(int first, int last, int images, int stripe_rows) const {
    std::int64_t windows = 0;
    int rows = stripe_rows;
    for (int l = last - 1; l > first; --l) {
        rows = (rows - 1) * rows_[static_cast<std::size_t>(l)].stride + rows_[static_cast<std::size_t>(l)].kernel;
        const Rows& made = rows_[static_cast<std::size_t>(l) - 1];
        windows +=
            2 * made.row_bytes * std::min(rows, made.out);  // the window before is still there while rows move on
    }
    const std::int64_t in = input_bytes_[static_cast<std::size_t>(first)];
    const Rows& end = rows_[static_cast<std::size_t>(last) - 1];
    const std::int64_t out = end.row_bytes * end.out;
    return alive_[static_cast<std::size_t>(first)].through * images + std::max(in * images + out, in + out * images) +
           windows;
}

std::pair<double, double> NetworkCosts::halo(int first, int last, int stripe_rows) const {
    double copied = 0, again = 0;
    int rows = stripe_rows;
    double fresh = stripe_rows;
    for (int l = last - 1; l > first; --l) {
        const Rows& reader = rows_[static_cast<std::size_t>(l)];
        const Rows& made = rows_[static_cast<std::size_t>(l) - 1];
        rows = (rows - 1) * reader.stride + reader.kernel;
        fresh *= reader.stride;
        const double shared = std::max(0.0, rows - fresh);
        const double stripes = static_cast<double>(made.out) / std::max(1.0, fresh);
        copied +=
            stripes * shared * static_cast<double>(made.row_elements) / static_cast<double>(spec_.pool.clock.count());
        again += compute(l - 1, 1) * shared / std::max(1.0, fresh);
    }
    return {copied, again};
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
                          (std::max(static_cast<double>(spec_.act.min_cycles.count()), elements) +
                           static_cast<double>(spec_.act.overhead.count()));
    if (!c.conv) return vector / clock;
    const double matmul = std::max(static_cast<double>(spec_.pe.min_matmul.count()), elements) * passes_ +
                          static_cast<double>(spec_.pe.matmul_overhead.count());
    const double stationary = static_cast<double>(spec_.pe.stationary_load_unhidden.count());
    const double rounds = static_cast<double>((tiles + banks_ - 1) / banks_);
    return std::max(vector, c.loads * (rounds * stationary + static_cast<double>(tiles) * matmul)) / clock;
}

}  // namespace infsim::compiler
