// How much a Graph computes and how many weights it has, per item.
#pragma once

#include <cstdint>

#include "graph/graph.hpp"

namespace infsim::graph {

/// Multiply-accumulates of one node: products of conv, conv_transpose (every tap, padding included, as is
/// usual in published counts), gemm, matmul and einsum of two operands; 0 for everything else, biases
/// included.
std::int64_t macs(const Graph& graph, const Node& node);
/// The same over all nodes.
std::int64_t total_macs(const Graph& graph);

/// Elements of floating-point constants that nodes read for `items` items. Each counts once; a reshaped or transposed
/// constant counts as its source. A table that is only gathered from counts no more rows than the lookups need.
/// Integers (indices, shapes) do not count: a compiler consumes them.
std::int64_t parameters_read(const Graph& graph, int items);

}  // namespace infsim::graph
