// The verifier of Graphs. Call it after every import and every pass.
#pragma once

#include "base/problems.hpp"
#include "graph/graph.hpp"

namespace infsim::graph {

/// Everything that is wrong with a graph, located at nodes and tensors: names that are not unique, nodes
/// that precede what they read, arity, missing, unknown or mistyped attributes, tensors whose kind and constant
/// disagree, recipes that do not fit, and shapes, element types or `batched` that differ from inference.
/// Empty: nothing is wrong.
Problems check(const Graph& graph);

}  // namespace infsim::graph
