// Algebra on tensors in device DRAM: operations that only change the walk move no data.
#pragma once

#include <optional>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Extents of the axes.
graph::Shape shape_of(const Strided& s);
/// Axes of a row-major tensor of this shape.
std::vector<std::vector<StrideFactor>> row_major_axes(const graph::Shape& shape);

/// The same elements in the same order with other axes; empty if no walk does that.
std::optional<Strided> reshape(const Strided& s, const graph::Shape& shape);
/// Axis i of the result is axis perm[i] of the argument.
Strided transpose(const Strided& s, const std::vector<std::int64_t>& perm);
/// Broadcast to `shape` as numpy does: leading axes are added, extents of 1 repeat.
Strided expand(const Strided& s, const graph::Shape& shape);
/// Every axis repeated `repeats` times.
Strided tile(const Strided& s, const std::vector<std::int64_t>& repeats);
/// `count` elements of axis `axis` from `start` on, `step` (possibly 0 or negative) apart; empty if the axis has
/// several factors that the slice would split.
std::optional<Strided> slice(const Strided& s, std::size_t axis, std::int64_t start, std::int64_t count,
                             std::int64_t step);
/// slice() of neighbouring elements if the axis has several factors and the slice takes whole steps of the outermost
/// one.
std::optional<Strided> slice_of_steps(const Strided& s, std::size_t axis, std::int64_t start, std::int64_t count);
/// Element i of axis `axis` becomes elements i * times .. (i + 1) * times - 1.
Strided repeat_elements(const Strided& s, std::size_t axis, std::int64_t times);

}  // namespace infsim::compiler
