// Gemm, MatMul, Einsum; normalisations and reductions.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

TensorId transposed(OnnxNode& n, TensorId matrix) {
    if (n.builder().shape(matrix).size() != 2) throw ShapeError("takes matrices only");
    return n.make(Op::transpose, {matrix}, {{"perm", Ints{1, 0}}});
}

/// A constant C with one number per column, or a single number, as a vector [N] for the columns of `b`.
TensorId column_bias(OnnxNode& n, TensorId c, TensorId b) {
    if (n.builder().shape(b).size() != 2) throw ShapeError("takes matrices only");
    const auto columns = n.builder().shape(b)[1];
    const auto shape = n.builder().shape(c);
    if (!n.builder().is_constant(c) || shape == Shape{columns}) return c;
    if (shape == Shape{1, columns}) return n.make(Op::reshape, {c}, {{"shape", Shape{columns}}});
    const auto values = n.builder().values(c);
    if (element_count(shape) != 1 || !values || columns > kFoldLimit) return c;
    return n.builder().small(n.builder().fresh_tensor_name(n.output_name(0) + "/bias"), {columns},
                             n.builder().facts(c).dtype,
                             std::vector<double>(static_cast<std::size_t>(columns), values->front()));
}

/// alpha * A' B' + beta * C with A' [M, K], B' [K, N]: transposition and factors go into the constants, or
/// into separate nodes if there is no constant; a C that is not one number per column becomes an add.
void gemm(OnnxNode& n) {
    auto a = n.integer("transA", 0) != 0 ? transposed(n, n.in(0)) : n.in(0);
    auto b = n.integer("transB", 0) != 0 ? transposed(n, n.in(1)) : n.in(1);
    b = n.scaled(b, n.real("alpha", 1));
    const double beta = n.real("beta", 1);
    n.ignore("broadcast");  // before opset 7: whether C may broadcast
    if (!n.has(2) || beta == 0) return n.emit(Op::gemm, {a, b});
    const auto c = column_bias(n, n.scaled(n.in(2), beta), b);
    const Shape row = {n.builder().shape(b)[1]};
    if (n.builder().shape(c) == row && !n.builder().facts(c).batched) return n.emit(Op::gemm, {a, b, c});
    n.emit(Op::add, {n.make(Op::gemm, {a, b}), c});
}

void matmul(OnnxNode& n) { n.emit(Op::matmul, {n.in(0), n.in(1)}); }

void einsum(OnnxNode& n) {
    std::vector<TensorId> inputs;
    for (std::size_t i = 0; i < n.input_count(); ++i) inputs.push_back(n.in(i));
    n.emit(Op::einsum, inputs, {{"equation", n.text("equation", "")}});
}

}  // namespace

void add_matrix(ConverterTable& t) {
    t["Gemm"] = gemm;
    t["MatMul"] = matmul;
    t["Einsum"] = einsum;
}

