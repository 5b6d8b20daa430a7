// A network by hand: a convolution, a function and an add of a few elements, with the graph that it stands for.
#pragma once

#include <string>
#include <utility>

#include "compiler/ir/network.hpp"
#include "graph/graph.hpp"

namespace infsim::test {

struct TinyNetwork {
    graph::Graph graph;
    compiler::Network network;

    compiler::Layer& layer(int l) { return network.layers[compiler::LayerId(l)]; }
    compiler::Value& value(int v) { return network.values[compiler::ValueId(v)]; }
};

inline graph::TensorId add_tensor(graph::Graph& graph, std::string name, graph::Shape shape, graph::TensorKind kind) {
    graph::Tensor tensor;
    tensor.name = std::move(name);
    tensor.shape = std::move(shape);
    tensor.kind = kind;
    if (kind == graph::TensorKind::constant) tensor.constant = graph::Absent{};
    graph.tensors.push_back(std::move(tensor));
    return static_cast<graph::TensorId>(graph.tensors.size()) - 1;
}

/// v0 (input, 2 channels of 3x3) -> l0 conv 1x1 with 4 outputs -> v1 -> l1 relu -> v2, v1 + v2 -> l2 -> v3 (output).
/// Tensors: t0 input, t1 weights, t2 bias, t3 output.
inline TinyNetwork tiny_network() {
    using namespace compiler;
    using graph::TensorKind;
    TinyNetwork tiny;
    tiny.graph.name = "tiny";
    const auto input = add_tensor(tiny.graph, "x", {1, 2, 3, 3}, TensorKind::input);
    const auto weights = add_tensor(tiny.graph, "w", {4, 2, 1, 1}, TensorKind::constant);
    const auto bias = add_tensor(tiny.graph, "b", {4}, TensorKind::constant);
    const auto output = add_tensor(tiny.graph, "y", {1, 4, 3, 3}, TensorKind::intermediate);
    tiny.graph.inputs = {input};
    tiny.graph.outputs = {output};
    Network& n = tiny.network;
    n.values.push_back({"x", {{2}, 3, 3}, DType::fp16, input});
    for (const char* name : {"conv", "relu", "y"}) n.values.push_back({name, {{4}, 3, 3}, DType::fp16});
    const auto part = [](int v) { return Part{ValueId(v), 0, 1}; };
    const auto image = [](int v, std::int64_t channels) {
        return View{ValueId(v), 0, 1, {{}, {{Dim::channel, channels}}, {{Dim::row, 3}}, {{Dim::col, 3}}}};
    };
    ConvOp conv;
    conv.weight = {weights, 2, 1, 1, 1};
    conv.bias = bias;
    n.layers.push_back({"conv", "conv", conv, {part(0)}, part(1), 72});
    n.layers.push_back({"relu", "relu", UnaryOp{program::ActFunction::relu}, {part(1)}, part(2)});
    n.layers.push_back({"add", "add", BinaryOp{}, {part(1), part(2)}, part(3)});
    n.inputs = {image(0, 2)};
    n.outputs = {image(3, 4)};
    return tiny;
}

}  // namespace infsim::test
