// Two orders of a batch: in files, with the batch on the model's batch axis, and in the chip's memory, item by item.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::flow {

bool is_real(DType t);

/// Whether the file holds one value of the tensor per item of the batch.
bool per_item(const graph::Graph& graph, graph::TensorId id);

/// Shape of a graph tensor for a whole batch in files: [batch, item...], where the batch replaces the 1 that stands for
/// it in the graph, by rule the leading one. As in the graph if the tensor is the same for all items, or if the graph
/// is not batchable.
std::vector<std::int64_t> batch_shape(const graph::Graph& graph, graph::TensorId id, int batch);

/// Converts the elements of a whole batch between the two orders; `to_items` is the direction.
std::vector<std::byte> reordered(const graph::Graph& graph, graph::TensorId id, int batch, std::vector<std::byte> bytes,
                                 bool to_items);

}  // namespace infsim::flow