namespace {

void batch_norm(OnnxNode& n) {
    n.ignore("momentum");
    n.ignore("is_test");  // before opset 7
    n.require_single_output();
    if (n.integer("training_mode", 0) != 0) throw ShapeError("batch normalisation in training mode is not supported");
    if (n.integer("spatial", 1) != 1)
        throw ShapeError("batch normalisation per element (spatial = 0) is not supported");
    n.emit(Op::batch_norm, {n.in(0), n.in(1), n.in(2), n.in(3), n.in(4)}, {{"epsilon", n.real("epsilon", 1e-5)}});
}

void instance_norm(OnnxNode& n) {
    n.emit(Op::instance_norm, {n.in(0), n.in(1), n.in(2)}, {{"epsilon", n.real("epsilon", 1e-5)}});
}

void lrn(OnnxNode& n) {
    n.emit(Op::lrn, {n.in(0)},
           {{"size", n.integer("size", 0)},
            {"alpha", n.real("alpha", 1e-4)},
            {"beta", n.real("beta", 0.75)},
            {"bias", n.real("bias", 1)}});
}

void lp_norm(OnnxNode& n) {
    n.emit(Op::lp_norm, {n.in(0)}, {{"axis", n.axis(n.integer("axis", -1), n.rank())}, {"p", n.integer("p", 2)}});
}

/// The axis of softmax and its kin: from opset 13 one axis; before that everything from `axis` on, which may require
/// flattening the input.
struct SoftmaxAxis {
    std::int64_t axis = 0;
    std::optional<Shape> flattened;
};

SoftmaxAxis softmax_axis(OnnxNode& n) {
    const bool flat = n.opset() < 13;
    const auto axis = n.axis(n.integer("axis", flat ? 1 : -1), n.rank());
    const auto& x = n.shape(0);
    Ints wide;
    for (auto i = static_cast<std::size_t>(axis); i < x.size(); ++i)
        if (x[i] != 1) wide.push_back(static_cast<std::int64_t>(i));
    if (!flat || wide.size() <= 1) return {flat && !wide.empty() ? wide[0] : axis, std::nullopt};
    Shape rows(x.begin(), x.begin() + axis);
    rows.push_back(element_count(x) / std::max<std::int64_t>(1, element_count(rows)));
    return {axis, rows};
}

template <Op op>
void softmax(OnnxNode& n) {
    const auto [axis, flattened] = softmax_axis(n);
    if (!flattened) return n.emit(op, {n.in(0)}, {{"axis", axis}});
    const Shape x = n.shape(0);
    const auto rows = n.make(Op::reshape, {n.in(0)}, {{"shape", *flattened}});
    n.emit(Op::reshape, {n.make(op, {rows}, {{"axis", axis}})}, {{"shape", x}});
}

/// 1 at the first occurrence of the maximum, 0 elsewhere.
void hardmax(OnnxNode& n) {
    const auto [axis, flattened] = softmax_axis(n);
    const auto x = flattened ? n.make(Op::reshape, {n.in(0)}, {{"shape", *flattened}}) : n.in(0);
    const Attributes over = {{"axes", Ints{axis}}, {"keepdims", std::int64_t{1}}};
    const auto place = ramp_at_extremes(n, x, Op::reduce_max, axis, false);
    const auto first = n.make(Op::equal, {place, n.make(Op::reduce_max, {place}, over)});
    const Attributes back = {{"to", std::string(dtype_name(n.facts(0).dtype))}};
    if (!flattened) return n.emit(Op::cast, {first}, back);
    n.emit(Op::reshape, {n.make(Op::cast, {first}, back)}, {{"shape", Shape(n.shape(0))}});
}

/// Separate nodes compute the means and inverse deviations if these outputs are used.
void layer_norm_with_moments(OnnxNode& n, std::int64_t axis, double epsilon) {
    Ints axes(n.rank() - static_cast<std::size_t>(axis));
    std::iota(axes.begin(), axes.end(), axis);
    const Attributes over = {{"axes", axes}, {"keepdims", std::int64_t{1}}};
    const auto mean = n.make(Op::reduce_mean, {n.in(0)}, over);
    const auto centred = n.make(Op::sub, {n.in(0), mean});
    const auto variance = n.make(Op::reduce_mean, {n.make(Op::mul, {centred, centred})}, over);
    const auto shifted = n.make(Op::add, {variance, n.number(epsilon, n.facts(0).dtype)});
    const auto inverse = n.make(Op::reciprocal, {n.make(Op::sqrt, {shifted})});
    auto y = n.make(Op::mul, {n.make(Op::mul, {centred, inverse}), n.in(1)});
    if (n.has(2)) y = n.make(Op::add, {y, n.in(2)});
    n.bind(0, y);
    n.bind(1, mean);
    n.bind(2, inverse);
}

void layer_norm(OnnxNode& n) {
    n.ignore("stash_type");
    const auto axis = n.axis(n.integer("axis", -1), n.rank());
    const auto epsilon = n.real("epsilon", 1e-5);
    if (n.output_used(1) || n.output_used(2)) return layer_norm_with_moments(n, axis, epsilon);
    std::vector<TensorId> inputs = {n.in(0), n.in(1)};
    if (n.has(2)) inputs.push_back(n.in(2));
    n.emit(Op::layer_norm, inputs, {{"axis", axis}, {"epsilon", epsilon}});
}

/// (x - mean) / (deviation + 1e-9), as in ONNX's function body.
void mean_variance_norm(OnnxNode& n) {
    const Attributes over = {{"axes", n.axes(n.integers("axes").value_or(Ints{0, 2, 3}), n.rank())},
                             {"keepdims", std::int64_t{1}}};
    const auto mean = n.make(Op::reduce_mean, {n.in(0)}, over);
    const auto centred = n.make(Op::sub, {n.in(0), mean});
    const auto variance = n.make(Op::reduce_mean, {n.make(Op::mul, {centred, centred})}, over);
    const auto deviation = n.make(Op::add, {n.make(Op::sqrt, {variance}), n.number(1e-9, n.facts(0).dtype)});
    n.emit(Op::div, {centred, deviation});
}

template <Op op>
void reduce(OnnxNode& n) {
    auto axes = n.list("axes", 1).value_or(Ints{});
    const auto keepdims = n.integer("keepdims", 1);
    const bool noop = n.integer("noop_with_empty_axes", 0) != 0;
    if (axes.empty() && noop) return n.bind(0, n.in(0));
    if (axes.empty()) {
        axes.resize(n.rank());
        std::iota(axes.begin(), axes.end(), 0);
    }
    n.emit(op, {n.in(0)}, {{"axes", n.axes(axes, n.rank())}, {"keepdims", keepdims}});
}

}  // namespace

void add_norms(ConverterTable& t) {
    t["BatchNormalization"] = batch_norm;
    t["InstanceNormalization"] = instance_norm;
    t["LRN"] = lrn;
    t["LpNormalization"] = lp_norm;
    t["LayerNormalization"] = layer_norm;
    t["MeanVarianceNormalization"] = mean_variance_norm;
    t["Softmax"] = softmax<Op::softmax>;
    t["LogSoftmax"] = softmax<Op::log_softmax>;
    t["Hardmax"] = hardmax;
    t["ReduceSum"] = reduce<Op::reduce_sum>;
    t["ReduceMean"] = reduce<Op::reduce_mean>;
    t["ReduceMax"] = reduce<Op::reduce_max>;
    t["ReduceMin"] = reduce<Op::reduce_min>;
    t["ReduceProd"] = reduce<Op::reduce_prod>;
    t["ReduceSumSquare"] = reduce<Op::reduce_sum_square>;
    t["ReduceL1"] = reduce<Op::reduce_l1>;
    t["ReduceL2"] = reduce<Op::reduce_l2>;
    t["ReduceLogSum"] = reduce<Op::reduce_log_sum>;
    t["ReduceLogSumExp"] = reduce<Op::reduce_log_sum_exp>;
}

}  // namespace infsim::graph::onnx_import
