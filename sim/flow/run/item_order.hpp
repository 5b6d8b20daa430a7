// Batches as files hold them, the batch on whatever axis the model has it, and as the chip's memory does, item by item.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::flow {

bool is_real(DType t);

/// Whether the file holds one value of the tensor per item of the batch.
bool per_item(const graph::Graph& graph, graph::TensorId id);

/// Shape of a graph tensor for a whole batch as files have it: [batch, item...], the batch in the place of the 1 that
/// stands for it in the graph, which is the leading one by rule. As in the graph where the tensor is the same for all
/// items, or the graph is one whole.
std::vector<std::int64_t> batch_shape(const graph::Graph& graph, graph::TensorId id, int batch);

/// Elements of a whole batch, moved between the two orders: `to_items` says which way.
std::vector<std::byte> reordered(const graph::Graph& graph, graph::TensorId id, int batch, std::vector<std::byte> bytes,
                                 bool to_items);

}  // namespace infsim::flow
