#include "flow/run/item_order.hpp"

#include <algorithm>

namespace infsim::flow {

using graph::Graph;
using graph::Tensor;
using graph::TensorId;

bool is_real(DType t) { return t == DType::fp32 || t == DType::fp16 || t == DType::bf16 || t == DType::fp64; }

bool per_item(const Graph& graph, TensorId id) { return graph.batchable && graph.tensor(id).batched; }

std::vector<std::int64_t> batch_shape(const Graph& graph, TensorId id, int batch) {
    std::vector<std::int64_t> shape = graph.tensor(id).shape;
    if (!per_item(graph, id)) return shape;
    if (!shape.empty() && shape.front() == 1) {
        const auto axis = graph.tensor(id).batch_axis;
        shape.erase(shape.begin());
        shape.insert(shape.begin() + std::min<std::ptrdiff_t>(axis, static_cast<std::ptrdiff_t>(shape.size())), batch);
    } else {
        shape.insert(shape.begin(), batch);
    }
    return shape;
}

std::vector<std::byte> reordered(const Graph& graph, TensorId id, int batch, std::vector<std::byte> bytes,
                                 bool to_items) {
    const Tensor& t = graph.tensor(id);
    if (!per_item(graph, id) || t.batch_axis == 0 || batch == 1) return bytes;
    std::size_t rows = 1;
    for (int a = 1; a <= t.batch_axis; ++a) rows *= static_cast<std::size_t>(t.shape[static_cast<std::size_t>(a)]);
    const auto items = static_cast<std::size_t>(batch);
    const std::size_t piece = bytes.size() / (rows * items);
    std::vector<std::byte> out(bytes.size());
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t item = 0; item < items; ++item) {
            const auto in_file = (row * items + item) * piece, in_memory = (item * rows + row) * piece;
            const auto from = static_cast<std::ptrdiff_t>(to_items ? in_file : in_memory);
            std::copy_n(bytes.begin() + from, piece,
                        out.begin() + static_cast<std::ptrdiff_t>(to_items ? in_memory : in_file));
        }
    return out;
}

}  // namespace infsim::flow
