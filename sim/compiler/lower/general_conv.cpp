// Convolutions other than those of one image by constant weights: over three axes, of several images in one tensor, by
// computed weights.
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"
#include "graph/counts.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;

namespace {

/// One of the three axes that a filter walks along.
struct FilterAxis {
    std::int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;

    std::int64_t padded() const { return before + in + after; }
    /// The outputs for which tap `tap` reads inside the input: [lo, hi).
    std::pair<std::int64_t, std::int64_t> inside(std::int64_t tap) const {
        const std::int64_t shift = tap * dilation - before;
        const std::int64_t lo = shift >= 0 ? 0 : ceil_div(-shift, stride);
        const std::int64_t hi = in - shift <= 0 ? 0 : std::min(out, ceil_div(in - shift, stride));
        return {lo, std::max(lo, hi)};
    }
};

/// Any convolution as one over depth, rows and columns; a missing axis has one element.
struct Conv3 {
    std::int64_t images = 1, channels = 1, outputs = 1, groups = 1;
    FilterAxis depth, rows, cols;
};

Conv3 geometry_of(const Lowering& low, const Node& node) {
    const Shape &x = low.source.shape(node.inputs[0]), &w = low.source.shape(node.inputs[1]),
                &y = low.source.shape(node.outputs[0]);
    const auto &strides = graph::attribute_ints(node, "strides"), &pads = graph::attribute_ints(node, "pads"),
               &dilations = graph::attribute_ints(node, "dilations");
    const std::size_t axes = x.size() - 2;
    Conv3 g;
    g.images = x[0];
    g.channels = x[1];
    g.outputs = y[1];
    g.groups = graph::attribute_int(node, "group");
    FilterAxis* const all[] = {&g.depth, &g.rows, &g.cols};
    for (std::size_t i = 0; i < axes; ++i)
        *all[3 - axes + i] = {x[i + 2], y[i + 2], w[i + 2], strides[i], dilations[i], pads[i], pads[i + axes]};
    return g;
}

/// The input as [images, channels, depth, rows, columns].
Strided input_of(Lowering& low, const Node& node, const Conv3& g) {
    const Shape five = {g.images, g.channels, g.depth.in, g.rows.in, g.cols.in};
    return reshaped(low, strided_of(low, node.inputs[0]), five);
}

// --- with constant weights --------------------------------------------------------------------------

/// The planes of all images and all depths stacked, each with the rows of its padding, so that one convolution over
/// rows and columns handles them all. Taps along the depth are channels.
struct Stack {
    std::int64_t planes = 1, in_rows = 1, out_rows = 1;  ///< rows of one plane
    Shape image, out;

