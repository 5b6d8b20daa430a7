#include "compiler/lower/direct_tokens.hpp"

#include "compiler/ir/views.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

namespace {

bool lies_on_lanes(const Prospect& p, std::size_t axis) {
    const auto& factors = p.view.axes.at(axis);
    return factors.size() == 1 && (factors[0].dim == Dim::lane || factors[0].dim == Dim::channel);
}

/// An operand of a product: [heads.., contraction, others], contraction on partitions, others all of the columns.
bool is_product_operand(const Prospect& p, std::size_t contraction, std::size_t others, std::int64_t heads,
                        std::int64_t k) {
    const Physical phys = p.phys();
    return lies_on_lanes(p, contraction) && phys.channels() == heads * k && p.full.rows == 1 &&
           phys.slots() % heads == 0 && is_whole(p.view, others, Dim::col, p.full);
}

/// The product of the leading axes, each of which must be in slots in both operands; otherwise empty.
std::optional<std::int64_t> heads_of(const Prospect& a, const Prospect& b, const Shape& as, const Shape& bs) {
    std::int64_t heads = 1;
    for (std::size_t i = 0; i + 2 < as.size(); ++i) {
        heads *= as[i];
        if (as[i] != bs[i]) return std::nullopt;
        for (const Prospect* p : {&a, &b})
            if (as[i] > 1 && !axis_is(p->view, i, Dim::slot)) return std::nullopt;
    }
    return heads;
}

/// [heads.., m, n] with either m or n on partitions.
Layout product_layout(const Shape& out, std::int64_t heads, bool rows_on_lanes, int width) {
    const std::size_t rank = out.size();
    const std::int64_t m = out[rank - 2], n = out[rank - 1];
    const Layout flat = head_layout(heads, rows_on_lanes ? m : n, rows_on_lanes ? n : m, width);
    Layout layout{flat.phys, Axes(rank)};
    for (std::size_t i = 0; i + 2 < rank; ++i)
        if (out[i] > 1) layout.axes[i] = {{Dim::slot, out[i], flat.axes[0][0].step}};
    layout.axes[rank - 2] = flat.axes[rows_on_lanes ? 1 : 2];
    layout.axes[rank - 1] = flat.axes[rows_on_lanes ? 2 : 1];
    return layout;
}

}  // namespace

std::optional<HeadMatmulPlan> plan_head_matmul(const Lowering& low, const Task& task) {
    const Node& node = task.node;
    auto a = look(low, node.inputs[0]), b = look(low, node.inputs[1]);
    if (!a || !b) return std::nullopt;
    const Shape &as = low.source.shape(node.inputs[0]), &bs = low.source.shape(node.inputs[1]);
    const std::size_t rank = as.size();
    if (rank != bs.size() || rank < 3) return std::nullopt;
    const auto heads = heads_of(*a, *b, as, bs);
    if (!heads) return std::nullopt;
    HeadMatmulPlan plan;
    plan.heads = static_cast<int>(*heads);
    plan.turn_a = !lies_on_lanes(*a, rank - 1);
    plan.turn_b = !lies_on_lanes(*b, rank - 2);
    if (plan.turn_a) a = transposed(*a, plan.heads, low.source.columns);
    if (plan.turn_b) b = transposed(*b, plan.heads, low.source.columns);
    const std::int64_t m = as[rank - 2], k = as[rank - 1], n = bs[rank - 1];
    if (!a || !b || !is_product_operand(*a, rank - 1, rank - 2, *heads, k) ||
        !is_product_operand(*b, rank - 2, rank - 1, *heads, k) || a->view.slots != b->view.slots)
        return std::nullopt;
    plan.rows_on_lanes = low.source.consumed_along_columns(node.outputs[0]);
    Shape out(as.begin(), as.end() - 1);
    out.push_back(n);
    plan.out = product_layout(out, *heads, plan.rows_on_lanes, low.source.columns);
    plan.macs = *heads * m * k * n;
    return plan;
}

