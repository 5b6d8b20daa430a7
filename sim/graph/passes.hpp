// Rewrites that make the operators of different exporters one and the same graph. Each takes a graph that
// passes `check`, leaves one that does, and returns how many places it changed.
#pragma once

#include "graph/graph.hpp"

namespace infsim::graph {

/// All of the passes below in their order, dead nodes removed.
void optimize(Graph& graph);

/// flatten, squeeze, unsqueeze become reshape; a reshape of a reshape becomes one, one that changes nothing
/// goes.
int simplify_views(Graph& graph);
/// An average_pool or max_pool whose one unpadded window is the image becomes the global one.
int simplify_pools(Graph& graph);
/// A transpose whose permutation only moves axes of extent 1 becomes a reshape; identities inside go.
int simplify_transposes(Graph& graph);
/// batch_norm with constant parameters behind a conv or gemm with constant weights goes into weights and
/// bias.
int fold_batch_norm(Graph& graph);
/// mul and add by one constant per channel (or one number) behind a conv or gemm with constant weights
/// likewise.
int fold_channel_affine(Graph& graph);
/// (x - mean) / sqrt(mean((x - mean)^2) + eps) * scale + bias over trailing axes becomes layer_norm.
int recognise_layer_norm(Graph& graph);
/// x * 0.5 * (1 + erf(x / sqrt 2)) becomes gelu, its tanh form gelu_tanh, x * hard_sigmoid(x) hard_swish.
int recognise_gelu(Graph& graph);
/// exp(x - max(x)) / sum(exp(x - max(x))) along one axis becomes softmax.
int recognise_softmax(Graph& graph);
/// Drops nodes and constants that no output depends on, and tensors nobody names; inputs stay. Renumbers
/// tensors.
int remove_dead(Graph& graph);

}  // namespace infsim::graph
