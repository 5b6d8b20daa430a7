#include "compiler/emit/emitter.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "compiler/schedule/order.hpp"

namespace infsim::compiler {

Emitter::Emitter(const graph::Graph& graph, const Network& network, const program::Target& target, int batch,
                 DType dtype, DType io_dtype, const CompileOptions& options, const Plan& plan)
    : graph_(graph),
      net_(network),
      target_(target),
      batch_(batch),
      dtype_(dtype),
      io_dtype_(io_dtype),
      options_(options),
      plan_(plan) {}

void Emitter::analyse_values() {
    const auto n = net_.values.size();
    pairable_.assign(n, false);
    small_.assign(n, false);
    last_reader_.assign(n, -1);
    std::vector<bool> spatial(n, true);
    passing_.assign(n, options_.batching);
    const auto not_spatial = [&](const Part& p) { spatial[static_cast<std::size_t>(p.value)] = false; };
    for (std::size_t l = 0; l < net_.layers.size(); ++l) {
        const Layer& layer = net_.layers[l];
        const bool fits = std::holds_alternative<ConvOp>(layer.op) || std::holds_alternative<PoolOp>(layer.op) ||
                          std::holds_alternative<UnaryOp>(layer.op) || std::holds_alternative<ScalarOp>(layer.op) ||
                          std::holds_alternative<BinaryOp>(layer.op) || std::holds_alternative<CopyOp>(layer.op);
        const bool conv = std::holds_alternative<ConvOp>(layer.op);
        if (conv) passing_[static_cast<std::size_t>(layer.output.value)] = false;
        for (const Part& p : layer.inputs) {
            if (conv) passing_[static_cast<std::size_t>(p.value)] = false;
            last_reader_[static_cast<std::size_t>(p.value)] = static_cast<int>(l);
            if (!fits) not_spatial(p);
        }
        if (!fits) not_spatial(layer.output);
    }
    const int never = static_cast<int>(net_.layers.size());
    for (const View& v : net_.outputs) last_reader_[static_cast<std::size_t>(v.value)] = never;
    for (std::size_t v = 0; v < n; ++v) {
        const bool input = net_.values[v].input != graph::kNoTensor;
        // Side by side for the sake of layers with weights: others run image by image, each with a buffer for that
        // long.
        small_[v] = options_.batching && plan_.share_small_images && !input && !passing_[v] &&
                    net_.values[v].phys.plane() <= options_.small_image_elements;
        pairable_[v] =
            options_.pair_images && options_.batching && spatial[v] && !small_[v] && net_.values[v].phys.slots() == 1 &&
            net_.values[v].phys.plane() > options_.small_image_elements && target_.pe_rows >= target_.sb_partitions;
    }
    const auto streams = [&](int first, int last) {  // windows of rows are no arrays of images
        for (int l = first; l + 1 < last; ++l)
            small_[static_cast<std::size_t>(net_.layers[static_cast<std::size_t>(l)].output.value)] = false;
    };
    streams(0, net_.stem_layers);
    for (const Section& section : plan_.sections)
        if (section.stripe_rows > 0) streams(section.first, section.last);
    array_images_.assign(n, 1);
    for (const Section& section : plan_.sections) {
        const auto images = [&](ValueId v) -> int& { return array_images_[static_cast<std::size_t>(v)]; };
        const int at_once = section.images > 0 ? std::min(section.images, batch_) : batch_;
        for (int l = section.first; l < section.last; ++l) {
            const Layer& layer = net_.layers[static_cast<std::size_t>(l)];
            images(layer.output.value) = std::max(images(layer.output.value), at_once);
            for (const Part& in : layer.inputs) images(in.value) = std::max(images(in.value), at_once);
        }
    }
    if (plan_.sections.empty()) array_images_.assign(n, batch_);
    analyse_bands();
    places_.assign(n, std::vector<Place>(static_cast<std::size_t>(batch_)));
    conv_.resize(net_.layers.size());
}

void Emitter::forget_weights(int first_layer, int last_layer) {
    constants_.erase(constants_.lower_bound({first_layer, 0}), constants_.lower_bound({last_layer, 0}));
    for (int l = first_layer; l < last_layer; ++l)
        if (auto& state = conv_[static_cast<std::size_t>(l)])
            std::fill(state->slab_buffer.begin(), state->slab_buffer.end(), kNoBuffer);
}

int Emitter::image_group(int layer) const {
    const int wanted = plan_.image_group[static_cast<std::size_t>(layer)];
    return wanted > 0 ? std::min(wanted, batch_) : batch_;
}

void Emitter::emit_layer_for_image(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    layer_ = layer;
    image_ = image;
    for (const Part& in : l.inputs) emit_input(in.value, image);
    layer_ = layer;
    std::visit(
        [&](const auto& op) {
            using T = std::decay_t<decltype(op)>;
            if constexpr (std::is_same_v<T, ConvOp>) emit_conv(layer, image, 1, 0, value(l.output.value).phys.rows);
            else if constexpr (std::is_same_v<T, PoolOp>) emit_pool(layer, image, 0, value(l.output.value).phys.rows);
            else if constexpr (std::is_same_v<T, ReplicateOp>)
                emit_replicate(layer, image, 0, value(l.output.value).phys.rows);
            else if constexpr (std::is_same_v<T, UnaryOp>) emit_unary(layer, image);
            else if constexpr (std::is_same_v<T, ScalarOp>) emit_scalar(layer, image);
            else if constexpr (std::is_same_v<T, BinaryOp>) emit_binary(layer, image);
            else if constexpr (std::is_same_v<T, SoftmaxOp>) emit_softmax(layer, image);
            else if constexpr (std::is_same_v<T, LayerNormOp>) emit_layer_norm(layer, image);
            else if constexpr (std::is_same_v<T, LrnOp>) emit_lrn(layer, image);
            else if constexpr (std::is_same_v<T, HeadMatmulOp>) emit_head_matmul(layer, image);
            else if constexpr (std::is_same_v<T, TransposeOp>) emit_transpose(layer, image);
            else if constexpr (std::is_same_v<T, SpreadOp>) emit_spread(layer, image);
            else if constexpr (std::is_same_v<T, GatherOp>) emit_gather(layer, image);
            else if constexpr (std::is_same_v<T, CopyOp>) emit_copy(layer, image);
            else if constexpr (std::is_same_v<T, ReduceOp>) emit_reduce(layer, image);
            else if constexpr (std::is_same_v<T, StoreOp>) emit_store(layer, image);
            else if constexpr (std::is_same_v<T, FetchOp>) emit_fetch(layer, image);
        },
        l.op);
    store_outputs(layer, image);
}

std::optional<Emission> Emitter::dry_run(std::int64_t capacity) {
    recorder_.emplace(options_.rematerialization && options_.recompute);
    capacity_ = capacity;
    try {
        run();
    } catch (const TooLarge&) {
        return std::nullopt;
    }
    Emission emission;
    emission.dry_run = recorder_->finish(code_);
    emission.dram = dram_needs(code_.segments, emission.dry_run.liveness.layer.size());
    if (keeps_) emission.code = std::move(code_);
    return emission;
}

Code Emitter::code() {
    run();
    return std::move(code_);
}

Code Emitter::into(const InstructionSink& sink) {
    keeps_ = false;
    sink_ = &sink;
    run();
    return std::move(code_);
}

void Emitter::run() {
    using program::Engine;
    code_.queues = {{Engine::pe, 0, 0, {}}, {Engine::act, 0, 0, {}}, {Engine::pool, 0, 0, {}}};
    for (int e = 0; e < target_.dma_engines; ++e)
        for (int r = 0; r < rings_used(); ++r)
            code_.queues.push_back({Engine::dma, static_cast<std::uint8_t>(e), static_cast<std::uint8_t>(r), {}});
    analyse_values();
    add_io_segments();
    try {
        run_sections();
    } catch (const LimitExceeded& e) {
        const std::string& layer = net_.layers[static_cast<std::size_t>(layer_)].name;
        const std::string what =
            fmt::format("a step or count of {} elements; the instruction set holds at most {}", e.wanted, e.available);
        if (batch_ == 1) throw InputError(graph_.name, "layer " + layer, what);
        Shortage s;
        s.reason.resource = resource::access_pattern;
        s.reason.unit = "elements";
        s.reason.layer = layer;
        s.reason.wanted_bytes = e.wanted;
        s.reason.available_bytes = e.available;
        s.reason.text = fmt::format("layer {} needs {}", layer, what);
        throw s;
    }
}

}  // namespace infsim::compiler