void lower_head_matmul(Lowering& low, const Task& task, const HeadMatmulPlan& plan) {
    const Node& node = task.node;
    View a = view_of(low, node.inputs[0]), b = view_of(low, node.inputs[1]);
    if (plan.turn_a) a = transposed_lanes(low, node, a, plan.heads);
    if (plan.turn_b) b = transposed_lanes(low, node, b, plan.heads);
    const View out = low.new_output(node, plan.out, low.source.dtype);
    const std::vector<View> operands = plan.rows_on_lanes ? std::vector<View>{a, b} : std::vector<View>{b, a};
    low.add_layer(node, "matmul", HeadMatmulOp{plan.heads, 1.0F, std::nullopt}, operands, out).macs = plan.macs;
}

std::optional<SoftmaxPlan> plan_softmax(const Lowering& low, const Task& task) {
    auto in = look(low, task.node.inputs[0]);
    if (!in) return std::nullopt;
    const std::size_t axis = axis_index(graph::attribute_int(task.node, "axis"), in->view.axes.size());
    SoftmaxPlan plan;
    plan.heads = heads_in_slots(in->view.axes);
    plan.turn = lies_on_lanes(*in, axis);
    if (plan.turn) in = transposed(*in, plan.heads, low.source.columns);
    if (!in || in->full.rows != 1 || in->view.axes[axis].empty() || !is_whole(in->view, axis, Dim::col, in->full))
        return std::nullopt;
    return plan;
}

void lower_softmax(Lowering& low, const Task& task, const SoftmaxPlan& plan) {
    View in = view_of(low, task.node.inputs[0]);
    if (plan.turn) in = transposed_lanes(low, task.node, in, plan.heads);
    const View out = low.new_output(task.node, low.layout_of(in), low.source.dtype);
    low.add_layer(task.node, "softmax", SoftmaxOp{task.node.op == Op::log_softmax}, {in}, out);
}

std::optional<LayerNormOp> plan_layer_norm(const Lowering& low, const Task& task) {
    const Node& node = task.node;
    const auto in = look_at_tokens(low, node.inputs[0]);
    if (!in) return std::nullopt;
    const auto& axes = in->view.axes;
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), axes.size());
    const SourceGraph& source = low.source;
    if (axis + 1 != axes.size() || !is_tokens(in->view) || axes.back().empty() || in->full.rows != 1 ||
        !source.is_constant(node.inputs[1]) ||
        source.shape(node.inputs[1]) != Shape{source.shape(node.inputs[0]).back()})
        return std::nullopt;
    LayerNormOp op;
    op.gamma = node.inputs[1];
    if (node.inputs.size() > 2) op.beta = node.inputs[2];
    if (op.beta != graph::kNoTensor &&
        (!source.is_constant(op.beta) || source.shape(op.beta) != source.shape(op.gamma)))
        return std::nullopt;
    op.epsilon = static_cast<float>(graph::attribute_float(node, "epsilon"));
    return op;
}

void lower_layer_norm(Lowering& low, const Task& task, const LayerNormOp& plan) {
    const View in = tokens_of(low, task.node, task.node.inputs[0]);
    const View out = low.new_output(task.node, low.layout_of(in), low.source.dtype);
    low.add_layer(task.node, "layernorm", plan, {in}, out);
}

std::optional<GatherPlan> plan_gather(const Lowering& low, const Task& task) {
    const Node& node = task.node;
    const Shape& table = low.source.shape(node.inputs[0]);
    if (!low.source.is_constant(node.inputs[0]) || graph::attribute_int(node, "axis") != 0 || table.size() != 2)
        return std::nullopt;
    const auto index = look(low, node.inputs[1]);
    if (!index || index->dtype != DType::i32 || index->full.plane() != 1) return std::nullopt;
    // Tokens stay on partitions: whoever wants the hidden axis there transposes them, after summing row by row.
    Layout out{index->phys(), {}};
    out.phys.cols = static_cast<int>(table[1]);
    out.axes = {{{Dim::channel, out.phys.channels()}}, {{Dim::col, table[1]}}};
    const std::size_t rank = low.source.shape(node.outputs[0]).size();
    if (rank < 2) return std::nullopt;
    out.axes.insert(out.axes.begin(), rank - 2, {});  // any further axes: all but the last have extent 1
    return GatherPlan{{node.inputs[0], table[0], table[1]}, out};
}

void lower_gather(Lowering& low, const Task& task, const GatherPlan& plan) {
    const View index = view_of(low, task.node.inputs[1]);
    low.add_layer(task.node, "gather", plan.op, {index}, low.new_output(task.node, plan.out, low.source.dtype));
}

}  // namespace infsim::compiler
