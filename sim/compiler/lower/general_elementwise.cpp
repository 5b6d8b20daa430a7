#include <limits>

#include "compiler/ir/views.hpp"
#include "compiler/lower/direct_elementwise.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::TensorId;
using program::ActFunction;
using program::AluOp;

void general_binary(Lowering& low, const Node& node) {
    const TensorId out = node.outputs[0];
    const Layout layout = layout_for(low, node);
    const View a = operand(low, node.inputs[0], low.source.shape(out), layout);
    const View b = operand(low, node.inputs[1], low.source.shape(out), layout);
    low.at.views[out] = combine(low, a, b, *alu_function(node.op), low.source.chip_dtype(out));
}

/// Where the condition holds, the limit is +inf, elsewhere -inf: max(min(a, limit), min(b, -limit)) is exact and passes
/// infinities through, as a mask of attention scores needs.
void general_where(Lowering& low, const Node& node) {
    const TensorId out = node.outputs[0];
    const Layout layout = layout_for(low, node);
    const graph::Shape& shape = low.source.shape(out);
    const View condition = operand(low, node.inputs[0], shape, layout);
    const View a = operand(low, node.inputs[1], shape, layout);
    const View b = operand(low, node.inputs[2], shape, layout);
    const DType computed = low.source.dtype, dtype = low.source.chip_dtype(out);
    const DType between = dtype == DType::boolean ? computed : dtype;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const View limit = alu(low, condition, AluOp::subtract, 0.5F, AluOp::multiply, infinity, computed);
    const View minus = alu(low, limit, AluOp::multiply, -1.0F, AluOp::none, 0, computed);
    const View from_a = combine(low, a, limit, AluOp::min, between);
    const View from_b = combine(low, b, minus, AluOp::min, between);
    low.at.views[out] = combine(low, from_a, from_b, AluOp::max, dtype);
}

namespace {

/// A function of one tensor, composed in the layout that the tensor has.
struct Activation {
    Activation(Lowering& l, const Node& n)
        : low(l), node(n), x(view_of(l, n.inputs[0])), dtype(l.source.chip_dtype(n.outputs[0])) {}
    Lowering& low;
    const Node& node;
    View x;
    DType dtype;

    float number(const char* name) const { return static_cast<float>(graph::attribute_float(node, name)); }
    View scalars(const View& v, AluOp op0, float s0, AluOp op1 = AluOp::none, float s1 = 0) const {
        return alu(low, v, op0, s0, op1, s1, dtype);
    }
    void leaves(const View& y) const { low.at.views[node.outputs[0]] = y; }
};

/// scale * max(x, 0) + alpha * (e^min(x, 0) - 1)
View exponential(const Activation& f, float scale, float alpha) {
    const View e = act(f.low, f.scalars(f.x, AluOp::min, 0), ActFunction::exp, 1, 0, f.dtype);
    const View below = f.scalars(e, AluOp::subtract, 1, AluOp::multiply, alpha);
    return combine(f.low, f.scalars(f.x, AluOp::max, 0, AluOp::multiply, scale), below, AluOp::add, f.dtype);
}

/// min(max(alpha * x + beta, 0), 1)
View hard_sigmoid(const Activation& f, float alpha, float beta) {
    return f.scalars(f.scalars(f.x, AluOp::multiply, alpha, AluOp::add, beta), AluOp::max, 0, AluOp::min, 1);
}

}  // namespace

void general_prelu(Lowering& low, const Node& node) {
    const TensorId out = node.outputs[0];
    const Layout layout = layout_for(low, node);
    const DType dtype = low.source.chip_dtype(out);
    const View x = operand(low, node.inputs[0], low.source.shape(out), layout);
    const View slope = operand(low, node.inputs[1], low.source.shape(out), layout);
    const View negative = alu(low, x, AluOp::min, 0, AluOp::none, 0, dtype);
    const View below = combine(low, negative, slope, AluOp::multiply, dtype);
    const View above = alu(low, x, AluOp::max, 0, AluOp::none, 0, dtype);
    low.at.views[out] = combine(low, above, below, AluOp::add, dtype);
}

void general_leaky_relu(Lowering& low, const Node& node) {
    const Activation f(low, node);
    const View below = f.scalars(f.x, AluOp::min, 0, AluOp::multiply, f.number("alpha"));
    f.leaves(combine(low, f.scalars(f.x, AluOp::max, 0), below, AluOp::add, f.dtype));
}

void general_elu(Lowering& low, const Node& node) {
    const Activation f(low, node);
    f.leaves(exponential(f, 1, f.number("alpha")));
}

void general_selu(Lowering& low, const Node& node) {
    const Activation f(low, node);
    f.leaves(exponential(f, f.number("gamma"), f.number("gamma") * f.number("alpha")));
}

void general_hard_sigmoid(Lowering& low, const Node& node) {
    const Activation f(low, node);
    f.leaves(hard_sigmoid(f, f.number("alpha"), f.number("beta")));
}

void general_hard_swish(Lowering& low, const Node& node) {
    const Activation f(low, node);
    f.leaves(combine(low, f.x, hard_sigmoid(f, 1.0F / 6, 0.5F), AluOp::multiply, f.dtype));
}

void general_thresholded_relu(Lowering& low, const Node& node) {
    const Activation f(low, node);
    f.leaves(combine(low, f.x, f.scalars(f.x, AluOp::greater, f.number("alpha")), AluOp::multiply, f.dtype));
}

void general_logical_not(Lowering& low, const Node& node) {
    const Activation f(low, node);
    f.leaves(f.scalars(f.x, AluOp::equal, 0));
}

/// Converting to a shorter type rounds.
void general_cast(Lowering& low, const Node& node) {
    const Activation f(low, node);
    const DType to = low.source.graph.tensor(node.outputs[0]).dtype;
    f.leaves(act(low, f.x, ActFunction::identity, 1, 0, to == DType::fp16 || to == DType::bf16 ? to : f.dtype));
}

}  // namespace infsim::compiler
