// Graphs by hand for tests of the compiler: one line per layer, shapes inferred by the graph's own builder.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/builder.hpp"
#include "graph/graph.hpp"

namespace infsim::test {

using graph::TensorId;

/// Geometry of a convolution or pool. Pads are top, left, bottom, right.
struct Window {
    std::int64_t rows = 1, cols = 1, stride_rows = 1, stride_cols = 1;
    std::vector<std::int64_t> pads = {0, 0, 0, 0};
    std::int64_t dilation_rows = 1, dilation_cols = 1;

    static Window square(std::int64_t kernel, std::int64_t stride = 1, std::int64_t pad = 0) {
        return {kernel, kernel, stride, stride, {pad, pad, pad, pad}, 1, 1};
    }
};

/// Builds a Graph of one item; every constant is Absent, so that its values come from a seed.
class Net {
public:
    explicit Net(std::string name = "net") : builder_(std::move(name), 1, true) {}

    /// Shapes are of one item, with the batch axis in front: {1, C, H, W}, {1, T, H} or {1, C}.
    TensorId input(const graph::Shape& shape, const std::string& name = "input") {
        return noted(builder_.input(name, shape, DType::fp32));
    }
    /// Indices {1, T} into a table.
    TensorId ids(std::int64_t tokens, const std::string& name = "ids") {
        return noted(builder_.input(name, {1, tokens}, DType::i64));
    }
    TensorId embedding(TensorId ids, std::int64_t rows, std::int64_t hidden) {
        const std::string name = fresh("embedding");
        return node(graph::Op::gather, name, {weight(name + ".table", {rows, hidden}), ids},
                    {{"axis", std::int64_t{0}}});
    }
    TensorId number(double value) {
        return noted(builder_.constant(fresh("number"), {}, DType::fp32, graph::Splat{value}));
    }
    TensorId constant(const graph::Shape& shape) { return weight(fresh("constant"), shape); }
    TensorId conv(TensorId x, std::int64_t channels, const Window& w, bool bias = true, std::int64_t groups = 1) {
        const std::string name = fresh("conv");
        std::vector<TensorId> inputs = {x,
                                        weight(name + ".w", {channels, builder_.shape(x)[1] / groups, w.rows, w.cols})};
        if (bias) inputs.push_back(weight(name + ".b", {channels}));
        auto attributes = window(w);
        attributes["dilations"] = std::vector<std::int64_t>{w.dilation_rows, w.dilation_cols};
        attributes["group"] = groups;
        return node(graph::Op::conv, name, inputs, attributes);
    }
    TensorId dense(TensorId x, std::int64_t outputs, bool bias = true) {
        const std::string name = fresh("dense");
        std::vector<TensorId> inputs = {x, weight(name + ".w", {builder_.shape(x).back(), outputs})};
        if (bias) inputs.push_back(weight(name + ".b", {outputs}));
        return node(graph::Op::gemm, name, inputs, {});
    }
    /// MatMul by a constant: the dense layer of a tensor of tokens.
    TensorId project(TensorId x, std::int64_t outputs) {
        const std::string name = fresh("project");
        return node(graph::Op::matmul, name, {x, weight(name + ".w", {builder_.shape(x).back(), outputs})}, {});
    }
    TensorId max_pool(TensorId x, const Window& w, bool ceil = false) {
        auto attributes = window(w);
        attributes["dilations"] = std::vector<std::int64_t>{w.dilation_rows, w.dilation_cols};
        attributes["ceil_mode"] = std::int64_t{ceil};
        return node(graph::Op::max_pool, fresh("maxpool"), {x}, attributes);
    }
    TensorId average_pool(TensorId x, const Window& w, bool include_pad = false, bool ceil = false) {
        auto attributes = window(w);
        attributes["ceil_mode"] = std::int64_t{ceil};
        attributes["count_include_pad"] = std::int64_t{include_pad};
        return node(graph::Op::average_pool, fresh("avgpool"), {x}, attributes);
    }
    TensorId unary(graph::Op op, TensorId x) { return node(op, fresh(std::string(graph::op_name(op))), {x}, {}); }
    TensorId relu(TensorId x) { return unary(graph::Op::relu, x); }
    TensorId binary(graph::Op op, TensorId a, TensorId b) {
        return node(op, fresh(std::string(graph::op_name(op))), {a, b}, {});
    }
    TensorId where(TensorId condition, TensorId a, TensorId b) {
        return node(graph::Op::where, fresh("where"), {condition, a, b}, {});
    }
    TensorId add(TensorId a, TensorId b) { return binary(graph::Op::add, a, b); }
    TensorId clip(TensorId x, double low, double high) {
        return node(graph::Op::clip, fresh("clip"), {x}, {{"min", low}, {"max", high}});
    }
    TensorId concat(const std::vector<TensorId>& parts, std::int64_t axis = 1) {
        return node(graph::Op::concat, fresh("concat"), parts, {{"axis", axis}});
    }
    TensorId flatten(TensorId x) {
        return node(graph::Op::flatten, fresh("flatten"), {x}, {{"axis", std::int64_t{1}}});
    }
    TensorId reshape(TensorId x, const std::vector<std::int64_t>& shape) {
        return node(graph::Op::reshape, fresh("reshape"), {x}, {{"shape", shape}});
    }
    TensorId transpose(TensorId x, const std::vector<std::int64_t>& perm) {
        return node(graph::Op::transpose, fresh("transpose"), {x}, {{"perm", perm}});
    }
    /// `axis` counts from the front.
    TensorId softmax(TensorId x, std::int64_t axis, bool log = false) {
        return node(log ? graph::Op::log_softmax : graph::Op::softmax, fresh("softmax"), {x}, {{"axis", axis}});
    }
    TensorId layer_norm(TensorId x) {
        const std::string name = fresh("layernorm");
        const std::int64_t n = builder_.shape(x).back(), axis = static_cast<std::int64_t>(builder_.shape(x).size()) - 1;
        return node(graph::Op::layer_norm, name, {x, weight(name + ".gamma", {n}), weight(name + ".beta", {n})},
                    {{"axis", axis}, {"epsilon", 1e-5}});
    }
    TensorId lrn(TensorId x, std::int64_t size) {
        return node(graph::Op::lrn, fresh("lrn"), {x}, {{"size", size}, {"alpha", 0.5}, {"beta", 0.75}, {"bias", 1.0}});
    }

