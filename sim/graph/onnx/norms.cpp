// Normalisations of newer opsets, built from existing operators.
#include <numeric>

#include <fmt/format.h>

#include "graph/onnx/attention.hpp"

namespace infsim::graph::onnx_import {

TensorId rms_norm(OnnxNode& n, TensorId x, TensorId scale, std::int64_t axis, double epsilon) {
    const auto dtype = n.builder().facts(x).dtype;
    Ints axes(n.builder().shape(x).size() - static_cast<std::size_t>(axis));
    std::iota(axes.begin(), axes.end(), axis);
    const auto mean =
        n.make(Op::reduce_mean, {n.make(Op::mul, {x, x})}, {{"axes", axes}, {"keepdims", std::int64_t{1}}});
    const auto root = n.make(Op::sqrt, {n.make(Op::add, {mean, n.number(epsilon, dtype)})});
    return n.make(Op::mul, {n.make(Op::mul, {x, n.make(Op::reciprocal, {root})}), scale});
}

namespace {

void rms_normalization(OnnxNode& n) {
    n.ignore("stash_type");
    const auto axis = n.axis(n.integer("axis", -1), n.rank());
    n.bind(0, rms_norm(n, n.in(0), n.in(1), axis, n.real("epsilon", 1e-5)));
}

/// Groups of channels as the channels of an instance norm. Before opset 21 there is one scale and bias per group, from
/// then on one per channel.
void group_normalization(OnnxNode& n) {
    n.ignore("stash_type");
    const Shape shape = n.shape(0);
    const auto groups = n.integer("num_groups", 0);
    if (shape.size() < 3 || groups < 1 || shape[1] % groups != 0)
        throw ShapeError(fmt::format("{} groups do not fit its channels", groups));
    const Attributes epsilon = {{"epsilon", n.real("epsilon", 1e-5)}};
    const auto apart = n.make(
        Op::reshape, {n.in(0)},
        {{"shape", Shape{shape[0], groups, element_count(shape) / std::max<std::int64_t>(1, shape[0] * groups)}}});
    const bool per_group = element_count(n.shape(1)) == groups;
    const auto dtype = n.facts(0).dtype;
    const auto filled = [&](double value) {
        return n.small({groups}, dtype, std::vector<double>(static_cast<std::size_t>(groups), value));
    };
    const auto scale = per_group ? n.in(1) : filled(1), bias = per_group ? n.in(2) : filled(0);
    const auto even = n.make(Op::instance_norm, {apart, scale, bias}, epsilon);
    const auto joined = n.make(Op::reshape, {even}, {{"shape", shape}});
    if (per_group) return n.bind(0, joined);
    Ints behind(shape.size() - 2);
    std::iota(behind.begin(), behind.end(), 1);
    const auto channels = [&](std::size_t i) { return n.make(Op::unsqueeze, {n.in(i)}, {{"axes", behind}}); };
    n.emit(Op::add, {n.make(Op::mul, {joined, channels(1)}), channels(2)});
}

/// x * sigmoid(alpha * x)
void swish(OnnxNode& n) { n.emit(Op::mul, {n.in(0), n.make(Op::sigmoid, {n.scaled(n.in(0), n.real("alpha", 1))})}); }

}  // namespace

void add_new_norms(ConverterTable& t) {
    t["RMSNormalization"] = rms_normalization;
    t["GroupNormalization"] = group_normalization;
    t["Swish"] = swish;
}

}  // namespace infsim::graph::onnx_import
