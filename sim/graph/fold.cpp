#include "graph/fold.hpp"

#include <cmath>
#include <functional>

#include "base/check.hpp"
#include "graph/elements.hpp"
#include "graph/strides.hpp"

namespace infsim::graph {
namespace {

using Values = std::vector<double>;
using Operands = std::vector<ConstantView>;

bool is_integer(DType t) { return t != DType::fp32 && t != DType::fp16 && t != DType::bf16 && t != DType::fp64; }

/// `x` as an element of `dtype`: truncated to an integer, reduced to 0 or 1, or rounded to single precision.
double as_element(double x, DType dtype) {
    if (dtype == DType::boolean) return x != 0 ? 1 : 0;
    if (is_integer(dtype)) return std::trunc(x);
    return dtype == DType::fp64 ? x : static_cast<double>(static_cast<float>(x));
}

std::function<double(double, double)> binary_function(Op op, bool integers) {
    switch (op) {
        case Op::add: return [](double a, double b) { return a + b; };
        case Op::sub: return [](double a, double b) { return a - b; };
        case Op::mul: return [](double a, double b) { return a * b; };
        case Op::div:
            if (integers) return [](double a, double b) { return b == 0 ? 0 : std::trunc(a / b); };
            return [](double a, double b) { return a / b; };
        case Op::pow: return [](double a, double b) { return std::pow(a, b); };
        case Op::maximum: return [](double a, double b) { return std::max(a, b); };
        case Op::minimum: return [](double a, double b) { return std::min(a, b); };
        case Op::equal: return [](double a, double b) { return double(a == b); };
        case Op::greater: return [](double a, double b) { return double(a > b); };
        case Op::greater_equal: return [](double a, double b) { return double(a >= b); };
        case Op::less: return [](double a, double b) { return double(a < b); };
        case Op::less_equal: return [](double a, double b) { return double(a <= b); };
        case Op::logical_and: return [](double a, double b) { return double(a != 0 && b != 0); };
        case Op::logical_or: return [](double a, double b) { return double(a != 0 || b != 0); };
        case Op::logical_xor: return [](double a, double b) { return double((a != 0) != (b != 0)); };
        default: return nullptr;
    }
}

std::function<double(double)> unary_function(Op op) {
    switch (op) {
        case Op::neg: return [](double x) { return -x; };
        case Op::abs: return [](double x) { return std::abs(x); };
        case Op::floor: return [](double x) { return std::floor(x); };
        case Op::ceil: return [](double x) { return std::ceil(x); };
        case Op::sqrt: return [](double x) { return std::sqrt(x); };
        case Op::reciprocal: return [](double x) { return 1 / x; };
        case Op::logical_not: return [](double x) { return double(x == 0); };
        case Op::relu: return [](double x) { return std::max(x, 0.0); };
        case Op::identity:
        case Op::cast: return [](double x) { return x; };
        default: return nullptr;
    }
}

Values read(const ConstantView& x, const Shape& shape, const std::vector<std::int64_t>& strides, std::int64_t base) {
    Values out;
    for_each_offset(shape, strides, base,
                    [&](std::int64_t at) { out.push_back(x.values[static_cast<std::size_t>(at)]); });
    return out;
}

Values broadcast(const ConstantView& x, const Shape& shape) {
    return read(x, shape, broadcast_strides(x.shape, shape), 0);
}

Values fold_where(const Operands& operands, const Shape& shape) {
    const auto condition = broadcast(operands[0], shape);
    const auto yes = broadcast(operands[1], shape);
    auto out = broadcast(operands[2], shape);
    for (std::size_t i = 0; i < out.size(); ++i)
        if (condition[i] != 0) out[i] = yes[i];
    return out;
}

Values fold_transpose(const Node& node, const ConstantView& x, const Shape& shape) {
    const auto own = row_major_strides(x.shape);
    std::vector<std::int64_t> strides;
    for (const auto axis : attribute_ints(node, "perm")) strides.push_back(own[static_cast<std::size_t>(axis)]);
    return read(x, shape, strides, 0);
}

Values fold_slice(const Node& node, const ConstantView& x, const Shape& shape) {
    auto strides = row_major_strides(x.shape);
    std::int64_t base = 0;
    const auto& axes = attribute_ints(node, "axes");
    for (std::size_t i = 0; i < axes.size(); ++i) {
        auto& stride = strides[static_cast<std::size_t>(axes[i])];
        base += attribute_ints(node, "starts")[i] * stride;
        stride *= attribute_ints(node, "steps")[i];
    }
    return read(x, shape, strides, base);
}

Values fold_concat(const Node& node, const Operands& operands, const Shape& shape) {
    const auto axis = static_cast<std::size_t>(attribute_int(node, "axis"));
    const auto strides = row_major_strides(shape);
    Values out(static_cast<std::size_t>(element_count(shape)));
    std::int64_t base = 0;
    for (const auto& x : operands) {
        std::size_t next = 0;
        for_each_offset(x.shape, strides, base,
                        [&](std::int64_t at) { out[static_cast<std::size_t>(at)] = x.values[next++]; });
        base += x.shape[axis] * strides[axis];
    }
    return out;
}

/// data[..., indices, ...] as rows of `inner` elements from an axis of `extent`; empty if an index is outside
/// the axis.
std::optional<Values> fold_gather(const Node& node, const ConstantView& data, const ConstantView& indices) {
    const auto axis = static_cast<std::size_t>(attribute_int(node, "axis"));
    const auto extent = data.shape[axis];
    const auto inner = row_major_strides(data.shape)[axis];
    std::vector<std::int64_t> places;
    for (const double value : indices.values) {
        places.push_back(bounded_integer(value) + (value < 0 ? extent : 0));
        if (places.back() < 0 || places.back() >= extent) return std::nullopt;
    }
    const auto outer = element_count(data.shape) / std::max<std::int64_t>(1, inner * extent);
    Values out;
    for (std::int64_t o = 0; o < outer; ++o) {
        for (const std::int64_t index : places) {
            const auto begin = data.values.begin() + (o * extent + index) * inner;
            out.insert(out.end(), begin, begin + inner);
        }
    }
    return out;
}

std::optional<Values> fold_reduce(const Node& node, const ConstantView& x, const Shape& shape) {
    const bool product = node.op == Op::reduce_prod;
    const bool largest = node.op == Op::reduce_max;
    const bool least = node.op == Op::reduce_min;
    if (!product && !largest && !least && node.op != Op::reduce_sum) return std::nullopt;
    if (x.values.empty()) return std::nullopt;
    // Strides into the output: 0 along reduced axes.
    const auto& axes = attribute_ints(node, "axes");
    Shape kept = x.shape;
    for (const auto axis : axes) kept[static_cast<std::size_t>(axis)] = 1;
    const auto strides = broadcast_strides(kept, x.shape);
    Values out(static_cast<std::size_t>(element_count(shape)), 0);
    std::vector<bool> begun(out.size(), false);
    std::size_t next = 0;
    for_each_offset(x.shape, strides, 0, [&](std::int64_t position) {
        const auto at = static_cast<std::size_t>(position);
        const double v = x.values[next++];
        if (!begun[at]) out[at] = v;
        else if (product) out[at] *= v;
        else if (largest) out[at] = std::max(out[at], v);
        else if (least) out[at] = std::min(out[at], v);
        else out[at] += v;
        begun[at] = true;
    });
    return out;
}

std::optional<Values> fold_elementwise(const Node& node, const Operands& operands, const Shape& shape) {
    if (operands.size() == 1) {
        const auto f = unary_function(node.op);
        if (!f) return std::nullopt;
        Values out = operands[0].values;
        for (auto& x : out) x = f(x);
        return out;
    }
    const auto f = binary_function(node.op, is_integer(operands[0].dtype));
    if (operands.size() != 2 || !f) return std::nullopt;
    auto out = broadcast(operands[0], shape);
    const auto other = broadcast(operands[1], shape);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = f(out[i], other[i]);
    return out;
}

std::optional<Values> fold_values(const Node& node, const Operands& operands, const Shape& shape) {
    switch (node.op) {
        case Op::reshape:
        case Op::flatten:
        case Op::squeeze:
        case Op::unsqueeze: return operands[0].values;
        case Op::expand: return broadcast(operands[0], shape);
        case Op::where: return fold_where(operands, shape);
        case Op::transpose: return fold_transpose(node, operands[0], shape);
        case Op::slice: return fold_slice(node, operands[0], shape);
        case Op::concat: return fold_concat(node, operands, shape);
        case Op::gather: return fold_gather(node, operands[0], operands[1]);
        case Op::reduce_prod:
        case Op::reduce_max:
        case Op::reduce_min:
        case Op::reduce_sum: return fold_reduce(node, operands[0], shape);
        default: return fold_elementwise(node, operands, shape);
    }
}

}  // namespace

std::optional<std::vector<double>> fold_node(const Node& node, const std::vector<ConstantView>& operands,
                                             const Shape& shape, DType dtype) {
    auto values = fold_values(node, operands, shape);
    if (!values) return std::nullopt;
    INFSIM_CHECK(static_cast<std::int64_t>(values->size()) == element_count(shape), "folding changed element count");
    for (auto& x : *values) x = as_element(x, dtype);
    return values;
}

}  // namespace infsim::graph
