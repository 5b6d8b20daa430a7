// Elementwise operators in general: broadcasting, and functions composed of what ACT and POOL have.
#include <limits>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::TensorId;
using program::ActFunction;
using program::AluOp;

namespace {

std::optional<AluOp> alu_of(Op op) {
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

}  // namespace

void Lowering::general_binary(const Node& node, AluOp op) {
    const TensorId out = node.outputs[0];
    const Layout layout = layout_for(node);
    const View a = operand(node.inputs[0], shape(out), layout);
    const View b = operand(node.inputs[1], shape(out), layout);
    views_[out] = combine(a, b, op, chip_dtype(out));
}

/// Where the condition holds the limit is +inf, elsewhere -inf: max(min(a, limit), min(b, -limit)) is exact and
/// passes infinities on, as a mask of attention scores needs.
void Lowering::general_where(const Node& node) {
    const TensorId out = node.outputs[0];
    const Layout layout = layout_for(node);
    const View condition = operand(node.inputs[0], shape(out), layout);
    const View a = operand(node.inputs[1], shape(out), layout);
    const View b = operand(node.inputs[2], shape(out), layout);
    const DType dtype = chip_dtype(out), between = dtype == DType::boolean ? dtype_ : dtype;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const View limit = alu(condition, AluOp::subtract, 0.5F, AluOp::multiply, infinity, dtype_);
    const View minus = alu(limit, AluOp::multiply, -1.0F, AluOp::none, 0, dtype_);
    const View from_a = combine(a, limit, AluOp::min, between), from_b = combine(b, minus, AluOp::min, between);
    views_[out] = combine(from_a, from_b, AluOp::max, dtype);
}

void Lowering::general_prelu(const Node& node) {
    const TensorId out = node.outputs[0];
    const Layout layout = layout_for(node);
    const DType dtype = chip_dtype(out);
    const View x = operand(node.inputs[0], shape(out), layout);
    const View slope = operand(node.inputs[1], shape(out), layout);
    const View below = combine(alu(x, AluOp::min, 0, AluOp::none, 0, dtype), slope, AluOp::multiply, dtype);
    views_[out] = combine(alu(x, AluOp::max, 0, AluOp::none, 0, dtype), below, AluOp::add, dtype);
}

void Lowering::general_activation(const Node& node) {
    const TensorId out = node.outputs[0];
    const DType dtype = chip_dtype(out);
    const View x = view_of(node.inputs[0]);
    const auto number = [&](const char* name) { return static_cast<float>(graph::attribute_float(node, name)); };
    /// scale * max(x, 0) + alpha * (e^min(x, 0) - 1)
    const auto exponential = [&](float scale, float alpha) {
        const View e = act(alu(x, AluOp::min, 0, AluOp::none, 0, dtype), ActFunction::exp, 1, 0, dtype);
        const View below = alu(e, AluOp::subtract, 1, AluOp::multiply, alpha, dtype);
        return combine(alu(x, AluOp::max, 0, AluOp::multiply, scale, dtype), below, AluOp::add, dtype);
    };
    const auto hard_sigmoid = [&](float alpha, float beta) {
        return alu(alu(x, AluOp::multiply, alpha, AluOp::add, beta, dtype), AluOp::max, 0, AluOp::min, 1, dtype);
    };
    View y;
    switch (node.op) {
        case Op::leaky_relu: {
            const View below = alu(x, AluOp::min, 0, AluOp::multiply, number("alpha"), dtype);
            y = combine(alu(x, AluOp::max, 0, AluOp::none, 0, dtype), below, AluOp::add, dtype);
            break;
        }
        case Op::elu: y = exponential(1, number("alpha")); break;
        case Op::selu: y = exponential(number("gamma"), number("gamma") * number("alpha")); break;
        case Op::hard_sigmoid: y = hard_sigmoid(number("alpha"), number("beta")); break;
        case Op::hard_swish: y = combine(x, hard_sigmoid(1.0F / 6, 0.5F), AluOp::multiply, dtype); break;
        case Op::thresholded_relu: {
            const View above = alu(x, AluOp::greater, number("alpha"), AluOp::none, 0, dtype);
            y = combine(x, above, AluOp::multiply, dtype);
            break;
        }
        case Op::logical_not: y = alu(x, AluOp::equal, 0, AluOp::none, 0, dtype); break;
        default: {
            const auto to = graph_.tensor(out).dtype;  // a cast; one to a shorter type rounds
            y = act(x, ActFunction::identity, 1, 0, to == DType::fp16 || to == DType::bf16 ? to : dtype);
        }
    }
    views_[out] = y;
}

bool Lowering::general_elementwise(const Node& node) {
    if (const auto op = alu_of(node.op)) {
        general_binary(node, *op);
        return true;
    }
    switch (node.op) {
        case Op::where: general_where(node); return true;
        case Op::prelu: general_prelu(node); return true;
        case Op::leaky_relu:
        case Op::elu:
        case Op::selu:
        case Op::hard_sigmoid:
        case Op::hard_swish:
        case Op::thresholded_relu:
        case Op::logical_not:
        case Op::cast: general_activation(node); return true;
        default: return false;
    }
}

}  // namespace infsim::compiler
