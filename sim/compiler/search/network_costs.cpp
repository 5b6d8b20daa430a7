#include <algorithm>
#include <numeric>

#include "compiler/ir/channel_groups.hpp"
#include "compiler/ir/readers.hpp"
#include "compiler/schedule/order.hpp"
#include "compiler/search/sections.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

NetworkCosts::NetworkCosts(const Network& network, const hw::ChipSpec& spec, DType dtype, const CompileOptions& options)
    : slots_(network.slots),
      spec_(spec),
      banks_(options.psum_banks_per_load),
      most_(std::min(spec.pe.max_moving, hw::psum_bank_elements(spec))),
      small_(options.small_image_elements),
      passes_(dtype == DType::fp32 ? spec.pe.fp32_passes : 1) {
    measure_memory(network, options);
    measure_rows(network);
    for (const Layer& layer : network.layers) measure_layer(network, layer, dtype, options.skip_zero_blocks);
}

namespace {

/// The layers between which a value is alive; a graph input is born where it is first read.
struct ValueSpan {
    LayerId born, dies;
};

IdVector<ValueId, ValueSpan> spans_of(const Network& net) {
    IdVector<ValueId, ValueSpan> spans(net.values.size());
    const auto note = [&](ValueId v, LayerId l) {
        if (!spans[v].born.exists()) spans[v].born = l;
        spans[v].dies = l;
    };
    for (LayerId l : net.layers.ids()) {
        for (const Part& in : net.layers[l].inputs) note(in.value, l);
        note(net.layers[l].output.value, l);
    }
    return spans;
}

/// Whether the layer adds a residual that nobody reads later, so that its output takes the residual's place.
bool adds_in_place(const Layer& layer, LayerId l, const IdVector<ValueId, ValueSpan>& spans) {
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    if (!conv || !conv->residual) return false;
    const ValueId residual = conv->residual->value;
    return spans[residual].dies.value() == l.value() && residual.value() != layer.inputs[0].value.value();
}

}  // namespace

void NetworkCosts::measure_memory(const Network& net, const CompileOptions& options) {
    const IdVector<ValueId, ValueSpan> spans = spans_of(net);
    crossing_.assign(net.layers.size() + 1, 0);
    alive_.assign(net.layers.size(), {});
    for (ValueId v : net.values.ids())
        if (spans[v].dies.exists() && net.values[v].scratch_elements == 0)
            measure_value(net.values[v], spans[v].born, spans[v].dies, net.stem_layers);
    if (!options.in_place_add) return;
    for (LayerId l : net.layers.ids())
        if (adds_in_place(net.layers[l], l, spans)) alive_[l].made = 0;
}

void NetworkCosts::measure_value(const Value& value, LayerId born, LayerId dies, int stem_layers) {
    const std::int64_t bytes = half_bytes(slots_, value) / 2;
    const bool is_input = value.input != graph::kNoTensor;
    for (LayerId c : IdRange(born.next(), dies.next())) crossing_[c] += bytes;
    // Only a few rows of what streams through the stem are there at a time.
    if (dies.value() < stem_layers && born.value() < stem_layers) return;
    for (LayerId l : IdRange(born.next(), dies)) alive_[l].through += bytes;
    if (!is_input) alive_[born].made += bytes;
    if (dies.value() != born.value() || is_input) alive_[dies].dying += bytes;
}

double weight_bytes(const Network& net, const Layer& layer, DType dtype) {
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    if (!conv) return 0;
    const auto channels = [&](const Part& part) {
        const auto lanes = net.values[part.value].phys.lanes.begin() + part.first_slot;
        return std::accumulate(lanes, lanes + part.slots, 0.0);
    };
    return channels(layer.inputs[0]) * channels(layer.output) * conv->kernel_rows * conv->kernel_cols / conv->groups *
           dtype_bytes(dtype);
}

void NetworkCosts::measure_layer(const Network& net, const Layer& layer, DType dtype, bool skips_zeros) {
    Compute c;
    const Physical& out = net.values[layer.output.value].phys;
    c.plane = std::max<std::int64_t>(1, out.plane());
    c.slots = std::max(1, layer.output.slots);
    if (const auto* conv = std::get_if<ConvOp>(&layer.op)) {
        c.conv = true;
        const int tiles = k_tiles_of_slot(net, layer, skips_zeros);
        c.loads = static_cast<double>(tiles) * conv->kernel_rows * conv->kernel_cols * layer.output.slots;
    }
    const double weights = weight_bytes(net, layer, dtype);
    const double share = std::min(static_cast<double>(hw::sustained_dram_bandwidth(spec_).count()) / spec_.cores,
                                  static_cast<double>(hw::single_core_bandwidth(spec_).count()));
    weights_.push_back(weights / share);
    compute_.push_back(c);
}

