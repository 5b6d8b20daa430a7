#include "compiler/lower/layouts.hpp"

#include <algorithm>
#include <numeric>

#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using graph::Shape;

namespace {

/// The row length for a long plane whose innermost axis has `extent` elements: that extent, or a part of it.
std::int64_t row_of(std::int64_t extent) {
    constexpr std::int64_t longest = 1024, shortest = 16;
    if (extent <= longest) return extent;
    std::int64_t row = longest;
    while (extent % row != 0) --row;
    return row >= shortest ? row : extent;
}

/// The same positions, with rows of `cols` elements.
void put_in_rows(Layout& layout, std::int64_t cols) {
    layout.phys.rows = static_cast<int>(layout.phys.cols / cols);
    layout.phys.cols = static_cast<int>(cols);
    for (auto& axis : layout.axes)
        for (std::size_t i = 0; i < axis.size(); ++i) {
            Factor& f = axis[i];
            if (f.dim != Dim::col) continue;
            if (f.step % cols == 0) {
                f = {Dim::row, f.extent, f.step / cols};
            } else if (f.extent > cols) {
                f = {Dim::row, f.extent / cols, 1};
                axis.insert(axis.begin() + static_cast<std::ptrdiff_t>(i) + 1, {Dim::col, cols, 1});
                ++i;
            }
        }
}

}  // namespace

void break_long_plane(Layout& layout, std::int64_t innermost, std::int64_t longest) {
    const std::int64_t row = row_of(innermost);
    if (layout.phys.cols > longest && row < layout.phys.cols) put_in_rows(layout, row);
}

Layout lanes_layout(const Shape& shape, int lane_axis, const std::vector<int>& order, int width, std::int64_t longest) {
    Layout layout;
    layout.axes.resize(shape.size());
    layout.phys.lanes = {1};
    if (lane_axis >= 0) {
        const std::int64_t lanes = shape[static_cast<std::size_t>(lane_axis)];
        layout.phys.lanes = split_channels(static_cast<int>(lanes), width);
        if (lanes > 1) layout.axes[static_cast<std::size_t>(lane_axis)] = {{Dim::channel, lanes}};
    }
    std::int64_t step = 1, row = 1;
    for (auto axis = order.rbegin(); axis != order.rend(); ++axis) {
        if (*axis == lane_axis) continue;
        const std::int64_t extent = shape[static_cast<std::size_t>(*axis)];
        if (extent > 1) layout.axes[static_cast<std::size_t>(*axis)] = {{Dim::col, extent, step}};
        step *= extent;
        if (row == 1) row = extent;
    }
    layout.phys.cols = static_cast<int>(step);
    break_long_plane(layout, row, longest);
    return layout;
}

std::optional<Layout> folded_layout(const Shape& shape, int lane_axis, const std::vector<int>& order,
                                    const SlotGeometry& slots) {
    constexpr std::int64_t fewest = 16;
    const std::int64_t extent = shape[static_cast<std::size_t>(lane_axis)];
    std::int64_t lanes = std::min<std::int64_t>(extent, slots.channels());
    while (extent % lanes != 0) --lanes;
    if (lanes < fewest) return std::nullopt;
    Shape inner = shape;
    inner[static_cast<std::size_t>(lane_axis)] = lanes;
    Layout layout = lanes_layout(inner, lane_axis, order, slots.width, INT64_MAX);
    layout.phys.rows = static_cast<int>(extent / lanes);
    layout.axes[static_cast<std::size_t>(lane_axis)] = {{Dim::row, extent / lanes, 1}, {Dim::channel, lanes}};
    return layout;
}

Layout default_layout(const Shape& shape, int width) {
    const int rank = static_cast<int>(shape.size());
    std::vector<int> order(shape.size());
    std::iota(order.begin(), order.end(), 0);
    if (rank == 4 && shape[0] == 1) {
        Layout image = lanes_layout(shape, 1, order, width);
        image.phys.rows = static_cast<int>(shape[2]);
        image.phys.cols = static_cast<int>(shape[3]);
        if (shape[2] > 1) image.axes[2] = {{Dim::row, shape[2]}};
        if (shape[3] > 1) image.axes[3] = {{Dim::col, shape[3]}};
        return image;
    }
    int lanes = rank <= 3 ? rank - 1 : 1;
    const bool tokens = rank == 2 || rank == 3 ? shape[0] == 1 : false;
    if (lanes >= 0 && (rank > 4 || shape[static_cast<std::size_t>(lanes)] == 1) && !tokens)
        lanes = static_cast<int>(std::max_element(shape.begin(), shape.end()) - shape.begin());
    return lanes_layout(shape, lanes, order, width);
}

std::optional<Layout> thin_layout(const Shape& shape, const SlotGeometry& slots) {
    constexpr std::int64_t widest = 8, fewest = 256;
    const std::size_t last = shape.size() - 1;
    if (shape.size() < 2 || shape[last] > widest || graph::element_count(shape) % shape[last] != 0) return std::nullopt;
    std::size_t axis = last;
    for (std::size_t a = 0; a < last; ++a) {
        if (shape[a] == 1) continue;
        if (axis != last) return std::nullopt;
        axis = a;
    }
    const std::int64_t rows = shape[axis], most = slots.channels();
    if (axis == last || rows < fewest) return std::nullopt;
    std::int64_t lanes = std::min<std::int64_t>(rows, most);
    while (rows % lanes != 0) --lanes;
    if (2 * lanes < most || rows / lanes * shape[last] > kLongPlane) return std::nullopt;
    Layout layout;
    layout.phys.lanes = split_channels(static_cast<int>(lanes), slots.width);
    layout.phys.cols = static_cast<int>(rows / lanes * shape[last]);
    layout.axes.resize(shape.size());
    layout.axes[axis] = {{Dim::channel, lanes}, {Dim::col, rows / lanes, shape[last]}};
    layout.axes[last] = {{Dim::col, shape[last]}};
    layout.axes = without_units(std::move(layout.axes));
    return layout;
}

Layout head_layout(std::int64_t heads, std::int64_t lanes, std::int64_t columns, int width) {
    Layout layout;
    for (std::int64_t h = 0; h < heads; ++h)
        for (const int l : split_channels(static_cast<int>(lanes), width)) layout.phys.lanes.push_back(l);
    layout.phys.cols = static_cast<int>(columns);
    const std::int64_t slots = ceil_div(lanes, width);
    layout.axes = {{{Dim::slot, heads, slots}},
                   {{slots == 1 && heads > 1 ? Dim::lane : Dim::channel, lanes}},
                   {{Dim::col, columns}}};
    return layout;
}

int heads_in_slots(const Axes& axes) {
    std::int64_t heads = 1;
    for (const auto& axis : axes)
        for (const Factor& f : axis)
            if (f.dim == Dim::slot) heads *= f.extent;
    return static_cast<int>(heads);
}

bool is_addressable(const Layout& layout) {
    const Physical& phys = layout.phys;
    return phys.plane() <= program::kMostCounted || (phys.rows > 1 && phys.cols <= program::kMostCounted);
}

bool is_long(const Shape& shape) { return shape.size() == 3 && shape[2] > kLongPlane; }

Axes without_units(Axes axes) {
    for (auto& axis : axes)
        axis.erase(std::remove_if(axis.begin(), axis.end(), [](const Factor& f) { return f.extent == 1; }), axis.end());
    return axes;
}

std::size_t axis_index(std::int64_t axis, std::size_t rank) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

}  // namespace infsim::compiler
