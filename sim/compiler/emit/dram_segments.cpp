#include "compiler/emit/dram_segments.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/problems.hpp"

namespace infsim::compiler {

using program::Purpose;

DramSegments::DramSegments(const EmitInput& input, const Plan& plan, CodeBuilder& builder)
    : input_(input),
      plan_(plan),
      builder_(builder),
      input_index_(input.network.values.size(), -1),
      outputs_of_(input.network.layers.size()) {
    const Network& network = input.network;
    for (std::size_t i = 0; i < network.inputs.size(); ++i) {
        inputs_.push_back(add(input.graph.inputs[i], Purpose::input));
        if (const ValueId v(network.inputs[i].value); v.exists()) input_index_[v] = static_cast<int>(i);
    }
    for (std::size_t o = 0; o < network.outputs.size(); ++o) {
        outputs_.push_back(add(input.graph.outputs[o], Purpose::output));
        const LayerId last = last_writer(network.outputs[o]);
        if (!last.exists())
            throw InputError(input.graph.name, "output " + input.graph.tensor(input.graph.outputs[o]).name,
                             "is a graph input; nothing would run on the chip");
        outputs_of_[last].push_back(o);
    }
}

DType DramSegments::dtype(graph::TensorId tensor) const {
    return host_dtype(input_.graph.tensor(tensor).dtype, input_.io_dtype);
}

DramTensor DramSegments::add(graph::TensorId tensor, Purpose purpose) {
    const graph::Tensor& t = input_.graph.tensor(tensor);
    const std::int64_t elements = graph::element_count(t.shape);
    program::Segment s;
    s.name = t.name;
    s.purpose = purpose;
    s.dtype = dtype(tensor);
    s.region = static_cast<std::uint8_t>(input_.options.activations_region);
    s.bytes = elements * dtype_bytes(s.dtype) * input_.batch;
    s.tensors = {s.name};
    return {builder_.add_segment(std::move(s)), elements};
}

LayerId DramSegments::last_writer(const View& output) const {
    LayerId last;
    for (const LayerId l : input_.network.layers.ids())
        if (input_.network.layers[l].output.value == output.value) last = l;
    return last;
}

/// Images of a value that have a place of their own.
int DramSegments::places_of(ValueId v) const {
    const int planned = v.index() < plan_.scratch_images.size() ? plan_.scratch_images[v.index()] : 0;
    return planned > 0 ? std::min(planned, input_.batch) : input_.batch;
}

/// Of one image.
std::int64_t DramSegments::scratch_bytes(ValueId v) const {
    const Value& value = input_.network.values[v];
    return value.scratch_elements * dtype_bytes(value.dtype);
}

DramTensor DramSegments::scratch(ValueId v, ImageId image) {
    const Value& value = input_.network.values[v];
    if (input_.options.reuse_scratch) scratch_use_.note(v, image);
    const auto found = scratch_.find(v);
    if (found != scratch_.end()) return {found->second, value.scratch_elements, places_of(v)};
    program::Segment s;
    s.name = value.name;
    s.purpose = Purpose::relayout;
    s.dtype = value.dtype;
    s.region = static_cast<std::uint8_t>(input_.options.activations_region);
    s.bytes = scratch_bytes(v) * places_of(v);
    return {scratch_[v] = builder_.add_segment(std::move(s)), value.scratch_elements, places_of(v)};
}

std::vector<ScratchPlaces> DramSegments::scratch_places() const {
    std::vector<ScratchPlaces> list;
    if (!input_.options.reuse_scratch) return list;
    for (const auto& [v, segment] : scratch_)
        list.push_back({v, input_.options.activations_region, scratch_bytes(v), places_of(v), scratch_use_.at_once(v),
                        input_.batch});
    return list;
}

program::Segment DramSegments::literal_segment(int index, DType dtype) const {
    const auto& values = input_.network.literals.at(static_cast<std::size_t>(index));
    const int element = dtype_bytes(dtype);
    program::Segment s;
    s.name = "literal " + std::to_string(index);
    s.bytes = static_cast<std::int64_t>(values.size()) * element;
    program::RecipeBox box;
    box.segment_step[0] = element;
    box.tensor = program::kLiteral;
    for (std::size_t i = 0; i < values.size(); ++i) {
        box.segment_offset = static_cast<std::int64_t>(i) * element;
        box.literal = values[i];
        if (values[i] != 0) s.recipe.push_back(box);
    }
    return s;
}

program::Segment DramSegments::constant_segment(graph::TensorId tensor, DType dtype) const {
    const graph::Tensor& t = input_.graph.tensor(tensor);
    const int element = dtype_bytes(dtype);
    program::Segment s;
    s.name = t.name + "/operand";
    s.tensors = {t.name};
    program::RecipeBox box;
    box.segment_step[0] = element;
    box.count[0] = graph::element_count(t.shape);
    box.tensor_step[0] = 1;
    s.bytes = box.count[0] * element;
    s.recipe.push_back(box);
    return s;
}

DramTensor DramSegments::source(const Strided& from, DType dtype, ImageId image) {
    const bool literal = from.source == Strided::Source::literal;
    if (from.source == Strided::Source::scratch) return scratch(ValueId(from.index), image);
    if (from.source == Strided::Source::input) return input(static_cast<std::size_t>(from.index));
    const auto key = std::make_tuple(literal, from.index, dtype);
    const auto found = operands_.find(key);
    if (found != operands_.end()) return {found->second, 0};
    program::Segment s = literal ? literal_segment(from.index, dtype) : constant_segment(from.index, dtype);
    s.purpose = Purpose::constants;
    s.dtype = dtype;
    s.region = static_cast<std::uint8_t>(input_.options.activations_region);
    return {operands_[key] = builder_.add_segment(std::move(s)), 0};
}

DramTensor DramSegments::packed_constant(std::pair<LayerId, std::size_t> box, const Strided& from,
                                         const PackedConstant& packed, DType dtype) {
    if (const auto found = packed_.find(box); found != packed_.end()) return {found->second, 0};
    const bool literal = from.source == Strided::Source::literal;
    program::Segment s;
    s.name = (literal ? "literal " + std::to_string(from.index) : input_.graph.tensor(from.index).name) + "/as on chip";
    if (!literal) s.tensors = {input_.graph.tensor(from.index).name};
    s.purpose = Purpose::constants;
    s.dtype = dtype;
    s.region = static_cast<std::uint8_t>(input_.options.activations_region);
    s.bytes = packed.elements * dtype_bytes(dtype);
    s.recipe = packed.recipe;
    return {packed_[box] = builder_.add_segment(std::move(s)), 0};
}

}  // namespace infsim::compiler
