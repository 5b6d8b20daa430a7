#include <algorithm>
#include <numeric>

#include "compiler/ir/views.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;
using program::ActFunction;
using program::AluOp;

namespace {

/// The axes from `first` on.
std::vector<bool> from_axis(std::size_t rank, std::size_t first) {
    std::vector<bool> mask(rank, false);
    std::fill(mask.begin() + static_cast<std::ptrdiff_t>(first), mask.end(), true);
    return mask;
}

float epsilon_of(const Node& node) { return static_cast<float>(graph::attribute_float(node, "epsilon")); }

/// (x - mean) / sqrt(variance + epsilon) over the axes of `mask`, which are innermost in `x`.
View normalised(Lowering& low, const Node& node, const View& x, const std::vector<bool>& mask, DType dtype) {
    const int inner = innermost(x, low.value(x).phys, mask);
    const float share = 1.0F / static_cast<float>(reduced_elements(low.source.shape(node.inputs[0]), mask));
    const View mean = reduce(low, x, AluOp::add, mask, share, DType::fp32);
    const View centred = combine(low, x, mean, AluOp::subtract, DType::fp32, inner);
    const View squares = act(low, centred, ActFunction::square, 1, 0, DType::fp32);
    const View variance = reduce(low, squares, AluOp::add, mask, share, DType::fp32);
    const View norm = act(low, variance, ActFunction::rsqrt, 1, epsilon_of(node), DType::fp32);
    return combine(low, centred, norm, AluOp::multiply, dtype, inner);
}

/// Channels on lanes, the planes of the images one after the other.
Layout channels_layout(const Shape& shape, int width) {
    std::vector<int> order(shape.size());
    std::iota(order.begin(), order.end(), 0);
    return lanes_layout(shape, 1, order, width);
}

}  // namespace

void general_layer_norm(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0];
    const Shape& s = low.source.shape(in);
    const DType dtype = low.source.dtype;
    const std::vector<bool> mask = from_axis(s.size(), axis_index(graph::attribute_int(node, "axis"), s.size()));
    View y = normalised(low, node, for_reduction(low, in, mask), mask, dtype);
    y = combine(low, y, operand(low, node.inputs[1], s, low.layout_of(y)), AluOp::multiply, dtype);
    if (node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor)
        y = combine(low, y, operand(low, node.inputs[2], s, low.layout_of(y)), AluOp::add, dtype);
    low.at.views[node.outputs[0]] = y;
}

void general_instance_norm(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0];
    const Shape& s = low.source.shape(in);
    const int columns = low.source.columns;
    const Layout vector = default_layout({s[1]}, columns);
    const View x = operand(low, in, s, channels_layout(s, columns));
    const int plane = static_cast<int>(low.value(x).phys.plane());
    const View y = normalised(low, node, x, from_axis(s.size(), 2), DType::fp32);
    const View factor = operand(low, node.inputs[1], {s[1]}, vector);
    const View scaled = combine(low, y, factor, AluOp::multiply, DType::fp32, plane);
    const View shift = operand(low, node.inputs[2], {s[1]}, vector);
    low.at.views[node.outputs[0]] = combine(low, scaled, shift, AluOp::add, low.source.dtype, plane);
}

void general_batch_norm(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0];
    const Shape& s = low.source.shape(in);
    const Layout vector = default_layout({s[1]}, low.source.columns);
    const auto parameter = [&](std::size_t i) { return operand(low, node.inputs[i], {s[1]}, vector); };
    const auto found = low.at.views.find(in);
    const bool image = found != low.at.views.end() && is_image(found->second) && s.size() == 4 &&
                       low.phys_of(found->second).lanes == vector.phys.lanes;
    const View x = image ? found->second : operand(low, in, s, channels_layout(s, low.source.columns));
    const int plane = static_cast<int>(low.value(x).phys.plane());
    const View inverse = act(low, parameter(4), ActFunction::rsqrt, 1, epsilon_of(node), DType::fp32);
    const View factor = combine(low, parameter(1), inverse, AluOp::multiply, DType::fp32);
    const View centred = combine(low, x, parameter(3), AluOp::subtract, DType::fp32, plane);
    const View scaled = combine(low, centred, factor, AluOp::multiply, DType::fp32, plane);
    low.at.views[node.outputs[0]] = combine(low, scaled, parameter(2), AluOp::add, low.source.dtype, plane);
}

}  // namespace infsim::compiler
