// What lowering repeatedly asks about the graph.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/ids.hpp"
#include "graph/graph.hpp"

namespace infsim::compiler {

/// A graph, the type of the computation, and the width of the PE array.
class SourceGraph {
public:
    /// `masks`: a Where is elementwise, too (it is if the compiler may keep it on chip).
    SourceGraph(const graph::Graph& g, DType computed_in, int slot_width, bool masks = true);

    const graph::Graph& graph;  ///< as lowering sees it: read-only
    const DType dtype;
    const int columns;

    const graph::Node& node(NodeId id) const { return graph.nodes[id.index()]; }
    const graph::Shape& shape(graph::TensorId id) const { return graph.tensor(id).shape; }
    const std::string& name(graph::TensorId id) const { return graph.tensor(id).name; }
    bool is_constant(graph::TensorId id) const;
    bool is_output(graph::TensorId id) const;
    /// The value of a one-element constant, if it is known.
    std::optional<double> scalar_constant(graph::TensorId id) const;
    /// The type of the tensor's elements on chip.
    DType chip_dtype(graph::TensorId id) const;
    const std::vector<NodeId>& consumers(graph::TensorId id) const;
    /// Channels per slot that suit the tensor's readers: an attention head if they split it into heads.
    int preferred_width(graph::TensorId id, std::int64_t channels) const;
    /// Whether a softmax over the last axis reads the tensor, directly or after elementwise operators.
    bool consumed_along_columns(graph::TensorId id) const;

private:
    bool masks_;
    std::vector<std::vector<NodeId>> consumers_;  ///< by tensor
};

}  // namespace infsim::compiler
