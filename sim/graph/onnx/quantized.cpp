// Quantised models: integers as the real numbers that they stand for. AWS's compiler never exposed int8.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

constexpr const char* kNote = "int8 is computed in floating point: values that QuantizeLinear makes are not rounded";

bool is_real(DType t) { return t == DType::fp32 || t == DType::fp16 || t == DType::bf16 || t == DType::fp64; }

/// The values pass as they are; but where nothing below zero can be represented, a ReLU went into the quantisation.
void quantize(OnnxNode& n) {
    for (const char* name : {"axis", "saturate", "block_size", "output_dtype", "precision"}) n.ignore(name);
    n.note(kNote);
    const auto zero = n.has(2) ? n.builder().values(n.in(2)) : std::nullopt;
    const bool is_signed = n.has(2) && n.facts(2).dtype == DType::i8;
    const double lowest = is_signed ? -128 : 0;
    const bool no_negatives =
        zero ? std::all_of(zero->begin(), zero->end(), [&](double z) { return z == lowest; }) : !n.has(2);
    if (no_negatives) n.emit(Op::relu, {n.in(0)});
    else n.bind(0, n.in(0));
}

/// Integers [..] that are computed, or inputs: (x - zero) * scale along the axis.
void dequantize_computed(OnnxNode& n, std::int64_t axis) {
    const auto dtype = n.facts(1).dtype;
    const Attributes to = {{"to", std::string(dtype_name(dtype))}};
    Shape along(n.rank(), 1);
    if (!n.shape(1).empty() && element_count(n.shape(1)) > 1)
        along.at(static_cast<std::size_t>(axis)) = element_count(n.shape(1));
    const auto spread = [&](TensorId t) { return n.make(Op::reshape, {t}, {{"shape", along}}); };
    auto x = n.make(Op::cast, {n.in(0)}, to);
    if (n.has(2)) x = n.make(Op::sub, {x, spread(n.make(Op::cast, {n.in(2)}, to))});
    n.emit(Op::mul, {x, spread(n.in(1))});
}

void dequantize(OnnxNode& n) {
    n.ignore("output_dtype");
    const auto rank = static_cast<std::int64_t>(n.rank());
    auto axis = n.integer("axis", 1);
    const auto block = std::max<std::int64_t>(1, n.integer("block_size", 0));
    if (is_real(n.facts(0).dtype)) return n.bind(0, n.in(0));  // what quantize passed on
    if (rank > 0 && element_count(n.shape(1)) > 1) axis = n.axis(axis, n.rank());
    if (!n.builder().is_constant(n.in(0))) return dequantize_computed(n, axis);
    if (!n.builder().is_constant(n.in(1)) || (n.has(2) && !n.builder().is_constant(n.in(2))))
        throw ShapeError("scales that are computed are not supported");
    n.note(kNote);
    Recipe recipe;
    recipe.kind = Recipe::Kind::dequantize;
    recipe.sources = {n.in(0), n.in(1), n.has(2) ? n.in(2) : kNoTensor};
    recipe.perm = {rank == 0 ? 0 : std::clamp<std::int64_t>(axis, 0, rank - 1), block};
    n.bind(0, n.builder().constant(n.builder().fresh_tensor_name(n.output_name(0)), Shape(n.shape(0)), n.facts(1).dtype,
                                   recipe));
}

}  // namespace

void add_quantized(ConverterTable& t) {
    t["QuantizeLinear"] = quantize;
    t["DequantizeLinear"] = dequantize;
}

}  // namespace infsim::graph::onnx_import
