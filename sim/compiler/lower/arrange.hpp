// Rearranges tensors on chip without moving elements to other partitions: slices, padding, repetition, and
// concatenation along axes that lie in the planes.
#pragma once

#include <optional>
#include <vector>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// By axis: output index i takes input index list[i], or nothing if that is negative. An empty list: all, in order.
using IndexLists = std::vector<std::vector<std::int64_t>>;

/// Tensor `id`, on chip, with the elements that `lists` selects; positions without an element become `fill`. Selecting
/// whole slots moves nothing. Empty if the tensor is not on chip, if elements would change partitions, or if it takes
/// too many instructions.
std::optional<View> selected_on_chip(Lowering& low, graph::TensorId id, const IndexLists& lists,
                                     std::optional<float> fill = std::nullopt);
/// Binds selected_on_chip() of `in` to `out`, in its shape; returns false and does nothing if that is not possible.
bool select_on_chip(Lowering& low, graph::TensorId in, graph::TensorId out, const IndexLists& lists,
                    std::optional<float> fill = std::nullopt);
/// One axis of a tensor resampled: output index i is the sum of the elements that the taps pick, times their weights.
struct Resampled {
    std::size_t axis = 0;
    std::vector<std::vector<std::int64_t>> picks;  ///< by tap
    std::vector<std::vector<float>> weights;
};
/// Resamples tensor `in` axis by axis into `out`; false as above.
bool resample_on_chip(Lowering& low, graph::TensorId in, graph::TensorId out, const std::vector<Resampled>& axes);
/// Concatenates the inputs of `node` along `axis`, which lies in their planes; false as above.
bool concatenate_on_chip(Lowering& low, const graph::Node& node, std::size_t axis);
/// The tensor broadcast to `shape` in exactly this layout, copied on chip; empty if that is not possible.
std::optional<View> broadcast_on_chip(Lowering& low, graph::TensorId id, const graph::Shape& shape,
                                      const Layout& layout);

}  // namespace infsim::compiler
