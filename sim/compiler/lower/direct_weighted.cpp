#include "compiler/lower/direct_weighted.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "compiler/ir/views.hpp"
#include "compiler/lower/conv_geometry.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;

namespace {

bool has_bias(const Node& node) { return node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor; }

/// A residual is added while PSUM is evacuated, element by element: it must have the layout of the result.
bool takes_residual(const Lowering& low, const Task& task, const Physical& out) {
    if (task.fusion->residual == graph::kNoTensor) return true;
    const auto residual = look(low, task.fusion->residual);
    return residual && residual->phys() == out;
}

ConvOp conv_of(const Node& node, const ConvGeometry& g) {
    const Shape& w = g.weights;
    ConvOp op;
    op.weight = {node.inputs[1], w[1] * w[2] * w[3], w[2] * w[3], w[3], 1};
    if (node.inputs.size() > 2) op.bias = node.inputs[2];
    op.kernel_rows = static_cast<int>(w[2]);
    op.kernel_cols = static_cast<int>(w[3]);
    op.stride_rows = static_cast<int>(g.strides[0]);
    op.stride_cols = static_cast<int>(g.strides[1]);
    op.dilation_rows = static_cast<int>(g.dilations[0]);
    op.dilation_cols = static_cast<int>(g.dilations[1]);
    op.pad_top = static_cast<int>(g.pads[0]);
    op.pad_left = static_cast<int>(g.pads[1]);
    op.groups = static_cast<int>(graph::attribute_int(node, "group"));
    return op;
}

void add_weighted(Lowering& low, const Task& task, const WeightedPlan& plan, const View& in) {
    const Fusion& fusion = *task.fusion;
    ConvOp op = plan.op;
    if (fusion.bias != graph::kNoTensor) op.bias = fusion.bias;
    op.function = fusion.function;
    op.relu_after_add = fusion.relu_after_add;
    std::vector<View> inputs = {in};
    std::string kind = plan.kind;
    if (fusion.residual != graph::kNoTensor) {
        const View residual = view_of(low, fusion.residual);
        op.residual = part_of(residual);
        inputs.push_back(residual);
        kind += "+add";
    }
    const View out = low.new_output(task.last, plan.out, low.source.dtype);
    low.add_layer(task.node, std::move(kind), op, inputs, out).macs = plan.macs;
}

}  // namespace

std::optional<WeightedPlan> plan_conv(const Lowering& low, const Task& task) {
    const Node& node = task.node;
    if (task.fusion == nullptr || !has_image(low, node.inputs[0])) return std::nullopt;
    if (!low.source.is_constant(node.inputs[1]) || (has_bias(node) && !low.source.is_constant(node.inputs[2])))
        return std::nullopt;
    const ConvGeometry g = conv_geometry(low, node, is_long(low.source.shape(node.inputs[0])));
    const Shape& w = g.weights;
    const Physical phys{split_channels(static_cast<int>(w[0]), low.source.columns), static_cast<int>(g.out[2]),
                        static_cast<int>(g.out[3])};
    Axes axes = {{}, {{Dim::channel, w[0]}}, {{Dim::row, g.out[2]}}, {{Dim::col, g.out[3]}}};
    if (g.unit_axis > 0) axes.erase(axes.begin() + g.unit_axis);
    if (!takes_residual(low, task, phys)) return std::nullopt;
    return WeightedPlan{
        conv_of(node, g), {phys, std::move(axes)}, g.out[2] * g.out[3] * w[0] * w[1] * w[2] * w[3], "conv"};
}

void lower_conv(Lowering& low, const Task& task, const WeightedPlan& plan) {
    add_weighted(low, task, plan, image_of(low, task.node.inputs[0]));
}

namespace {

/// Whether an axis of several factors is a whole flattened image: channels, then rows and columns, or (`any_order`) in
/// another order. Every element of the plane is a step of the filter: another order needs channels for that.
bool is_flattened_image(const std::vector<Factor>& axis, const Prospect& in, bool any_order) {
    constexpr std::int64_t kFewestChannels = 16;
    std::int64_t covered = 1;
    std::vector<Dim> dims;
    for (const Factor& f : axis) {
        if (f.step != 1 || f.dim == Dim::slot || f.dim == Dim::lane) return false;
        covered *= f.extent;
        dims.push_back(f.dim);
    }
    const bool channels_first = dims[0] == Dim::channel && std::is_sorted(dims.begin(), dims.end());
    if (!channels_first && (!any_order || in.phys().channels() < kFewestChannels)) return false;
    std::sort(dims.begin(), dims.end());
    return dims[0] == Dim::channel && std::adjacent_find(dims.begin(), dims.end()) == dims.end() &&
           covered == in.phys().channels() * in.full.plane();
}

/// The weights of a convolution over a flattened image: rows of the matrix follow the factors of `axis`.
WeightIndex weights_of_flattened(TensorId matrix, std::int64_t outputs, const std::vector<Factor>& axis) {
    WeightIndex weight{matrix, 1, 0, 0, 0};
    std::int64_t step = outputs;
    for (auto f = axis.rbegin(); f != axis.rend(); ++f) {
        (f->dim == Dim::row ? weight.sr : f->dim == Dim::col ? weight.ss : weight.sc) = step;
        step *= f->extent;
    }
    return weight;
}

}  // namespace

std::optional<WeightedPlan> plan_dense(const Lowering& low, const Task& task) {
    const Node& node = task.node;
    if (task.fusion == nullptr) return std::nullopt;
    const auto in = look_at_tokens(low, node.inputs[0]);
    const Shape& w = low.source.shape(node.inputs[1]);
    if (!in || w.size() != 2 || (has_bias(node) && !low.source.is_constant(node.inputs[2]))) return std::nullopt;
    const std::int64_t outputs = w[1];
    WeightedPlan plan;
    plan.kind = "dense";
    plan.op.weight = {node.inputs[1], 1, outputs, 0, 0};
    if (node.inputs.size() > 2) plan.op.bias = node.inputs[2];
    const int slot_width = low.source.preferred_width(task.last.outputs[0], outputs);
    plan.out.phys = {split_channels(static_cast<int>(outputs), slot_width), in->full.rows, in->full.cols};
    const auto& contraction = in->view.axes.back();
    if (contraction.size() > 1) {  // the dense layer is a convolution whose kernel covers the whole plane
        if (!is_flattened_image(contraction, *in, low.options.moves_on_chip)) return std::nullopt;
        plan.op.kernel_rows = in->full.rows;
        plan.op.kernel_cols = in->full.cols;
        plan.op.weight = weights_of_flattened(node.inputs[1], outputs, contraction);
        plan.out.phys.rows = plan.out.phys.cols = 1;
    } else if (!is_tokens(in->view)) {
        return std::nullopt;
    }
    plan.out.axes.assign(in->view.axes.begin(), in->view.axes.end() - 1);
    plan.out.axes.push_back({{Dim::channel, outputs}});
    if (plan.out.axes.size() != low.source.shape(node.outputs[0]).size()) return std::nullopt;
    if (!takes_residual(low, task, plan.out.phys)) return std::nullopt;
    plan.macs = plan.out.phys.plane() * w[0] * outputs;
    return plan;
}

void lower_dense(Lowering& low, const Task& task, const WeightedPlan& plan) {
    add_weighted(low, task, plan, tokens_of(low, task.node, task.node.inputs[0]));
}

}  // namespace infsim::compiler
