#include "graph/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace infsim::graph {
namespace {

using Values = std::vector<double>;
using Operands = std::vector<ConstantView>;

std::function<double(double)> function_of(const Node& node) {
    switch (node.op) {
        case Op::exp: return [](double x) { return std::exp(x); };
        case Op::log: return [](double x) { return std::log(x); };
        case Op::sigmoid: return [](double x) { return 1 / (1 + std::exp(-x)); };
        case Op::tanh: return [](double x) { return std::tanh(x); };
        case Op::erf: return [](double x) { return std::erf(x); };
        case Op::sign: return [](double x) { return double((x > 0) - (x < 0)); };
        case Op::round: return [](double x) { return std::nearbyint(x); };
        case Op::clip: {
            const double least = attribute_float(node, "min"), most = attribute_float(node, "max");
            return [=](double x) { return std::min(std::max(x, least), most); };
        }
        default: return nullptr;
    }
}

Values softmax(const Node& node, const ConstantView& x) {
    const auto axis = static_cast<std::size_t>(attribute_int(node, "axis"));
    std::int64_t inner = 1;
    for (std::size_t a = axis + 1; a < x.shape.size(); ++a) inner *= x.shape[a];
    const auto extent = x.shape[axis], count = static_cast<std::int64_t>(x.values.size());
    Values out = x.values;
    for (std::int64_t start = 0; start < count; ++start) {
        if (start / inner % extent != 0) continue;
        const auto at = [&](std::int64_t i) -> double& { return out[static_cast<std::size_t>(start + i * inner)]; };
        double most = at(0), sum = 0;
        for (std::int64_t i = 1; i < extent; ++i) most = std::max(most, at(i));
        for (std::int64_t i = 0; i < extent; ++i) sum += at(i) = std::exp(at(i) - most);
        for (std::int64_t i = 0; i < extent; ++i) at(i) /= sum;
    }
    return out;
}

Values tiled(const ConstantView& x, const Shape& shape) {
    Values out;
    for (std::int64_t i = 0; i < element_count(shape); ++i) {
        std::int64_t left = i, from = 0, stride = 1;
        for (std::size_t a = shape.size(); a-- > 0;) {
            from += left % shape[a] % x.shape[a] * stride;
            stride *= x.shape[a];
            left /= shape[a];
        }
        out.push_back(x.values[static_cast<std::size_t>(from)]);
    }
    return out;
}

std::optional<Values> mean(const Node& node, const Operands& operands, const Shape& shape, DType dtype) {
    Node sum = node;
    sum.op = Op::reduce_sum;
    auto out = fold_node(sum, operands, shape, DType::fp64);
    if (!out || out->empty()) return std::nullopt;
    const double count = static_cast<double>(operands[0].values.size()) / static_cast<double>(out->size());
    for (auto& x : *out) x = dtype == DType::fp64 ? x / count : static_cast<double>(static_cast<float>(x / count));
    return out;
}

}  // namespace

bool evaluates(Op op) {
    // clang-format off
    switch (op) {
        case Op::add: case Op::sub: case Op::mul: case Op::div: case Op::pow: case Op::maximum: case Op::minimum:
        case Op::equal: case Op::greater: case Op::greater_equal: case Op::less: case Op::less_equal:
        case Op::logical_and: case Op::logical_or: case Op::logical_xor: case Op::logical_not:
        case Op::neg: case Op::abs: case Op::floor: case Op::ceil: case Op::sqrt: case Op::reciprocal: case Op::relu:
        case Op::identity: case Op::cast: case Op::where:
        case Op::reshape: case Op::flatten: case Op::squeeze: case Op::unsqueeze: case Op::expand: case Op::transpose:
        case Op::slice: case Op::concat: case Op::gather: case Op::split: case Op::tile:
        case Op::reduce_prod: case Op::reduce_max: case Op::reduce_min: case Op::reduce_sum: case Op::reduce_mean:
        case Op::exp: case Op::log: case Op::sigmoid: case Op::tanh: case Op::erf: case Op::sign: case Op::round:
        case Op::clip: case Op::softmax: return true;
        default: return false;
    }
    // clang-format on
}

std::optional<std::vector<double>> evaluate_node(const Node& node, const std::vector<ConstantView>& operands,
                                                 const Shape& shape, DType dtype) {
    if (const auto f = function_of(node)) {
        Node same = node;
        same.op = Op::identity;  // rounds to the element type
        ConstantView x = operands[0];
        for (auto& value : x.values) value = f(value);
        return fold_node(same, {x}, shape, dtype);
    }
    if (node.op == Op::softmax || node.op == Op::tile) {
        Node same = node;
        same.op = Op::identity;
        const Values out = node.op == Op::softmax ? softmax(node, operands[0]) : tiled(operands[0], shape);
        return fold_node(same, {{shape, dtype, out}}, shape, dtype);
    }
    if (node.op == Op::reduce_mean) return mean(node, operands, shape, dtype);
    return fold_node(node, operands, shape, dtype);
}

}  // namespace infsim::graph
