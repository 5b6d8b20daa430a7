#include "compiler/lower/direct_elementwise.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "compiler/ir/views.hpp"
#include "compiler/lower/fold_product.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;
using program::AluOp;

std::optional<AluOp> alu_function(Op op) {
    switch (op) {
        case Op::add: return AluOp::add;
        case Op::sub: return AluOp::subtract;
        case Op::mul: return AluOp::multiply;
        case Op::div: return AluOp::divide;
        case Op::pow: return AluOp::power;
        case Op::maximum: return AluOp::max;
        case Op::minimum: return AluOp::min;
        case Op::equal: return AluOp::equal;
        case Op::greater: return AluOp::greater;
        case Op::greater_equal: return AluOp::greater_equal;
        case Op::less: return AluOp::less;
        case Op::less_equal: return AluOp::less_equal;
        case Op::logical_and: return AluOp::logical_and;
        case Op::logical_or: return AluOp::logical_or;
        case Op::logical_xor: return AluOp::logical_xor;
        default: return std::nullopt;
    }
}

void add_elementwise(Lowering& low, const Node& node, LayerOp op, const std::vector<View>& inputs, DType dtype) {
    const View out = low.new_output(node, low.layout_of(inputs[0]), dtype);
    low.add_layer(node, std::string(graph::op_name(node.op)), std::move(op), inputs, out);
}

std::optional<UnaryOp> plan_unary(const Lowering& low, const Task& task) {
    if (!look(low, task.node.inputs[0])) return std::nullopt;
    if (task.node.op == Op::neg) return UnaryOp{program::ActFunction::identity, -1.0F, 0.0F};
    const auto function = act_function(task.node.op);
    return function ? std::optional<UnaryOp>({*function, 1.0F, 0.0F}) : std::nullopt;
}

void lower_unary(Lowering& low, const Task& task, const UnaryOp& plan) {
    add_elementwise(low, task.node, plan, {view_of(low, task.node.inputs[0])},
                    low.source.chip_dtype(task.node.outputs[0]));
}

std::optional<ScalarOp> plan_clip(const Lowering& low, const Task& task) {
    if (!look(low, task.node.inputs[0])) return std::nullopt;
    const auto number = [&](const char* name) { return static_cast<float>(graph::attribute_float(task.node, name)); };
    return ScalarOp{{AluOp::max, number("min"), graph::kNoTensor}, {AluOp::min, number("max"), graph::kNoTensor}};
}

void lower_clip(Lowering& low, const Task& task, const ScalarOp& plan) {
    add_elementwise(low, task.node, plan, {view_of(low, task.node.inputs[0])},
                    low.source.chip_dtype(task.node.outputs[0]));
}

// --- a tensor and a constant ------------------------------------------------------------------------

