// Producers and consumers of tensors, for the passes. Private to passes/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph::passes {

/// A snapshot of a graph's edges; rebuild it after every change.
class Index {
public:
    explicit Index(const Graph& graph);

    /// The node that computes a tensor, or nullptr for inputs and constants.
    const Node* producer(TensorId id) const;
    /// The producer if it has that operator, else nullptr.
    const Node* producer(TensorId id, Op op) const;
    /// Uses by nodes, counted per operand, and 1 more if it is an output of the graph.
    int uses(TensorId id) const { return uses_.at(slot(id)); }
    bool is_output(TensorId id) const { return output_.at(slot(id)); }
    bool is_constant(TensorId id) const { return id != kNoTensor && graph_.tensor(id).kind == TensorKind::constant; }
    /// The value of a one-element constant, if known here.
    std::optional<double> number(TensorId id) const;
    /// Whether that value is `wanted`, within single precision.
    bool is_number(TensorId id, double wanted) const;

private:
    static std::size_t slot(TensorId id) { return static_cast<std::size_t>(id); }
    const Graph& graph_;
    std::vector<int> producer_;
    std::vector<int> uses_;
    std::vector<bool> output_;
};

/// Adds a constant; its name gets a suffix if it is taken.
TensorId add_constant(Graph& graph, const std::string& name, const Shape& shape, DType dtype, Constant value);

}  // namespace infsim::graph::passes
