// ArgMax and its kin, sums along an axis, and the remaining shape arithmetic.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "graph/elements.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

constexpr std::int64_t kLongestSum = 4096;

/// The type in which products and quotients of this type are computed: fp32 for integers.
DType computed_in(DType dtype) {
    const bool real = dtype == DType::fp32 || dtype == DType::fp16 || dtype == DType::bf16;
    return real ? dtype : DType::fp32;
}

}  // namespace

TensorId ramp_at_extremes(OnnxNode& n, TensorId x, Op extreme, std::int64_t axis, bool last) {
    const Shape shape = n.builder().shape(x);
    Shape along(shape.size(), 1);
    const auto extent = along[static_cast<std::size_t>(axis)] = shape[static_cast<std::size_t>(axis)];
    std::vector<double> ramp;
    for (std::int64_t i = 0; i < extent; ++i) ramp.push_back(static_cast<double>(last ? i + 1 : extent - i));
    const Attributes over = {{"axes", Ints{axis}}, {"keepdims", std::int64_t{1}}};
    const auto found = n.make(Op::equal, {x, n.make(extreme, {x}, over)});
    return n.make(Op::mul, {n.cast(found, DType::i64), n.small(along, DType::i64, std::move(ramp))});
}

namespace {

/// The first or last index of the largest or smallest element.
template <Op extreme>
void arg(OnnxNode& n) {
    const auto axis = n.axis(n.integer("axis", 0), n.rank());
    const bool last = n.integer("select_last_index", 0) != 0;
    const auto keep = n.integer("keepdims", 1);
    const auto extent = n.shape(0)[static_cast<std::size_t>(axis)];
    const auto ramp = ramp_at_extremes(n, n.in(0), extreme, axis, last);
    const auto place = n.make(Op::reduce_max, {ramp}, {{"axes", Ints{axis}}, {"keepdims", keep}});
    if (last) n.emit(Op::sub, {place, n.number(1, DType::i64)});
    else n.emit(Op::sub, {n.number(static_cast<double>(extent), DType::i64), place});
}

/// Running sums along `axis`, from the front or from the end.
std::vector<double> running_sums(std::vector<double> values, const Shape& shape, std::size_t axis, bool exclusive,
                                 bool reverse) {
    std::int64_t inner = 1;
    for (std::size_t a = axis + 1; a < shape.size(); ++a) inner *= shape[a];
    const auto extent = shape[axis];
    for (std::int64_t start = 0; start < static_cast<std::int64_t>(values.size()); ++start) {
        if (start / inner % extent != 0) continue;
        double sum = 0;
        for (std::int64_t i = 0; i < extent; ++i) {
            auto& value = values[static_cast<std::size_t>(start + (reverse ? extent - 1 - i : i) * inner)];
            const double own = value;
            value = exclusive ? sum : sum + own;
            sum += own;
        }
    }
    return values;
}

/// A product with a triangle of ones.
void cumsum(OnnxNode& n) {
    const auto rank = n.rank();
    const auto axis = n.axis(bounded_integer(n.scalar(1)), rank);
    const bool exclusive = n.integer("exclusive", 0) != 0, reverse = n.integer("reverse", 0) != 0;
    const Shape shape = n.shape(0);
    const auto dtype = n.facts(0).dtype;
    if (const auto known = n.builder().values(n.in(0)); known && element_count(shape) > 0)
        return n.bind(
            0, n.builder().small(n.output_name(0), shape, dtype,
                                 running_sums(*known, shape, static_cast<std::size_t>(axis), exclusive, reverse)));
    const auto extent = shape[static_cast<std::size_t>(axis)];
    if (extent > kLongestSum) throw ShapeError(fmt::format("sums along {} elements are not supported", extent));
    std::vector<double> ones;
    for (std::int64_t from = 0; from < extent; ++from)
        for (std::int64_t to = 0; to < extent; ++to) {
            const bool in = reverse ? (exclusive ? from > to : from >= to) : (exclusive ? from < to : from <= to);
            ones.push_back(in ? 1 : 0);
        }
    const auto computed = computed_in(dtype);
    auto x = n.cast(n.in(0), computed);
    Ints swapped(rank);
    std::iota(swapped.begin(), swapped.end(), 0);
    std::swap(swapped[static_cast<std::size_t>(axis)], swapped.back());
    const bool behind = axis + 1 == static_cast<std::int64_t>(rank);
    if (!behind) x = n.make(Op::transpose, {x}, {{"perm", swapped}});
    x = n.make(Op::matmul, {x, n.small({extent, extent}, computed, std::move(ones))});
    if (!behind) x = n.make(Op::transpose, {x}, {{"perm", swapped}});
    n.bind(0, n.cast(x, dtype));
}

/// With fmod the result has the sign of the dividend, otherwise that of the divisor.
void mod(OnnxNode& n) {
    const bool truncates = n.integer("fmod", 0) != 0;
    const auto dtype = n.facts(0).dtype;
    const auto left = n.builder().values(n.in(0)), right = n.builder().values(n.in(1));
    if (left && right && (left->size() == right->size() || right->size() == 1)) {
        std::vector<double> out;
        for (std::size_t i = 0; i < left->size(); ++i) {
            const double a = (*left)[i], b = (*right)[right->size() == 1 ? 0 : i];
            out.push_back(truncates ? std::fmod(a, b) : a - std::floor(a / b) * b);
        }
        return n.bind(0, n.builder().small(n.output_name(0), Shape(n.shape(0)), dtype, std::move(out)));
    }
    const auto a = n.cast(n.in(0), computed_in(dtype)), b = n.cast(n.in(1), computed_in(dtype));
    auto quotient = n.make(Op::div, {a, b});
    if (truncates)
        quotient = n.make(Op::mul, {n.make(Op::sign, {quotient}), n.make(Op::floor, {n.make(Op::abs, {quotient})})});
    else quotient = n.make(Op::floor, {quotient});
    const auto rest = n.make(Op::sub, {a, n.make(Op::mul, {quotient, b})});
    n.bind(0, n.cast(rest, dtype));
}

/// The index compared with every class; negative ones count from the end.
void one_hot(OnnxNode& n) {
    const auto depth = bounded_integer(n.scalar(1));
    const auto values = n.values(2);
    if (values.size() != 2 || depth < 1 || depth > kFoldLimit)
        throw ShapeError("its depth or values are not supported");
    const auto axis = n.axis(n.integer("axis", -1), n.rank() + 1);
    const auto dtype = n.facts(0).dtype;
    Shape along(n.rank() + 1, 1);
    along[static_cast<std::size_t>(axis)] = depth;
    const auto classes = [&](double first) {
        std::vector<double> list;
        for (std::int64_t i = 0; i < depth; ++i) list.push_back(first + static_cast<double>(i));
        return n.small(along, dtype, std::move(list));
    };
    const auto indices = n.make(Op::unsqueeze, {n.in(0)}, {{"axes", Ints{axis}}});
    const auto from_end = classes(-static_cast<double>(depth));
    const auto hit =
        n.make(Op::logical_or, {n.make(Op::equal, {indices, classes(0)}), n.make(Op::equal, {indices, from_end})});
    const auto out = n.facts(2).dtype;
    n.emit(Op::where, {hit, n.number(values[1], out), n.number(values[0], out)});
}

}  // namespace

void add_indexing(ConverterTable& t) {
    t["ArgMax"] = arg<Op::reduce_max>;
    t["ArgMin"] = arg<Op::reduce_min>;
    t["CumSum"] = cumsum;
    t["Mod"] = mod;
    t["OneHot"] = one_hot;
}

}  // namespace infsim::graph::onnx_import
