#include "compiler/emit/value_facts.hpp"

#include <algorithm>

#include "compiler/ir/fused_layers.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

namespace {

using Facts = IdVector<ValueId, ValueFacts>;

template <class... Ops>
bool is_any(const LayerOp& op) {
    return (std::holds_alternative<Ops>(op) || ...);
}

/// Facts about single values: those that are small or pairable alone may not be so together.
void note_sizes(const EmitInput& in, const Plan& plan, Facts& facts) {
    IdVector<ValueId, bool> spatial(in.network.values.size(), true);
    for (const LayerId l : in.network.layers.ids()) {
        const Layer& layer = in.network.layers[l];
        if (is_any<ConvOp, PoolOp, UnaryOp, ScalarOp, BinaryOp, CopyOp>(layer.op)) continue;
        for (const Part& p : layer.inputs) spatial[p.value] = false;
        spatial[layer.output.value] = false;
    }
    const CompileOptions& options = in.options;
    for (const ValueId v : in.network.values.ids()) {
        const Value& value = in.network.values[v];
        ValueFacts& f = facts[v];
        const bool input = value.input != graph::kNoTensor;
        // Images lie side by side for the sake of layers with weights. Other layers run image by image, each with a
        // buffer for just that long.
        f.small = options.batching && plan.share_small_images && !input && !f.passing &&
                  value.phys.plane() <= options.small_image_elements;
        f.pairable = options.pair_images && options.batching && spatial[v] && !f.small &&
                     fits_half(in.network.slots, value.phys) && value.phys.plane() > options.small_image_elements &&
                     in.target.pe_rows >= in.target.sb_partitions;
    }
}

void note_readers(const EmitInput& in, Facts& facts) {
    for (ValueFacts& f : facts) f.passing = in.options.batching;
    for (const LayerId l : in.network.layers.ids()) {
        const Layer& layer = in.network.layers[l];
        const bool conv = std::holds_alternative<ConvOp>(layer.op);
        if (conv) facts[layer.output.value].passing = false;
        for (const Part& p : layer.inputs) {
            if (conv) facts[p.value].passing = false;
            facts[p.value].last_reader = l;
        }
    }
    const LayerId never = LayerId(static_cast<int>(in.network.layers.size()));
    for (const View& v : in.network.outputs) facts[ValueId(v.value)].last_reader = never;
}

/// Windows of rows are neither arrays of images nor bands.
void note_streams(const EmitInput& in, const Plan& plan, Facts& facts) {
    const auto note = [&](ValueId v) { facts[v].streams = true, facts[v].small = false; };
    for (const LayerId l : IdRange<LayerId>(LayerId(0), LayerId(in.network.stem_layers - 1)))
        note(in.network.layers[l].output.value);
    const auto striped = [](const Section& s) { return s.stripe_rows > 0; };
    if (std::none_of(plan.sections.begin(), plan.sections.end(), striped)) return;
    const NetworkRows rows(in.network);
    for (const Section& s : plan.sections) {
        if (!striped(s)) continue;
        const FusedLayers fused(in.network, rows, LayerId(s.first), LayerId(s.last));
        for (const FusedLayers::Item& item : fused.items())
            if (item.streams) note(item.value);
    }
}

void note_array_images(const EmitInput& in, const Plan& plan, Facts& facts) {
    for (ValueFacts& f : facts) f.array_images = plan.sections.empty() ? in.batch : 1;
    for (const Section& section : plan.sections) {
        const int at_once = std::min(section.images_of(in.batch), in.batch);
        const auto raise = [&](const Part& p) {
            facts[p.value].array_images = std::max(facts[p.value].array_images, at_once);
        };
        for (const LayerId l : IdRange<LayerId>(LayerId(section.first), LayerId(section.last))) {
            raise(in.network.layers[l].output);
            for (const Part& p : in.network.layers[l].inputs) raise(p);
        }
    }
}

/// Whether the block of `inner` consecutive elements is a part of a row or the whole plane.
bool ends_with_rows(int inner, const Physical& phys) { return phys.cols % inner == 0 || inner == phys.plane(); }

bool works_by_rows(const Network& network, const Layer& layer) {
    const Physical& phys = network.values[layer.inputs.empty() ? layer.output.value : layer.inputs[0].value].phys;
    if (const auto* binary = std::get_if<BinaryOp>(&layer.op))
        return !binary->spread && (binary->inner == 1 || ends_with_rows(binary->inner, phys));
    if (const auto* reduce = std::get_if<ReduceOp>(&layer.op)) return ends_with_rows(reduce->inner, phys);
    return is_any<ConvOp, PoolOp, UnaryOp, ScalarOp, CopyOp, ArrangeOp, LrnOp, ReplicateOp, FetchOp, StoreOp>(layer.op);
}

/// Only values whose readers and writers all work row by row lie in bands. What streams through the stem is never whole
/// anyway.
IdVector<ValueId, bool> able_to_lie_in_bands(const Network& network) {
    IdVector<ValueId, bool> able(network.values.size(), true);
    for (const LayerId l : network.layers.ids()) {
        const Layer& layer = network.layers[l];
        const bool by_rows = works_by_rows(network, layer), stem = l.value() < network.stem_layers;
        for (const Part& in : layer.inputs)
            if (!by_rows || stem) able[in.value] = false;
        if (!by_rows || (stem && l.value() + 1 < network.stem_layers)) able[layer.output.value] = false;
    }
    for (const View& v : network.inputs)
        if (const ValueId id(v.value); id.exists() && !is_image(v)) able[id] = false;
    return able;
}

void note_bands(const EmitInput& in, const Plan& plan, Facts& facts) {
    if (plan.band_bytes <= 0) return;
    const IdVector<ValueId, bool> able = able_to_lie_in_bands(in.network);
    for (const ValueId v : in.network.values.ids()) {
        const Value& value = in.network.values[v];
        const std::int64_t row = elements_per_partition(in.network.slots, value.phys, 1) * dtype_bytes(value.dtype);
        if (!able[v] || facts[v].small || facts[v].streams || value.scratch_elements > 0 || value.phys.rows < 2 ||
            row * value.phys.rows <= plan.band_bytes)
            continue;
        facts[v].band_rows = static_cast<int>(std::max<std::int64_t>(1, plan.band_bytes / row));
    }
}

}  // namespace

IdVector<ValueId, ValueFacts> value_facts(const EmitInput& input, const Plan& plan) {
    Facts facts(input.network.values.size());
    note_readers(input, facts);
    note_sizes(input, plan, facts);
    note_streams(input, plan, facts);
    note_array_images(input, plan, facts);
    note_bands(input, plan, facts);
    return facts;
}

}  // namespace infsim::compiler
