// Rewrites that turn the operators of different exporters into the same graph. Each takes a graph that
// passes `check`, leaves one that does, and returns how many places it changed.
#pragma once

#include "graph/graph.hpp"

namespace infsim::graph {

/// All passes below in this order, with dead nodes removed.
void optimize(Graph& graph);

/// flatten, squeeze, unsqueeze become reshape; two reshapes in a row become one; one that changes nothing is
/// removed.
int simplify_views(Graph& graph);
/// An average_pool or max_pool whose only, unpadded window is the whole image becomes the global one.
int simplify_pools(Graph& graph);
/// A transpose whose permutation only moves axes of extent 1 becomes a reshape; inner identities are removed.
int simplify_transposes(Graph& graph);
/// Folds a batch_norm with constant parameters after a conv or gemm with constant weights into weights and
/// bias.
int fold_batch_norm(Graph& graph);
/// Folds mul and add by one constant per channel (or one number) after a conv or gemm with constant weights
/// in the same way.
int fold_channel_affine(Graph& graph);
/// (x - mean) / sqrt(mean((x - mean)^2) + eps) * scale + bias over trailing axes becomes layer_norm.
int recognise_layer_norm(Graph& graph);
/// x * 0.5 * (1 + erf(x / sqrt 2)) becomes gelu, its tanh form gelu_tanh, x * hard_sigmoid(x) hard_swish.
int recognise_gelu(Graph& graph);
/// exp(x - max(x)) / sum(exp(x - max(x))) along one axis becomes softmax.
int recognise_softmax(Graph& graph);
/// Removes nodes and constants that no output depends on, and unreferenced tensors; inputs stay. Renumbers
/// tensors.
int remove_dead(Graph& graph);

}  // namespace infsim::graph