void NetworkCosts::measure_rows(const Network& net) {
    const auto readers = readers_of(net);
    IdVector<ValueId, bool> leaves(net.values.size(), false);
    for (const View& v : net.outputs) leaves[v.value] = true;
    for (LayerId l : net.layers.ids()) {
        const Layer& layer = net.layers[l];
        Rows r = rows_of(layer, net.values[layer.output.value]);
        const Part* in = layer.inputs.empty() ? nullptr : &layer.inputs[0];
        input_bytes_.push_back(in ? half_bytes(slots_, net.values[in->value]) / 2 : 0);
        r.follows = r.row_bytes >= 0 && l.value() > 0 && in &&
                    in->value.value() == net.layers[l.next(-1)].output.value.value() &&
                    readers[in->value].size() == 1 && in->slots == net.values[in->value].phys.slots() &&
                    !leaves[in->value];
        rows_.push_back(r);
    }
}

/// For layers that do not work row by row, a row has -1 bytes.
NetworkCosts::Rows NetworkCosts::rows_of(const Layer& layer, const Value& out) const {
    Rows r;
    r.out = out.phys.rows;
    r.row_bytes = half_bytes(slots_, out) / 2 / std::max(1, out.phys.rows);
    r.row_elements = elements_per_partition(slots_, out.phys, 1);
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
    if (!able) r.row_bytes = -1;
    return r;
}

bool NetworkCosts::chain(LayerId first, LayerId last) const {
    if (last.value() - first.value() < 2 || rows_[first].row_bytes < 0) return false;
    for (LayerId l : IdRange(first.next(), last))
        if (!rows_[l].follows || rows_[l].row_bytes < 0) return false;
    return true;
}

std::int64_t NetworkCosts::striped_peak(LayerId first, LayerId last, int images, int stripe_rows) const {
    std::int64_t windows = 0;
    int rows = stripe_rows;
    for (LayerId l = last.next(-1); l.value() > first.value(); l = l.next(-1)) {
        rows = (rows - 1) * rows_[l].stride + rows_[l].kernel;
        const Rows& made = rows_[l.next(-1)];
        // The previous window is still there while its rows are moved.
        windows += 2 * made.row_bytes * std::min(rows, made.out);
    }
    const std::int64_t in = input_bytes_[first];
    const Rows& end = rows_[last.next(-1)];
    const std::int64_t out = end.row_bytes * end.out;
    return alive_[first].through * images + std::max(in * images + out, in + out * images) + windows;
}

std::pair<double, double> NetworkCosts::halo(LayerId first, LayerId last, int stripe_rows) const {
    double copied = 0, again = 0;
    int rows = stripe_rows;
    double fresh = stripe_rows;
    for (LayerId l = last.next(-1); l.value() > first.value(); l = l.next(-1)) {
        const Rows& reader = rows_[l];
        const Rows& made = rows_[l.next(-1)];
        rows = (rows - 1) * reader.stride + reader.kernel;
        fresh *= reader.stride;
        const double shared = std::max(0.0, rows - fresh);
        const double stripes = static_cast<double>(made.out) / std::max(1.0, fresh);
        copied +=
            stripes * shared * static_cast<double>(made.row_elements) / static_cast<double>(spec_.pool.clock.count());
        again += compute(l.next(-1), 1) * shared / std::max(1.0, fresh);
    }
    return {copied, again};
}

std::int64_t NetworkCosts::peak(LayerId first, LayerId last, int images) const {
    std::int64_t most = 0;
    for (LayerId l : IdRange(first, last)) {
        const Alive& a = alive_[l];
        // Images lose their input one by one: at the start all inputs and one output are there, at the end the reverse.
        most = std::max(most, a.through * images + std::max(a.dying * images + a.made, a.dying + a.made * images));
    }
    return most;
}

double NetworkCosts::seconds(LayerId first, LayerId last, int images, int batch) const {
    double dram = 0, compute_time = 0;
    const int runs = (batch + images - 1) / images;
    for (LayerId l : IdRange(first, last)) {
        dram += weights(l) * runs;
        compute_time += compute(l, images) * batch / images;
    }
    return std::max(dram, compute_time) + 0.1 * std::min(dram, compute_time);
}

double NetworkCosts::compute(LayerId layer, int images) const {
    const Compute& c = compute_[layer];
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
    const std::int64_t rounds = (tiles + banks_ - 1) / banks_;
    return std::max(vector,
                    c.loads * (static_cast<double>(rounds) * stationary + static_cast<double>(tiles) * matmul)) /
           clock;
}

}  // namespace infsim::compiler
