#include <algorithm>
#include <numeric>

#include "compiler/ir/channel_groups.hpp"
#include "compiler/search/sections.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

NetworkCosts::NetworkCosts(const Network& network, const hw::ChipSpec& spec, DType dtype, const CompileOptions& options)
    : network_(network),
      rows_(network),
      slots_(network.slots),
      spec_(spec),
      banks_(options.psum_banks_per_load),
      most_(std::min(spec.pe.max_moving, hw::psum_bank_elements(spec))),
      small_(options.small_image_elements),
      passes_(dtype == DType::fp32 ? spec.pe.fp32_passes : 1),
      overlap_stripes_(options.overlap_stripes),
      pairs_(options.pair_images && options.batching && spec.pe.rows >= spec.state_buffer.partitions) {
    measure_memory(network, options);
    for (const Layer& layer : network.layers) measure_layer(network, layer, dtype, options.skip_zero_blocks);
}

namespace {

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
    spans_ = spans_of(net);
    crossing_.assign(net.layers.size() + 1, {});
    alive_.assign(net.layers.size(), {});
    for (ValueId v : net.values.ids())
        if (spans_[v].dies.exists() && net.values[v].scratch_elements == 0)
            measure_value(net.values[v], spans_[v], net.stem_layers);
    if (!options.in_place_add) return;
    for (LayerId l : net.layers.ids())
        if (adds_in_place(net.layers[l], l, spans_)) alive_[l].made = {};
}

/// As value_facts() of emission decides it.
ImageBytes NetworkCosts::image_bytes(const Value& value) const {
    const std::int64_t bytes = elements_per_partition(slots_, value.phys) * dtype_bytes(value.dtype);
    const bool pairs = pairs_ && fits_half(slots_, value.phys) && value.phys.plane() > small_;
    return pairs ? ImageBytes{0, bytes} : ImageBytes{bytes, 0};
}

void NetworkCosts::measure_value(const Value& value, ValueSpan span, int stem_layers) {
    const auto [born, dies] = span;
    const ImageBytes bytes = image_bytes(value);
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
        c.weight_bytes = weight_bytes_per_partition(net, layer, dtype, skips_zeros);
    }
    const double weights = weight_bytes(net, layer, dtype);
    const double share = std::min(static_cast<double>(hw::sustained_dram_bandwidth(spec_).count()) / spec_.cores,
                                  static_cast<double>(hw::single_core_bandwidth(spec_).count()));
    weights_.push_back(weights / share);
    weights_before_.push_back(weights_before_.back() + weights / share);
    weight_bytes_before_.push_back(weight_bytes_before_.back() + c.weight_bytes);
    compute_.push_back(c);
}

const NetworkCosts::Range& NetworkCosts::range(LayerId first, LayerId last, int images) const {
    const std::uint64_t key = static_cast<std::uint64_t>(first.value()) << 40 |
                              static_cast<std::uint64_t>(last.value()) << 16 | static_cast<std::uint64_t>(images);
    const auto [known, fresh] = ranges_.try_emplace(key);
    Range& of = known->second;
    if (!fresh) return of;
    for (LayerId l : IdRange(first, last)) {
        const Alive& a = alive_[l];
        // Images lose their input one by one: at the start all inputs and one output are there, at the end the reverse.
        const std::int64_t start = a.dying.of(images) + a.made.of(1), end = a.dying.of(1) + a.made.of(images);
        of.peak = std::max(of.peak, a.through.of(images) + std::max(start, end));
        of.compute += compute(l, images);
    }
    return of;
}

namespace {

/// Two things that go on at the same time, but not perfectly.
double overlapped(double a, double b) { return std::max(a, b) + 0.1 * std::min(a, b); }

}  // namespace

std::int64_t NetworkCosts::resident_weights(LayerId first, LayerId last) const {
    return weight_bytes_before_[last.index()] - weight_bytes_before_[first.index()];
}

double NetworkCosts::weights_seconds(LayerId first, LayerId last, int batch, int weights_for) const {
    const double once = weights_before_[last.index()] - weights_before_[first.index()];
    const int times = (batch + weights_for - 1) / weights_for;
    return once * times;
}

double NetworkCosts::seconds(LayerId first, LayerId last, int images, int batch, int weights_for) const {
    const double compute_time = range(first, last, images).compute * batch / images;
    return overlapped(weights_seconds(first, last, batch, weights_for), compute_time);
}

double NetworkCosts::striped_seconds(LayerId first, LayerId last, int weights_for, int batch,
                                     const StripeCosts& stripes) const {
    return overlapped(weights_seconds(first, last, batch, weights_for), stripes.compute * batch) +
           stripes.copies * batch;
}

double NetworkCosts::compute(LayerId layer, int images) const {
    const Compute& c = compute_[layer];
    const bool small = c.plane <= small_;
    const std::int64_t together = small ? std::max<std::int64_t>(1, most_ / c.plane) : 1;
    const std::int64_t tiles = small ? (images + together - 1) / together : images * ((c.plane + most_ - 1) / most_);
    return tiles_seconds(c, tiles, static_cast<double>(c.plane) * images / static_cast<double>(tiles));
}

/// Seconds for a layer in that many tiles of `elements` per partition.
double NetworkCosts::tiles_seconds(const Compute& c, std::int64_t tiles, double elements) const {
    const double clock = static_cast<double>(spec_.pe.clock.count());
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
