// How much a Graph computes and how many weights it has, per item.
#pragma once

#include <cstdint>

#include "graph/graph.hpp"

namespace infsim::graph {

/// Multiply-accumulates of one node: products of conv, conv_transpose (every tap, padding included, as is
/// usual in published counts), gemm, matmul and einsum of two operands; 0 for everything else, biases
/// included.
std::int64_t macs(const Graph& graph, const Node& node);
/// Over all nodes.
std::int64_t total_macs(const Graph& graph);

/// Elements of the constant weights of conv, conv_transpose and gemm, and of constant right sides of matmul,
/// without biases; a tensor that several nodes share counts once.
std::int64_t conv_gemm_weight_count(const Graph& graph);

/// Elements of floating-point constants that nodes read for `items` items: each once, one that is another in a new
/// shape or transposed with that one. Of a table of which nothing but rows are looked up (gather), no more than the
/// lookups need. Integers (indices, shapes) are none of them: a compiler uses them up.
std::int64_t parameters_read(const Graph& graph, int items);

}  // namespace infsim::graph