    /// Any operator, with all the attributes that it must have.
    TensorId op(graph::Op op, const std::vector<TensorId>& inputs, graph::GraphBuilder::Attributes attributes = {}) {
        return node(op, fresh(std::string(graph::op_name(op))), inputs, std::move(attributes));
    }

    const graph::Shape& shape(TensorId x) const { return builder_.shape(x); }
    /// Also after finish(), which renumbers tensors.
    const std::string& name(TensorId x) const { return names_.at(static_cast<std::size_t>(x)); }
    /// The graph with these tensors as outputs.
    graph::Graph finish(const std::vector<TensorId>& outputs) {
        std::vector<std::pair<TensorId, std::string>> named;
        for (TensorId t : outputs) named.emplace_back(t, name(t));
        return builder_.finish(named);
    }

private:
    using Attributes = graph::GraphBuilder::Attributes;
    graph::GraphBuilder builder_;
    std::vector<std::string> names_;
    int count_ = 0;

    TensorId noted(TensorId x) {
        for (std::size_t t = names_.size(); t < builder_.graph().tensors.size(); ++t)
            names_.push_back(builder_.graph().tensors[t].name);
        return x;
    }

    std::string fresh(const std::string& stem) { return stem + std::to_string(count_++); }
    TensorId weight(const std::string& name, const graph::Shape& shape) {
        return noted(builder_.constant(name, shape, DType::fp32, graph::Absent{}));
    }
    TensorId node(graph::Op op, const std::string& name, const std::vector<TensorId>& inputs, Attributes attributes) {
        return noted(builder_.node(op, name, inputs, std::move(attributes), name));
    }
    static Attributes window(const Window& w) {
        return {{"kernel_shape", std::vector<std::int64_t>{w.rows, w.cols}},
                {"strides", std::vector<std::int64_t>{w.stride_rows, w.stride_cols}},
                {"pads", w.pads}};
    }
};

/// One residual block with a projection: relu(c(b(a(x))) + p(x)), 1x1 - 3x3 - 1x1 as in ResNet-50.
inline TensorId bottleneck(Net& net, TensorId x, std::int64_t middle, std::int64_t stride, bool stride_first,
                           bool project) {
    const TensorId a = net.relu(net.conv(x, middle, Window::square(1, stride_first ? stride : 1)));
    const TensorId b = net.relu(net.conv(a, middle, Window::square(3, stride_first ? 1 : stride, 1)));
    const TensorId c = net.conv(b, middle * 4, Window::square(1));
    return net.relu(net.add(c, project ? net.conv(x, middle * 4, Window::square(1, stride)) : x));
}

}  // namespace infsim::test