namespace {

AluOp reversed(AluOp op) {
    switch (op) {
        case AluOp::subtract: return AluOp::reverse_subtract;
        case AluOp::divide: return AluOp::reverse_divide;
        case AluOp::power: return AluOp::reverse_power;
        default: return op;
    }
}

/// Whether a constant of this shape has one value per index of the tensor's channel axis.
bool is_per_channel(const Shape& constant, const View& tensor) {
    const Shape full = shape_of(tensor);
    std::size_t axis = full.size();
    for (std::size_t i = 0; i < full.size(); ++i)
        if (tensor.axes[i].size() == 1 && tensor.axes[i][0].dim == Dim::channel) axis = i;
    const std::size_t lead = full.size() - std::min(full.size(), constant.size());
    return axis < full.size() && axis >= lead && constant.size() <= full.size() &&
           graph::element_count(constant) == full[axis] && constant[axis - lead] == full[axis];
}

/// The number by which the operator multiplies or divides the tensor, if it does that.
std::optional<double> factor_of(AluOp op, bool constant_first, std::optional<double> number) {
    if (!number) return std::nullopt;
    if (op == AluOp::multiply) return number;
    if (op == AluOp::divide && !constant_first) return number;
    return std::nullopt;
}

std::optional<ConstantOperandPlan> plan_constant_operand(const Lowering& low, const Node& node, AluOp op) {
    const bool constant_first = low.source.is_constant(node.inputs[0]);
    const TensorId constant = node.inputs[constant_first ? 0 : 1], tensor = node.inputs[constant_first ? 1 : 0];
    const auto in = look(low, tensor);
    if (!in || low.source.shape(node.outputs[0]) != shape_of(in->view)) return std::nullopt;
    const auto number = low.source.scalar_constant(constant);
    ConstantOperandPlan plan;
    plan.tensor = tensor;
    plan.factor = factor_of(op, constant_first, number);
    plan.op.first.op = constant_first ? reversed(op) : op;
    if (number) {
        plan.op.first.immediate = static_cast<float>(*number);
    } else {
        if (!is_per_channel(low.source.shape(constant), in->view)) return std::nullopt;
        plan.op.first.per_channel = constant;
    }
    return plan;
}

void lower_way(Lowering& low, const Node& node, AluOp op, const ConstantOperandPlan& plan) {
    const View in = view_of(low, plan.tensor);
    if (plan.factor && fold_factor(low, node, op, plan.tensor, *plan.factor)) return;
    add_elementwise(low, node, plan.op, {in}, low.source.chip_dtype(node.outputs[0]));
}

// --- a tensor and one element per channel -----------------------------------------------------------

/// Whether the tensor has one element per channel of `full`, in the same partition, and every other axis repeats.
bool has_scalars_of(const Prospect& scalars, const Prospect& full) {
    const Axes &one = scalars.view.axes, &all = full.view.axes;
    if (scalars.phys().plane() != 1 || scalars.phys().lanes != full.phys().lanes || one.size() > all.size())
        return false;
    const std::size_t lead = all.size() - one.size();
    for (std::size_t a = 0; a < all.size(); ++a) {
        const bool on_partitions = !lies_in_plane(all[a]);
        const auto& mine = a < lead ? std::vector<Factor>{} : one[a - lead];
        if (on_partitions ? mine != all[a] : !mine.empty()) return false;
    }
    return true;
}

std::optional<ChannelOperandPlan> plan_channel_operand(const Lowering& low, const Node& node) {
    if (!low.options.channel_operands) return std::nullopt;
    const SourceGraph& source = low.source;
    ChannelOperandPlan plan;
    plan.scalars_first = source.shape(node.inputs[0]) != source.shape(node.outputs[0]);
    plan.full = node.inputs[plan.scalars_first ? 1 : 0];
    plan.scalars = node.inputs[plan.scalars_first ? 0 : 1];
    if (source.shape(plan.full) != source.shape(node.outputs[0]) || source.chip_dtype(plan.scalars) != source.dtype ||
        source.chip_dtype(plan.full) != source.dtype)
        return std::nullopt;
    const auto full = look(low, plan.full), scalars = look(low, plan.scalars);
    if (!full || !scalars || !has_scalars_of(*scalars, *full)) return std::nullopt;
    return plan;
}

void lower_way(Lowering& low, const Node& node, AluOp op, const ChannelOperandPlan& plan) {
    ScalarOp scalar;
    scalar.first.op = plan.scalars_first ? reversed(op) : op;
    scalar.first.input = 1;
    const View full = view_of(low, plan.full), scalars = view_of(low, plan.scalars);
    add_elementwise(low, node, scalar, {full, scalars}, low.source.dtype);
}

void lower_way(Lowering& low, const Node& node, AluOp op, const RowPlan& plan) { lower_row(low, node, op, plan); }

void lower_way(Lowering& low, const Node& node, AluOp op, const AlikePlan&) {
    const View a = view_of(low, node.inputs[0]), b = view_of(low, node.inputs[1]);
    add_elementwise(low, node, BinaryOp{op, false}, {a, b}, low.source.chip_dtype(node.outputs[0]));
}

}  // namespace

std::optional<BinaryPlan> plan_binary(const Lowering& low, const Task& task) {
    const Node& node = task.node;
    const AluOp op = *alu_function(node.op);
    const TensorId left = node.inputs[0], right = node.inputs[1];
    if (low.source.is_constant(left) || low.source.is_constant(right)) {
        const auto plan = plan_constant_operand(low, node, op);
        return plan ? std::optional<BinaryPlan>({op, *plan}) : std::nullopt;
    }
    if (low.source.shape(left) != low.source.shape(right)) {
        if (const auto scalars = plan_channel_operand(low, node)) return BinaryPlan{op, *scalars};
        const auto plan = plan_row(low, node, op);
        return plan ? std::optional<BinaryPlan>({op, *plan}) : std::nullopt;
    }
    const auto a = look(low, left), b = look(low, right);
    if (!a || !b || !(a->phys() == b->phys()) || a->view.axes != b->view.axes) return std::nullopt;
    return BinaryPlan{op, AlikePlan{}};
}

void lower_binary(Lowering& low, const Task& task, const BinaryPlan& plan) {
    std::visit([&](const auto& way) { lower_way(low, task.node, plan.op, way); }, plan.way);
}

}  // namespace infsim::compiler
