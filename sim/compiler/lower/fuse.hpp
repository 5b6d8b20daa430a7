// fuse: which nodes are absorbed into the evacuation of the matmuls before them.
#pragma once

#include <optional>

#include "compiler/ir/ids.hpp"
#include "graph/graph.hpp"
#include "program/instruction.hpp"

namespace infsim::compiler {

/// A conv, gemm or MatMul with a constant, and everything that happens while its PSUM is evacuated.
struct Fusion {
    NodeId head;
    NodeId last;                              ///< node whose output the fused layer produces; the layer runs here
    graph::TensorId bias = graph::kNoTensor;  ///< per-channel constant
    graph::TensorId residual = graph::kNoTensor;
    program::ActFunction function = program::ActFunction::identity;
    bool relu_after_add = false;
};

struct FusionPlan {
    IdVector<NodeId, std::optional<Fusion>> by_last;  ///< at Fusion::last
    IdVector<NodeId, bool> covered;                   ///< nodes that are part of a fusion but not its last
};

FusionPlan plan_fusion(const graph::Graph& graph);
/// The fusion without its last node, whose operator is `op`, so that it ends in `last`.
Fusion without(const Fusion& fusion, graph::Op op, NodeId last);

/// True for conv, for gemm and for matmul with a constant right-hand side.
bool is_weighted(const graph::Graph& graph, const graph::Node& node);
/// The ACT function of an operator that is a function of one input: the one of the same name, if there is one.
std::optional<program::ActFunction> act_function(graph::Op op);

}  // namespace infsim::compiler
