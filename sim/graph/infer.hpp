// Inference of shape, element type and batch of a node's outputs from its inputs.
//
// Batch: within a batched tensor the batch is one factor of one axis. Following that factor through every
// node shows whether the items stay independent of each other; the first node that mixes them (a sum or a
// softmax over the batch, a reshape that splits it up) makes a graph unbatchable, with that node's name.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/problems.hpp"
#include "graph/graph.hpp"

namespace infsim::graph {

/// Where the batch is in a tensor: axis `axis` counts (before, batch, rest) row-major, so a tensor [N, C] has
/// {0, 1}, and the [S * N, C] from flattening [S, N, C] has {0, S}.
struct BatchPlace {
    int axis = 0;
    std::int64_t before = 1;
    bool operator==(const BatchPlace& o) const { return axis == o.axis && before == o.before; }
};

/// What inference knows about a tensor.
struct Facts {
    Shape shape;
    DType dtype = DType::fp32;
    bool batched = false;
    std::optional<BatchPlace> place;  ///< empty if not batched, or if the batch could not be followed
};

/// The operands of a node contradict its definition; what() says how. An error in the model.
struct ShapeError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The result for one node.
struct NodeFacts {
    std::vector<Facts> outputs;
    std::string mixing;  ///< why items depend on each other after this node; empty: they do not
};

/// Infers the outputs of `node` from its inputs (nullptr: an absent optional one). `batch` is the extent the
/// batch factor has in the shapes given: 1 for a Graph, the exported one during import. `axis`: the batch axis of
/// a reshaped tensor, if known. Throws ShapeError.
NodeFacts infer_node(const Node& node, const std::vector<const Facts*>& inputs, std::int64_t batch,
                     std::optional<int> axis = std::nullopt);

/// Infers all intermediate tensors of a graph of one item in place (shape, dtype, batched) and sets
/// `batchable`. A graph that already has batchable == false is taken as a whole: every tensor that depends
/// on an input is batched. Shape errors are added to `problems`, located at their node; tensors that depend on
/// such a node are not changed. The result has the facts of every tensor.
std::vector<Facts> infer_graph(Graph& graph, Problems& problems);

/// Facts of a tensor as the graph has them; a batched input has its batch on axis 0.
Facts facts_of(const Tensor& tensor);

/// Why the outputs of a graph cannot be combined into a batch again; empty if they can.
std::string output_mixing(const Graph& graph, const std::vector<Facts>& facts, std::int64_t batch);

}  // namespace infsim::graph