    explicit Stack(const Conv3& g)
        : planes(g.images * g.depth.out),
          out_rows(ceil_div(g.rows.padded(), g.rows.stride)),
          image({1, g.channels * g.depth.kernel, 0, g.cols.in}),
          out({1, g.outputs, planes * out_rows, g.cols.out}) {
        in_rows = out_rows * g.rows.stride;
        image[2] = planes * in_rows;
    }
};

/// An image of `planes` planes of `rows` rows as [channels, planes, rows, columns].
Axes axes_of_planes(const Physical& phys, std::int64_t planes, std::int64_t rows) {
    return without_units({{{Dim::channel, phys.channels()}},
                          {{Dim::row, planes, rows}},
                          {{Dim::row, rows, 1}},
                          {{Dim::col, phys.cols}}});
}

View stacked(Lowering& low, const Node& node, const Conv3& g, const Stack& stack) {
    const Strided x = input_of(low, node, g);
    const Layout layout = default_layout(stack.image, low.source.columns);
    Layout planes = layout;
    planes.axes = axes_of_planes(layout.phys, stack.planes, stack.in_rows);
    std::vector<FetchBox> boxes;
    for (std::int64_t image = 0; image < g.images; ++image)
        for (std::int64_t tap = 0; tap < g.depth.kernel; ++tap) {
            const auto [lo, hi] = g.depth.inside(tap);
            if (lo == hi) continue;
            const std::int64_t from = lo * g.depth.stride + tap * g.depth.dilation - g.depth.before;
            Strided some = sliced(low, sliced(low, x, 0, image, 1, 1), 2, from, hi - lo, g.depth.stride);
            some.axes.erase(some.axes.begin());
            boxes.push_back(
                {std::move(some), {tap, image * g.depth.out + lo, g.rows.before, 0}, {g.depth.kernel, 1, 1, 1}});
        }
    View view = fetched(low, std::move(boxes), planes, dtype_of(low, x), 0.0F);
    view.axes = without_units(layout.axes);
    return view;
}

void conv_by_constant(Lowering& low, const Node& node, const Conv3& g) {
    const Stack stack(g);
    const View x = stacked(low, node, g, stack);
    const Shape& w = low.source.shape(node.inputs[1]);
    ConvOp op;
    const std::int64_t taps = g.rows.kernel * g.cols.kernel;
    op.weight = {node.inputs[1], w[1] * g.depth.kernel * taps, taps, g.cols.kernel, 1};
    if (node.inputs.size() > 2) op.bias = node.inputs[2];
    op.kernel_rows = static_cast<int>(g.rows.kernel);
    op.kernel_cols = static_cast<int>(g.cols.kernel);
    op.stride_rows = static_cast<int>(g.rows.stride);
    op.stride_cols = static_cast<int>(g.cols.stride);
    op.dilation_rows = static_cast<int>(g.rows.dilation);
    op.dilation_cols = static_cast<int>(g.cols.dilation);
    op.pad_left = static_cast<int>(g.cols.before);
    op.groups = static_cast<int>(g.groups);
    const View y = fresh(low, default_layout(stack.out, low.source.columns), low.source.dtype);
    low.add_layer(node, "conv", op, {x}, y).macs = graph::macs(low.source.graph, node);
    // Rows at the end of a plane that reach into the next one are not used.
    const Strided all = reshaped(low, stored(low, y), {g.outputs, stack.planes, stack.out_rows, g.cols.out});
    const Shape five = {g.outputs, g.images, g.depth.out, g.rows.out, g.cols.out};
    const Strided result = transpose(reshaped(low, sliced(low, all, 2, 0, g.rows.out, 1), five), {1, 0, 2, 3, 4});
    bind(low, node.outputs[0], reshaped(low, result, low.source.shape(node.outputs[0])));
}

// --- with computed weights --------------------------------------------------------------------------

/// The input with its zero padding.
Strided with_padding(Lowering& low, const Node& node, const Conv3& g) {
    Strided x = input_of(low, node, g);
    const Shape to = {g.images, g.channels, g.depth.padded(), g.rows.padded(), g.cols.padded()};
    if (shape_of(x) == to) return x;
    const FetchBox box{x, {0, 0, g.depth.before, g.rows.before, g.cols.before}, {1, 1, 1, 1, 1}};
    return stored(
        low, fetched(low, std::vector<FetchBox>{box}, default_layout(to, low.source.columns), dtype_of(low, x), 0.0F));
}

/// A plain axis as [taps, outputs].
std::pair<StrideFactor, StrideFactor> windows(const FilterAxis& axis, const std::vector<StrideFactor>& walk) {
    const std::int64_t step = walk.empty() ? 0 : walk[0].stride;
    return {{axis.kernel, axis.dilation * step}, {axis.out, axis.stride * step}};
}

/// What each output of each group reads: [images * groups, channels of a group * taps, outputs].
Strided columns_of(Lowering& low, const Node& node, const Conv3& g) {
    const Strided x = with_padding(low, node, g);
    const Shape six = {g.images, g.groups, g.channels / g.groups, g.depth.padded(), g.rows.padded(), g.cols.padded()};
    Strided by_group = reshaped(low, x, six);
    if (std::any_of(by_group.axes.begin(), by_group.axes.end(), [](const auto& axis) { return axis.size() > 1; }))
        by_group = *reshape(contiguous(low, x), six);
    Strided columns = by_group;
    columns.axes.assign(3, {});
    for (const std::size_t a : {0U, 1U})
        columns.axes[0].insert(columns.axes[0].end(), by_group.axes[a].begin(), by_group.axes[a].end());
    columns.axes[1] = by_group.axes[2];
    const FilterAxis* const all[] = {&g.depth, &g.rows, &g.cols};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto [taps, outputs] = windows(*all[i], by_group.axes[i + 3]);
        if (taps.extent > 1) columns.axes[1].push_back(taps);
        if (outputs.extent > 1) columns.axes[2].push_back(outputs);
    }
    return columns;
}

/// One product per image and group: the weights times everything the filter sees.
void conv_by_computed(Lowering& low, const Node& node, const Conv3& g) {
    const TensorId out = node.outputs[0];
    const std::int64_t heads = g.images * g.groups, of_group = g.outputs / g.groups;
    const Strided columns = columns_of(low, node, g);
    const std::int64_t reads = shape_of(columns)[1];
    const Strided w = reshaped(low, strided_of(low, node.inputs[1]), {1, g.groups, of_group, reads});
    const Strided weights = reshaped(low, expand(w, {g.images, g.groups, of_group, reads}), {heads, of_group, reads});
    const View y = product(low, weights, columns, true);
    if (node.inputs.size() < 3 || node.inputs[2] == graph::kNoTensor) return bind_reshaped(low, out, y);
    const Strided bias = reshaped(low, strided_of(low, node.inputs[2]), {1, g.groups, of_group, 1});
    const Shape four = {g.images, g.groups, of_group, shape_of(columns)[2]};
    const Strided each = reshaped(low, expand(bias, four), {heads, of_group, four[3]});
    const View added = fetched(low, each, low.layout_of(y), dtype_of(low, bias));
    bind_reshaped(low, out, combine(low, y, added, program::AluOp::add, low.source.chip_dtype(out)));
}

}  // namespace

Refusal refuse_conv(const Lowering& low, const Node& node) {
    if (low.source.shape(node.inputs[0]).size() > 5) return "a convolution over more than three axes";
    return std::nullopt;
}

void general_conv(Lowering& low, const Node& node) {
    const bool computed_bias =
        node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor && !low.source.is_constant(node.inputs[2]);
    const Conv3 g = geometry_of(low, node);
    if (low.source.is_constant(node.inputs[1]) && !computed_bias) conv_by_constant(low, node, g);
    else conv_by_computed(low, node, g);
}

}  // namespace infsim::compiler
