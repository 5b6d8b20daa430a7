// Quantised models: integers become the real numbers that they represent. AWS's compiler never exposed int8.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

constexpr const char* kNote = "int8 is computed in floating point: results of QuantizeLinear are not rounded";

/// Bounds of the integer type of a zero point.
std::pair<double, double> bounds(DType t) {
    if (t == DType::i8) return {-128, 127};
    if (t == DType::u8) return {0, 255};
    throw ShapeError(fmt::format("a quantisation to {} is not supported", dtype_name(t)));
}

/// A scale or zero point along `axis`, shaped to broadcast to x; in blocks (opset 21) only if it is one number.
TensorId spread(OnnxNode& n, TensorId t, std::int64_t axis) {
    const auto count = element_count(n.builder().shape(t));
    Shape along(n.rank(), 1);
    if (count > 1) {
        if (count != n.shape(0).at(static_cast<std::size_t>(axis)))
            throw ShapeError("block scales (opset 21) of computed values are not supported");
        along[static_cast<std::size_t>(axis)] = count;
    }
    return n.make(Op::reshape, {t}, {{"shape", along}});
}

/// The integers themselves: round(x / scale) + zero, within the bounds of their type.
TensorId rounded(OnnxNode& n, std::int64_t axis, DType to) {
    const auto [low, high] = bounds(to);
    const auto dtype = n.facts(0).dtype;
    auto x = n.make(Op::round, {n.make(Op::div, {n.in(0), spread(n, n.in(1), axis)})});
    if (n.has(2)) x = n.make(Op::add, {x, spread(n, n.cast(n.in(2), dtype), axis)});
    x = n.make(Op::clip, {x}, {{"min", low}, {"max", high}});
    return n.cast(x, to);
}

/// DequantizeLinear gets the values back unchanged, not rounded. If the type cannot represent values below zero,
/// a ReLU was fused into the quantisation.
void quantize(OnnxNode& n) {
    for (const char* name : {"saturate", "block_size", "precision"}) n.ignore(name);
    const auto asked = static_cast<int>(n.integer("output_dtype", 0));  // opset 21, without a zero point
    const auto type = n.has(2) ? n.facts(2).dtype : asked == 0 ? DType::u8 : element_type(asked).value_or(DType::i64);
    const auto zero = n.has(2) ? n.builder().values(n.in(2)) : std::nullopt;
    const double lowest = bounds(type).first;
    const bool no_negatives = zero ? std::all_of(zero->begin(), zero->end(), [&](double z) { return z == lowest; })
                                   : !n.has(2) && lowest == 0;
    const auto real = no_negatives ? n.make(Op::relu, {n.in(0)}) : n.in(0);
    const auto axis = n.rank() > 1 ? n.axis(n.integer("axis", 1), n.rank()) : 0;
    n.ignore("axis");
    const auto integers = rounded(n, axis, type);
    n.import().real[integers] = real;
    n.bind(0, integers);
}

/// Integers that are computed or inputs: (x - zero) * scale along the axis.
void dequantize_computed(OnnxNode& n, std::int64_t axis) {
    const auto dtype = n.facts(1).dtype;
    auto x = n.cast(n.in(0), dtype);
    if (n.has(2)) x = n.make(Op::sub, {x, spread(n, n.cast(n.in(2), dtype), axis)});
    n.emit(Op::mul, {x, spread(n, n.in(1), axis)});
}

void dequantize(OnnxNode& n) {
    n.ignore("output_dtype");
    const auto rank = static_cast<std::int64_t>(n.rank());
    auto axis = n.integer("axis", 1);
    const auto block = std::max<std::int64_t>(1, n.integer("block_size", 0));
    if (const auto found = n.import().real.find(n.in(0)); found != n.import().real.end()) {
        n.note(kNote);
        return n.bind(0, found->second);
    }
    if (rank > 0 && element_count(n.shape(1)) > 1) axis = n.axis(axis, n.rank());
    if (!n.builder().is_constant(n.in(0))) return dequantize_computed(n, axis);
    if (!n.builder().is_constant(n.in(1)) || (n.has(2) && !n.builder().is_constant(n.in(2))))
        throw ShapeError("computed scales are not supported");
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
