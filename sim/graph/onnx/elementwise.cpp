// Arithmetic, comparisons, logic, casts; activations with their parameters.
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "graph/onnx/importer.hpp"
#include "graph/op_spec.hpp"

namespace infsim::graph::onnx_import {
namespace {

/// Emits `op` with the same inputs and no attributes.
void take_over(OnnxNode& n, Op op) {
    std::vector<TensorId> inputs;
    for (std::size_t i = 0; i < n.input_count(); ++i) inputs.push_back(n.in(i));
    n.emit(op, inputs);
}

template <Op op>
void plain(OnnxNode& n) {
    take_over(n, op);
}

/// Emits the operator that the table of operators lists as equivalent.
void same(OnnxNode& n) {
    for (const OpSpec& spec : op_specs())
        if (spec.onnx == n.type()) return take_over(n, spec.op);
}

/// The right operand of a binary node. Before opset 7 an operand of lower rank was aligned at a given axis,
/// not at the last one: trailing axes of extent 1 make numpy's broadcasting do the same.
TensorId aligned_right(OnnxNode& n, std::int64_t default_axis) {
    const auto rank = static_cast<std::int64_t>(n.rank());
    const auto own = static_cast<std::int64_t>(n.shape(1).size());
    n.integer("broadcast", 0);
    const auto axis = n.integer("axis", default_axis);
    if (n.opset() >= 7 || axis < 0 || axis + own >= rank) return n.in(1);
    Ints behind;
    for (auto i = own; i < rank - axis; ++i) behind.push_back(i);
    return n.make(Op::unsqueeze, {n.in(1)}, {{"axes", behind}});
}

template <Op op>
void binary(OnnxNode& n) {
    if (n.opset() >= 7) return n.emit(op, {n.in(0), n.in(1)});
    n.emit(op, {n.in(0), aligned_right(n, -1)});
}

/// Before opset 7 a slope with one value per channel was a vector.
void prelu(OnnxNode& n) {
    if (n.opset() >= 7 || element_count(n.shape(1)) == 1) return n.emit(Op::prelu, {n.in(0), n.in(1)});
    n.emit(Op::prelu, {n.in(0), aligned_right(n, 1)});
}

/// Sum, Max, Min of any number of operands: a chain of binary nodes from the left.
template <Op op>
void variadic(OnnxNode& n) {
    if (n.input_count() == 1) return n.bind(0, n.in(0));
    TensorId left = n.in(0);
    for (std::size_t i = 1; i + 1 < n.input_count(); ++i) left = n.make(op, {left, n.in(i)});
    n.emit(op, {left, n.in(n.input_count() - 1)});
}

void mean(OnnxNode& n) {
    TensorId sum = n.in(0);
    for (std::size_t i = 1; i < n.input_count(); ++i) sum = n.make(Op::add, {sum, n.in(i)});
    n.emit_scaled(sum, 1.0 / static_cast<double>(n.input_count()));
}

void cast_to(OnnxNode& n, DType to) {
    n.ignore("saturate");    // opset 19: for 8-bit floats, which are refused
    n.ignore("round_mode");  // opset 24: likewise
    if (to == n.facts(0).dtype) return n.bind(0, n.in(0));
    n.emit(Op::cast, {n.in(0)}, {{"to", std::string(dtype_name(to))}});
}

void cast(OnnxNode& n) {
    const auto number = static_cast<int>(n.integer("to", 0));
    const auto to = element_type(number);
    if (!to) throw ShapeError(fmt::format("element type {} is not supported", element_type_name(number)));
    cast_to(n, *to);
}

void cast_like(OnnxNode& n) { cast_to(n, n.facts(1).dtype); }

void identity(OnnxNode& n) { n.bind(0, n.in(0)); }

/// Without training a Dropout passes its input on; its mask, if used, is true everywhere.
void dropout(OnnxNode& n) {
    n.ignore("ratio");
    n.ignore("seed");
    n.ignore("is_test");
    if (n.has(2) && n.scalar(2) != 0 && !(n.has(1) && n.scalar(1) == 0))
        throw ShapeError("dropout in training mode is not supported");
    n.bind(0, n.in(0));
    if (n.output_used(1))
        n.bind(1, n.builder().constant(n.output_name(1), Shape(n.shape(0)), DType::boolean, Splat{1}));
}

// ---- activations ----

void leaky_relu(OnnxNode& n) { n.emit(Op::leaky_relu, {n.in(0)}, {{"alpha", n.real("alpha", 0.01)}}); }
void elu(OnnxNode& n) { n.emit(Op::elu, {n.in(0)}, {{"alpha", n.real("alpha", 1)}}); }
void thresholded_relu(OnnxNode& n) { n.emit(Op::thresholded_relu, {n.in(0)}, {{"alpha", n.real("alpha", 1)}}); }

void selu(OnnxNode& n) {
    n.emit(
        Op::selu, {n.in(0)},
        {{"alpha", n.real("alpha", 1.67326319217681884765625)}, {"gamma", n.real("gamma", 1.05070102214813232421875)}});
}

void hard_sigmoid(OnnxNode& n) {
    n.emit(Op::hard_sigmoid, {n.in(0)}, {{"alpha", n.real("alpha", 0.2)}, {"beta", n.real("beta", 0.5)}});
}

/// celu(x, a) = a * elu(x / a, 1)
void celu(OnnxNode& n) {
    const double alpha = n.real("alpha", 1);
    const auto inner = n.scaled(n.in(0), 1 / alpha);
    if (alpha == 1) return n.emit(Op::elu, {inner}, {{"alpha", 1.0}});
    n.emit_scaled(n.make(Op::elu, {inner}, {{"alpha", 1.0}}), alpha);
}

/// mish(x) = x * tanh(softplus(x))
void mish(OnnxNode& n) { n.emit(Op::mul, {n.in(0), n.make(Op::tanh, {n.make(Op::softplus, {n.in(0)})})}); }

void gelu(OnnxNode& n) {
    const auto approximate = n.text("approximate", "none");
    if (approximate != "none" && approximate != "tanh")
        throw ShapeError(fmt::format("approximate '{}' is not supported", approximate));
    n.emit(approximate == "tanh" ? Op::gelu_tanh : Op::gelu, {n.in(0)});
}

/// Computed bounds become a maximum and a minimum.
void clip(OnnxNode& n) {
    const auto known = [&](std::size_t i) { return !n.has(i) || n.builder().values(n.in(i)).has_value(); };
    if (!known(1) || !known(2)) {
        auto x = n.has(1) ? n.make(Op::maximum, {n.in(0), n.in(1)}) : n.in(0);
        return n.bind(0, n.has(2) ? n.make(Op::minimum, {x, n.in(2)}) : x);
    }
    double low = n.real("min", std::numeric_limits<float>::lowest());
    double high = n.real("max", std::numeric_limits<float>::max());
    if (n.has(1)) low = n.scalar(1);
    if (n.has(2)) high = n.scalar(2);
    n.emit(Op::clip, {n.in(0)}, {{"min", low}, {"max", high}});
}

void tan(OnnxNode& n) { n.emit(Op::div, {n.make(Op::sin, {n.in(0)}), n.make(Op::cos, {n.in(0)})}); }

/// (e^x - e^-x) / 2, (e^x + e^-x) / 2
template <Op op>
void hyperbolic(OnnxNode& n) {
    const auto up = n.make(Op::exp, {n.in(0)});
    const auto down = n.make(Op::exp, {n.make(Op::neg, {n.in(0)})});
    n.emit_scaled(n.make(op, {up, down}), 0.5);
}

/// x + constant
TensorId plus(OnnxNode& n, TensorId x, double constant) {
    return n.make(Op::add, {x, n.number(constant, n.facts(0).dtype)});
}

TensorId times(OnnxNode& n, TensorId x, TensorId y) { return n.make(Op::mul, {x, y}); }

/// asin(x) = atan(x / sqrt(1 - x^2))
TensorId arc_sine(OnnxNode& n) {
    const auto rest = plus(n, n.make(Op::neg, {times(n, n.in(0), n.in(0))}), 1);
    return n.make(Op::atan, {n.make(Op::div, {n.in(0), n.make(Op::sqrt, {rest})})});
}

void asin(OnnxNode& n) { n.bind(0, arc_sine(n)); }
void acos(OnnxNode& n) { n.bind(0, plus(n, n.make(Op::neg, {arc_sine(n)}), 1.5707963267948966)); }

/// asinh(x) = log(x + sqrt(x^2 + 1)), acosh(x) = log(x + sqrt(x^2 - 1))
template <int sign>
void area(OnnxNode& n) {
    const auto root = n.make(Op::sqrt, {plus(n, times(n, n.in(0), n.in(0)), sign)});
    n.emit(Op::log, {n.make(Op::add, {n.in(0), root})});
}

/// atanh(x) = log((1 + x) / (1 - x)) / 2
void atanh(OnnxNode& n) {
    const auto ratio = n.make(Op::div, {plus(n, n.in(0), 1), plus(n, n.make(Op::neg, {n.in(0)}), 1)});
    n.emit_scaled(n.make(Op::log, {ratio}), 0.5);
}

/// Only NaN differs from itself.
void is_nan(OnnxNode& n) { n.emit(Op::logical_not, {n.make(Op::equal, {n.in(0), n.in(0)})}); }

void is_inf(OnnxNode& n) {
    const auto dtype = n.facts(0).dtype;
    const auto inf = std::numeric_limits<double>::infinity();
    const bool up = n.integer("detect_positive", 1) != 0, down = n.integer("detect_negative", 1) != 0;
    if (!up && !down) throw ShapeError("detecting neither sign is not supported");
    if (!down) return n.emit(Op::equal, {n.in(0), n.number(inf, dtype)});
    if (!up) return n.emit(Op::equal, {n.in(0), n.number(-inf, dtype)});
    n.emit(Op::equal, {n.make(Op::abs, {n.in(0)}), n.number(inf, dtype)});
}

/// shrink(x) = x + bias below -lambd, x - bias above lambd, 0 between
void shrink(OnnxNode& n) {
    const auto dtype = n.facts(0).dtype;
    const auto lambda = n.real("lambd", 0.5);
    const auto bias = n.number(n.real("bias", 0), dtype);
    const auto below = n.make(Op::less, {n.in(0), n.number(-lambda, dtype)});
    const auto above = n.make(Op::greater, {n.in(0), n.number(lambda, dtype)});
    const auto upper = n.make(Op::where, {above, n.make(Op::sub, {n.in(0), bias}), n.number(0, dtype)});
    n.emit(Op::where, {below, n.make(Op::add, {n.in(0), bias}), upper});
}

}  // namespace

void add_elementwise(ConverterTable& t) {
    t["Add"] = binary<Op::add>;
    t["Sub"] = binary<Op::sub>;
    t["Mul"] = binary<Op::mul>;
    t["Div"] = binary<Op::div>;
    t["Pow"] = binary<Op::pow>;
    t["Equal"] = binary<Op::equal>;
    t["Greater"] = binary<Op::greater>;
    t["GreaterOrEqual"] = plain<Op::greater_equal>;
    t["Less"] = binary<Op::less>;
    t["LessOrEqual"] = plain<Op::less_equal>;
    t["And"] = binary<Op::logical_and>;
    t["Or"] = binary<Op::logical_or>;
    t["Xor"] = binary<Op::logical_xor>;
    t["Where"] = plain<Op::where>;
    t["Sum"] = variadic<Op::add>;
    t["Max"] = variadic<Op::maximum>;
    t["Min"] = variadic<Op::minimum>;
    t["Mean"] = mean;
    t["Cast"] = cast;
    t["CastLike"] = cast_like;
    t["Identity"] = identity;
    t["Dropout"] = dropout;
}

void add_activations(ConverterTable& t) {
    for (const OpSpec& spec : op_specs())
        if (!spec.onnx.empty()) t[std::string(spec.onnx)] = same;
    t["PRelu"] = prelu;
    t["LeakyRelu"] = leaky_relu;
    t["Elu"] = elu;
    t["Selu"] = selu;
    t["Celu"] = celu;
    t["Mish"] = mish;
    t["Gelu"] = gelu;
    t["ThresholdedRelu"] = thresholded_relu;
    t["HardSigmoid"] = hard_sigmoid;
    t["Clip"] = clip;
    t["Shrink"] = shrink;
    t["Tan"] = tan;
    t["Asin"] = asin;
    t["Acos"] = acos;
    t["Asinh"] = area<1>;
    t["Acosh"] = area<-1>;
    t["Atanh"] = atanh;
    t["IsNaN"] = is_nan;
    t["IsInf"] = is_inf;
    t["Sinh"] = hyperbolic<Op::sub>;
    t["Cosh"] = hyperbolic<Op::add>;
}

}  // namespace infsim::graph::onnx_import
