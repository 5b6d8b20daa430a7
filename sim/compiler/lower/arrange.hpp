// Tensors brought into another order on chip without leaving their partitions: slices, padding, repetition, and
// concatenation along axes that lie in the planes.
#pragma once

#include <optional>
#include <vector>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// By axis: output index i takes input index list[i], or none where that is negative. An empty list: all, in order.
using IndexLists = std::vector<std::vector<std::int64_t>>;

/// Tensor `id`, on chip, with the elements that `lists` names; what has none becomes `fill`. A part of the tensor's own
/// slots moves nothing. Nothing where the tensor is not on chip, elements would change partitions, or it takes too many
/// instructions.
std::optional<View> selected_on_chip(Lowering& low, graph::TensorId id, const IndexLists& lists,
                                     std::optional<float> fill = std::nullopt);
/// selected_on_chip of `in` becomes `out`, in its shape; false, and nothing has happened, where that is not possible.
bool select_on_chip(Lowering& low, graph::TensorId in, graph::TensorId out, const IndexLists& lists,
                    std::optional<float> fill = std::nullopt);
/// One axis of a tensor resampled: output index i is the sum of what each tap picks, times its weight.
struct Resampled {
    std::size_t axis = 0;
    std::vector<std::vector<std::int64_t>> picks;  ///< by tap
    std::vector<std::vector<float>> weights;
};
/// Tensor `in` resampled axis by axis becomes `out`; false as above.
bool resample_on_chip(Lowering& low, graph::TensorId in, graph::TensorId out, const std::vector<Resampled>& axes);
/// The inputs of `node` one after the other along `axis`, which lies in their planes; false as above.
bool concatenate_on_chip(Lowering& low, const graph::Node& node, std::size_t axis);
/// The tensor broadcast to `shape` in this very layout, copied on chip; nothing as above.
std::optional<View> broadcast_on_chip(Lowering& low, graph::TensorId id, const graph::Shape& shape,
                                      const Layout& layout);

}  // namespace infsim::compiler
