// Tensors moving between chip and device DRAM, and transposed on chip. The layers added here run before the one under
// construction.
#pragma once

#include <optional>
#include <vector>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// The tensor on chip; if it is not there, it is fetched in its default layout, and stays.
View view_of(Lowering& low, graph::TensorId id);
/// view_of(), with the last axis on partitions if transposing the tensor on chip achieves that.
View tokens_of(Lowering& low, const graph::Node& node, graph::TensorId id);
/// The tensor with its last two axes exchanged on chip: lanes <-> columns, head by head. Only if `transposed`
/// (prospect.hpp) has an answer.
View transposed_lanes(Lowering& low, const graph::Node& node, const View& view, int heads);
/// The shape of an image; a signal with one spatial axis is an image of one row, a long one of one column.
graph::Shape image_shape(const graph::Shape& shape);
/// image_shape() with channels on partitions. Only if `has_image`.
View image_of(Lowering& low, graph::TensorId id);
/// Whether the tensor lies on chip as an image.
bool is_image_on_chip(const Lowering& low, graph::TensorId id);
bool has_image(const Lowering& low, graph::TensorId id);
/// The tensor broadcast to `shape` in exactly this layout.
View operand(Lowering& low, graph::TensorId id, const graph::Shape& shape, const Layout& layout);

/// The tensor in device DRAM; stored there if necessary.
Strided strided_of(Lowering& low, graph::TensorId id);
/// Writes what is on chip to device DRAM in row-major order.
Strided stored(Lowering& low, const View& view);
/// Converts it, through the chip, to row-major order.
Strided contiguous(Lowering& low, const Strided& s);
/// `reshape` and `slice` of strided.hpp, through the chip if no walk does it.
Strided reshaped(Lowering& low, const Strided& s, const graph::Shape& shape);
Strided sliced(Lowering& low, const Strided& s, std::size_t axis, std::int64_t start, std::int64_t count,
               std::int64_t step);

/// Fetches from device DRAM into a fresh value of this layout.
View fetched(Lowering& low, std::vector<FetchBox> boxes, const Layout& layout, DType dtype,
             std::optional<float> fill = std::nullopt);
View fetched(Lowering& low, const Strided& s, const Layout& layout, DType dtype);
/// A fresh value for the node; refuses what no partition can address.
View fresh(Lowering& low, const Layout& layout, DType dtype);

/// Binds the output of a node to a view of another shape with the same elements in the same order.
void bind_reshaped(Lowering& low, graph::TensorId id, const View& view);
void bind(Lowering& low, graph::TensorId id, const Strided& s);

}  // namespace infsim::compiler
