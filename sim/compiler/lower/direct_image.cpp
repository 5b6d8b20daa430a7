#include "compiler/lower/direct_image.hpp"

#include <algorithm>
#include <numeric>

#include "compiler/ir/views.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

namespace {

PoolOp pool_of(const Node& node, const Physical& from) {
    PoolOp op;
    op.average = node.op == Op::average_pool || node.op == Op::global_average_pool;
    if (node.op == Op::global_average_pool || node.op == Op::global_max_pool) {
        op.kernel_rows = from.rows;
        op.kernel_cols = from.cols;
        return op;
    }
    const auto at = [&](const char* name, std::size_t i) {
        return static_cast<int>(graph::attribute_ints(node, name)[i]);
    };
    op.kernel_rows = at("kernel_shape", 0);
    op.kernel_cols = at("kernel_shape", 1);
    op.stride_rows = at("strides", 0);
    op.stride_cols = at("strides", 1);
    op.pad_top = at("pads", 0);
    op.pad_left = at("pads", 1);
    op.pad_bottom = at("pads", 2);
    op.pad_right = at("pads", 3);
    if (graph::has_attribute(node, "dilations")) {
        op.dilation_rows = at("dilations", 0);
        op.dilation_cols = at("dilations", 1);
    }
    if (op.average) op.count_include_pad = graph::attribute_int(node, "count_include_pad") != 0;
    return op;
}

}  // namespace

std::optional<PoolPlan> plan_pool(const Lowering& low, const Task& task) {
    const auto in = look(low, task.node.inputs[0]);
    if (!in || !is_image(in->view) || low.source.shape(task.node.inputs[0]).size() != 4) return std::nullopt;
    const Shape& to = low.source.shape(task.node.outputs[0]);
    Layout out{in->phys(), {{}, in->view.axes[1], {{Dim::row, to[2]}}, {{Dim::col, to[3]}}}};
    out.phys.rows = static_cast<int>(to[2]);
    out.phys.cols = static_cast<int>(to[3]);
    return PoolPlan{pool_of(task.node, in->full), out};
}

void lower_pool(Lowering& low, const Task& task, const PoolPlan& plan) {
    const View in = view_of(low, task.node.inputs[0]);
    const View out = low.new_output(task.node, plan.out, low.source.chip_dtype(task.node.outputs[0]));
    low.add_layer(task.node, plan.op.average ? "avgpool" : "maxpool", plan.op, {in}, out);
}

std::optional<LrnOp> plan_lrn(const Lowering& low, const Task& task) {
    const auto in = look(low, task.node.inputs[0]);
    if (!in || !is_image(in->view) || in->view.axes.size() != 4) return std::nullopt;
    const auto number = [&](const char* name) { return static_cast<float>(graph::attribute_float(task.node, name)); };
    return LrnOp{static_cast<int>(graph::attribute_int(task.node, "size")), number("alpha"), number("beta"),
                 number("bias")};
}

void lower_lrn(Lowering& low, const Task& task, const LrnOp& plan) {
    const View in = view_of(low, task.node.inputs[0]);
    const View out = low.new_output(task.node, low.layout_of(in), low.source.dtype);
    low.add_layer(task.node, "lrn", plan, {in}, out);
}

std::optional<Layout> plan_concat(const Lowering& low, const Task& task) {
    const Shape& to = low.source.shape(task.node.outputs[0]);
    const std::size_t axis = axis_index(graph::attribute_int(task.node, "axis"), to.size());
    Layout out;
    for (const TensorId id : task.node.inputs) {
        const auto part = look(low, id);
        if (!part || !axis_is(part->view, axis, Dim::channel) || (!is_image(part->view) && !is_tokens(part->view)))
            return std::nullopt;
        const Physical phys = part->phys();
        // An axis of extent 1 fits every dimension: the channels may be on another axis.
        if (std::accumulate(phys.lanes.begin(), phys.lanes.end(), std::int64_t{0}) != low.source.shape(id)[axis])
            return std::nullopt;
        if (!out.phys.lanes.empty() && (phys.rows != out.phys.rows || phys.cols != out.phys.cols)) return std::nullopt;
        if (out.phys.lanes.empty()) out.axes = part->view.axes;
        out.phys.rows = phys.rows;
        out.phys.cols = phys.cols;
        out.phys.lanes.insert(out.phys.lanes.end(), phys.lanes.begin(), phys.lanes.end());
    }
    out.axes[axis] = {{Dim::channel, to[axis]}};
    return out;
}

namespace {

/// Whether only one reader sees the value of tensor `id`, so that its producer may write it elsewhere.
bool is_private(const Lowering& low, TensorId id, const View& view) {
    const auto same_value = [&](const auto& bound) { return bound.second.value == view.value; };
    return low.source.consumers(id).size() == 1 && low.value(view).input == graph::kNoTensor &&
           !low.source.is_output(id) && view.slots == low.value(view).phys.slots() &&
           std::count_if(low.at.views.begin(), low.at.views.end(), same_value) == 1;
}

/// Makes the layer that writes the whole of `part` write `target` instead; false if there is none.
bool redirect(Network& net, const View& part, const Part& target) {
    bool redirected = false;
    for (Layer& layer : net.layers)
        if (layer.output.value == part.value && layer.output.slots == part.slots) {
            layer.output = target;
            redirected = true;
        }
    return redirected;
}

}  // namespace

void lower_concat(Lowering& low, const Task& task, const Layout& plan) {
    std::vector<View> parts;
    for (const TensorId id : task.node.inputs) parts.push_back(view_of(low, id));
    const View out = low.new_output(task.node, plan, low.source.dtype);
    int slot = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Part target{out.value, slot, parts[i].slots};
        slot += parts[i].slots;
        if (is_private(low, task.node.inputs[i], parts[i]) && redirect(low.net, parts[i], target)) continue;
        Layer& copy = low.add_layer(task.node, "copy", CopyOp{}, {parts[i]}, out);
        copy.name += "/" + std::to_string(i);
        copy.output = target;
    }
}

}  // namespace infsim::compiler
