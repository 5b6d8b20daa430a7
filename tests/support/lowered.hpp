// A graph by hand and the network that it is lowered to, for tests of the rules of lowering.
#pragma once

#include <string>
#include <vector>

#include "base/problems.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/lower.hpp"
#include "support/graphs.hpp"

namespace infsim::test {

/// Three convolutions of 3 x 3 from 128 to 128 channels over 32 x 32, fp16: an image of each tensor takes 2,048 bytes
/// per partition, and four images at a time 10,240. `adding`: two of them add what they read, so that they do not run
/// in stripes.
inline compiler::Network three_convolutions(bool adding) {
    Net net;
    TensorId x = net.input({1, 128, 32, 32});
    for (int l = 0; l < 3; ++l) {
        const TensorId y = net.conv(x, 128, Window::square(3, 1, 1));
        x = net.relu(adding && l > 0 ? net.add(y, x) : y);
    }
    return compiler::lower(net.finish({x}), DType::fp16, compiler::SlotGeometry{});
}

/// Nothing is moved on chip: operators that have no direct way go by device DRAM.
inline compiler::CompileOptions through_dram() {
    compiler::CompileOptions options;
    options.channel_operands = options.moves_on_chip = options.turned_transfers = options.packed_constants =
        options.shared_matrices = false;
    options.masked_rows = false;
    return options;
}

/// Computed in fp16, slots of at most 64 channels.
struct Lowered {
    Lowered(Net& net, const std::vector<TensorId>& outputs, const compiler::CompileOptions& options = {})
        : graph(net.finish(outputs)), network(compiler::lower(graph, DType::fp16, compiler::SlotGeometry{}, options)) {}
    Lowered(Net& net, TensorId output, const compiler::CompileOptions& options = {})
        : Lowered(net, std::vector<TensorId>{output}, options) {}

    graph::Graph graph;
    compiler::Network network;

    /// Kinds of all layers, in order, with a blank between them.
    std::string kinds() const {
        std::string text;
        for (const compiler::Layer& l : network.layers) text += (text.empty() ? "" : " ") + l.kind;
        return text;
    }
    const compiler::Layer& layer(int i) const { return network.layers.at(compiler::LayerId(i)); }
    const compiler::Layer& last() const { return network.layers.back(); }
    /// What the layer does; fails where it does something else.
    template <class Op>
    const Op& op(int i) const {
        return std::get<Op>(layer(i).op);
    }
    const compiler::Value& value(const compiler::Part& part) const { return network.values.at(part.value); }
    const compiler::Physical& written_by(int i) const { return value(layer(i).output).phys; }
    const compiler::Physical& read_by(int i, std::size_t input = 0) const {
        return value(layer(i).inputs.at(input)).phys;
    }
    /// How the only output lies.
    const compiler::View& output() const { return network.outputs.at(0); }
    std::string name(TensorId id) const { return id == graph::kNoTensor ? "" : graph.tensor(id).name; }
};

/// Why the graph is refused; empty where it is not.
inline std::string refusal(Net& net, TensorId output) {
    try {
        Lowered lowered(net, output);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

/// An image of `lanes` channels per slot.
inline compiler::Physical image(const std::vector<int>& lanes, int rows, int cols) { return {lanes, rows, cols}; }

}  // namespace infsim::test
