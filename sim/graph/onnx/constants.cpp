// Constant nodes, and nodes that query shapes, whose results are constants.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "graph/elements.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

void shape(OnnxNode& n) {
    const auto rank = static_cast<std::int64_t>(n.rank());
    const auto bound = [&](std::int64_t v) { return std::clamp<std::int64_t>(v < 0 ? v + rank : v, 0, rank); };
    const auto start = bound(n.integer("start", 0));
    const auto end = std::max(start, bound(n.integer("end", rank)));
    const Shape part(n.shape(0).begin() + start, n.shape(0).begin() + end);
    n.bind(0, n.builder().small(n.output_name(0), {end - start}, DType::i64, {part.begin(), part.end()}));
}

void size(OnnxNode& n) {
    n.bind(0, n.builder().small(n.output_name(0), {}, DType::i64, {static_cast<double>(element_count(n.shape(0)))}));
}

void range(OnnxNode& n) {
    const double start = n.scalar(0);
    const double limit = n.scalar(1);
    const double step = n.scalar(2);
    const double count = step == 0 ? -1 : std::max(0.0, std::ceil((limit - start) / step));
    if (!(count >= 0 && count <= static_cast<double>(kFoldLimit)))
        throw ShapeError(fmt::format("a range from {} to {} by {} is not supported", start, limit, step));
    std::vector<double> values;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(count); ++i)
        values.push_back(start + static_cast<double>(i) * step);
    const Shape extent = {static_cast<std::int64_t>(values.size())};
    n.bind(0, n.builder().small(n.output_name(0), extent, n.facts(0).dtype, std::move(values)));
}

void constant(OnnxNode& n) {
    const auto& name = n.output_name(0);
    auto& b = n.builder();
    if (const auto* tensor = n.tensor("value")) {
        auto loaded = load_tensor(n.file(), *tensor);
        return n.bind(0, b.constant(name, loaded.shape, loaded.dtype, std::move(loaded.value)));
    }
    if (n.has_attribute("value_float")) return n.bind(0, b.small(name, {}, DType::fp32, {n.real("value_float", 0)}));
    if (n.has_attribute("value_int"))
        return n.bind(0, b.small(name, {}, DType::i64, {static_cast<double>(n.integer("value_int", 0))}));
    if (const auto reals = n.reals("value_floats"))
        return n.bind(0, b.small(name, {static_cast<std::int64_t>(reals->size())}, DType::fp32, *reals));
    if (const auto ints = n.integers("value_ints"))
        return n.bind(
            0, b.small(name, {static_cast<std::int64_t>(ints->size())}, DType::i64, {ints->begin(), ints->end()}));
    throw ShapeError("has no value that is supported (numbers or a dense tensor of them)");
}

void constant_of_shape(OnnxNode& n) {
    const auto extents = n.ints(0);
    if (std::any_of(extents.begin(), extents.end(), [](std::int64_t e) { return e < 0; }))
        throw ShapeError("its shape has a negative extent");
    double value = 0;
    DType dtype = DType::fp32;
    if (const auto* tensor = n.tensor("value")) {
        const auto loaded = load_tensor(n.file(), *tensor);
        const auto* list = std::get_if<Inline>(&loaded.value);
        if (list == nullptr || list->values.size() != 1) throw ShapeError("its value must be one number");
        value = list->values[0];
        dtype = loaded.dtype;
    }
    n.bind(0, n.builder().constant(n.output_name(0), extents, dtype, Splat{value}));
}

void eye_like(OnnxNode& n) {
    const auto& x = n.shape(0);
    if (x.size() != 2 || element_count(x) > kFoldLimit) throw ShapeError("takes small matrices only");
    const auto diagonal = n.integer("k", 0);
    auto dtype = n.facts(0).dtype;
    if (n.has_attribute("dtype")) {
        const auto given = element_type(static_cast<int>(n.integer("dtype", 0)));
        if (!given) throw ShapeError("its element type is not supported");
        dtype = *given;
    }
    std::vector<double> values(static_cast<std::size_t>(element_count(x)), 0);
    for (std::int64_t row = 0; row < x[0]; ++row)
        if (row + diagonal >= 0 && row + diagonal < x[1])
            values[static_cast<std::size_t>(row * x[1] + row + diagonal)] = 1;
    n.bind(0, n.builder().small(n.output_name(0), Shape(x), dtype, std::move(values)));
}

/// The triangle of a matrix, zeros elsewhere: a where with a constant mask.
void trilu(OnnxNode& n) {
    const auto& x = n.shape(0);
    const auto diagonal = n.has(1) ? bounded_integer(n.scalar(1)) : 0;
    const bool upper = n.integer("upper", 1) != 0;
    if (x.size() < 2 || x.back() * x[x.size() - 2] > kFoldLimit) throw ShapeError("takes small matrices only");
    const Shape square = {x[x.size() - 2], x.back()};
    std::vector<double> mask;
    for (std::int64_t row = 0; row < square[0]; ++row)
        for (std::int64_t column = 0; column < square[1]; ++column)
            mask.push_back(upper ? column - row >= diagonal : column - row <= diagonal);
    const auto name = n.builder().fresh_tensor_name(n.output_name(0) + "/triangle");
    const auto choice = n.builder().small(name, square, DType::boolean, std::move(mask));
    n.emit(Op::where, {choice, n.in(0), n.number(0, n.facts(0).dtype)});
}

}  // namespace

void add_shapes(ConverterTable& t) {
    t["Shape"] = shape;
    t["Size"] = size;
}

void add_constants(ConverterTable& t) {
    t["Constant"] = constant;
    t["ConstantOfShape"] = constant_of_shape;
    t["Range"] = range;
    t["EyeLike"] = eye_like;
    t["Trilu"] = trilu;
}

}  // namespace infsim::graph::onnx_import
