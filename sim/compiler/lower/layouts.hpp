// How tensors are laid out on chip if the compiler is free to choose.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

using Axes = std::vector<std::vector<Factor>>;

/// Elements on chip from one index of a factor in the plane to the next.
inline std::int64_t plane_step(const Factor& f, const Physical& phys) {
    return f.dim == Dim::row ? f.step * phys.cols : f.step;
}
/// Whether no part of the axis lies across partitions.
inline bool lies_in_plane(const std::vector<Factor>& axis) { return std::all_of(axis.begin(), axis.end(), is_free); }
/// The product of the axes that lie in slots of their own; 1 if there are none.
int heads_in_slots(const Axes& axes);

/// How a tensor lies on chip: the value it fills and its axes.
struct Layout {
    Physical phys;
    Axes axes;
    bool operator==(const Layout& o) const { return phys == o.phys && axes == o.axes; }
};

/// From this many contiguous elements in device DRAM on, a transfer no longer counts as element by element.
constexpr std::int64_t kShortRun = 4;
/// Up to this many elements, transferring a tensor costs less than avoiding the transfer.
constexpr std::int64_t kFewElements = 512;
/// Longer planes lie in rows, so that these may be grouped into bands.
constexpr std::int64_t kLongPlane = 8192;

/// Axis `lane_axis` on partitions in slots of `width` (no axis: -1), the others in the plane, outermost first in the
/// order of `order` (which may name the lane axis; it is skipped). Planes longer than `longest` lie in rows of the
/// innermost axis.
Layout lanes_layout(const graph::Shape& shape, int lane_axis, const std::vector<int>& order, int width,
                    std::int64_t longest = kLongPlane);
/// Splits a plane of one row that has more than `longest` elements into rows of its innermost axis (`innermost` is its
/// extent) or of a part of it.
void break_long_plane(Layout& layout, std::int64_t innermost, std::int64_t longest = kLongPlane);
/// lanes_layout with an axis of many lanes folded: as many of its elements on partitions as a group of slots holds, the
/// rest in rows, which may lie in bands (slots may not). The other axes are columns. Empty if the extent of the axis
/// has no such divisor.
std::optional<Layout> folded_layout(const graph::Shape& shape, int lane_axis, const std::vector<int>& order,
                                    const SlotGeometry& slots);
/// The layout of a tensor without other requirements: an image of one item as images are, otherwise the last of up to
/// three axes on partitions, or the second of four, or the longest.
Layout default_layout(const graph::Shape& shape, int width);
/// The layout of a tensor of many rows of a few elements (boxes and scores of a detector): the rows of each partition
/// are contiguous in device DRAM, [n, c] as [lanes, n / lanes, c]. Empty if the tensor is not like that, or if its
/// number of rows has no divisor that fills half of a group.
std::optional<Layout> thin_layout(const graph::Shape& shape, const SlotGeometry& slots);
/// [heads, lanes, columns] with `lanes` on partitions, in slots of their own for every head.
Layout head_layout(std::int64_t heads, std::int64_t lanes, std::int64_t columns, int width);
/// Whether the plane of a partition can be addressed: at most 65,535 elements of one tensor, or any number of rows of
/// at most that length, which may lie in bands.
bool is_addressable(const Layout& layout);
/// A signal [images, channels, samples] so long that it is treated as an image of one column, which may lie in bands,
/// instead of one row.
bool is_long(const graph::Shape& shape);

/// The axes without factors of one element, which address nothing.
Axes without_units(Axes axes);
/// Axis `axis`, negative from the back, of a shape of `rank`, counted from the front.
std::size_t axis_index(std::int64_t axis, std::size_t rank);
/// ceil of a / b for positive b.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace infsim::compiler
