// Operators that onnxruntime's optimizer fuses, decomposed again.
#include <cmath>

#include <fmt/format.h>

#include "graph/onnx/attention.hpp"

namespace infsim::graph::onnx_import {
namespace {

void gelu(OnnxNode& n) { n.emit(Op::gelu, {n.in(0)}); }

TensorId with_bias(OnnxNode& n) { return n.has(1) ? n.make(Op::add, {n.in(0), n.in(1)}) : n.in(0); }

void bias_gelu(OnnxNode& n) { n.emit(Op::gelu, {with_bias(n)}); }
void fast_gelu(OnnxNode& n) { n.emit(Op::gelu_tanh, {with_bias(n)}); }

void quick_gelu(OnnxNode& n) {
    n.emit(Op::mul, {n.in(0), n.make(Op::sigmoid, {n.scaled(n.in(0), n.real("alpha", 1.702))})});
}

void layer_norm(OnnxNode& n) {
    n.ignore("stash_type");
    n.require_single_output();
    std::vector<TensorId> inputs = {n.in(0), n.in(1)};
    if (n.has(2)) inputs.push_back(n.in(2));
    n.emit(Op::layer_norm, inputs,
           {{"axis", n.axis(n.integer("axis", -1), n.rank())}, {"epsilon", n.real("epsilon", 1e-5)}});
}

/// x + skip (+ bias), which may also be an output.
TensorId skip_sum(OnnxNode& n, std::size_t bias) {
    for (const std::size_t i : {1, 2})
        if (n.output_used(i)) throw ShapeError(fmt::format("its output {} is not supported", i));
    auto sum = n.make(Op::add, {n.in(0), n.in(1)});
    if (n.has(bias)) sum = n.make(Op::add, {sum, n.in(bias)});
    n.bind(3, sum);
    return sum;
}

void skip_layer_norm(OnnxNode& n) {
    std::vector<TensorId> inputs = {skip_sum(n, 4), n.in(2)};
    if (n.has(3)) inputs.push_back(n.in(3));
    n.emit(Op::layer_norm, inputs,
           {{"axis", static_cast<std::int64_t>(n.rank()) - 1}, {"epsilon", n.real("epsilon", 1e-12)}});
}

void simplified_layer_norm(OnnxNode& n) {
    n.ignore("stash_type");
    n.require_single_output();
    const auto axis = n.axis(n.integer("axis", -1), n.rank());
    n.bind(0, rms_norm(n, n.in(0), n.in(1), axis, n.real("epsilon", 1e-5)));
}

void skip_simplified_layer_norm(OnnxNode& n) {
    const auto sum = skip_sum(n, 3);
    n.bind(0, rms_norm(n, sum, n.in(2), static_cast<std::int64_t>(n.rank()) - 1, n.real("epsilon", 1e-12)));
}

/// The addend to the scores for a mask [B, S] of 1 and 0 per position.
TensorId position_mask(OnnxNode& n, TensorId mask, double lowest, DType dtype) {
    const Shape shape = n.builder().shape(mask);
    if (shape.size() != 2)
        throw ShapeError(fmt::format("a mask of rank {} is not supported; [batch, positions] is", shape.size()));
    const auto rows = n.make(Op::unsqueeze, {mask}, {{"axes", Ints{1, 2}}});
    const auto real = n.cast(rows, dtype);
    return n.make(Op::mul, {n.make(Op::sub, {n.number(1, dtype), real}), n.number(lowest, dtype)});
}

/// Self-attention with its projection: x [B, S, I], weights [I, 3 * hidden], bias [3 * hidden].
void attention(OnnxNode& n) {
    const auto heads = n.integer("num_heads", 0);
    const auto dtype = n.facts(0).dtype;
    if (n.has(4) || n.output_used(1)) throw ShapeError("past and present keys and values are not supported");
    for (const char* name : {"do_rotary", "past_present_share_buffer"})
        if (n.integer(name, 0) != 0) throw ShapeError(fmt::format("{} is not supported", name));
    n.ignore("rotary_embedding_dim");
    const auto width = n.shape(1).back();
    const auto sizes = n.integers("qkv_hidden_sizes").value_or(Ints(3, width / 3));
    if (sizes.size() != 3 || heads < 1) throw ShapeError("num_heads or qkv_hidden_sizes do not fit");
    auto projected = n.make(Op::matmul, {n.in(0), n.in(1)});
    if (n.has(2)) projected = n.make(Op::add, {projected, n.in(2)});
    const auto parts = n.parts(projected, 2, sizes);
    AttentionOperands a;
    a.query = split_heads(n, parts[0], heads);
    a.key = split_heads(n, parts[1], heads);
    a.value = split_heads(n, parts[2], heads);
    a.scale = n.real("scale", 0);
    const std::int64_t head = sizes[0] / heads;
    if (a.scale == 0) a.scale = 1 / std::sqrt(static_cast<double>(head));
    a.causal = n.integer("unidirectional", 0) != 0;
    const auto lowest = n.real("mask_filter_value", -10000);
    if (n.has(3)) a.mask = position_mask(n, n.in(3), std::max(lowest, kMasked), dtype);
    if (n.has(5)) a.mask = a.mask == kNoTensor ? n.in(5) : n.make(Op::add, {a.mask, n.in(5)});
    n.bind(0, join_heads(n, attend(n, a)));
}

}  // namespace

void add_microsoft(ConverterTable& t) {
    t["Gelu"] = gelu;
    t["BiasGelu"] = bias_gelu;
    t["FastGelu"] = fast_gelu;
    t["QuickGelu"] = quick_gelu;
    t["LayerNormalization"] = layer_norm;
    t["SkipLayerNormalization"] = skip_layer_norm;
    t["SimplifiedLayerNormalization"] = simplified_layer_norm;
    t["SkipSimplifiedLayerNormalization"] = skip_simplified_layer_norm;
    t["Attention"] = attention;
}

}  // namespace infsim::graph::onnx_import
