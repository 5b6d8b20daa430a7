#include <string>

#include "compiler/ir/strided.hpp"
#include "compiler/lower/arrange.hpp"
#include "compiler/lower/conv_geometry.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"
#include "graph/counts.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

namespace {

/// The windows along one axis.
struct Windows {
    int kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
};

bool is_global(Op op) { return op == Op::global_average_pool || op == Op::global_max_pool; }
bool is_average(Op op) { return op == Op::average_pool || op == Op::global_average_pool; }

std::vector<Windows> windows_of(const Node& node, const Shape& from) {
    const std::size_t axes = from.size() - 2;
    std::vector<Windows> windows;
    for (std::size_t i = 0; i < axes; ++i) {
        const auto at = [&](const char* name, std::size_t k) {
            return static_cast<int>(graph::attribute_ints(node, name).at(k));
        };
        if (is_global(node.op)) windows.push_back({static_cast<int>(from[i + 2]), 1, 1, 0, 0});
        else
            windows.push_back({at("kernel_shape", i), at("strides", i),
                               graph::has_attribute(node, "dilations") ? at("dilations", i) : 1, at("pads", i),
                               at("pads", i + axes)});
    }
    return windows;
}

PoolOp pool_of(const Node& node, const Windows& rows, const Windows& cols) {
    PoolOp op;
    op.average = is_average(node.op);
    op.count_include_pad = !is_global(node.op) && op.average && graph::attribute_int(node, "count_include_pad") != 0;
    op.kernel_rows = rows.kernel;
    op.stride_rows = rows.stride;
    op.dilation_rows = rows.dilation;
    op.pad_top = rows.before;
    op.pad_bottom = rows.after;
    op.kernel_cols = cols.kernel;
    op.stride_cols = cols.stride;
    op.dilation_cols = cols.dilation;
    op.pad_left = cols.before;
    op.pad_right = cols.after;
    return op;
}

/// Pools `s`, as an image [1, channels, rows, columns], to `rows` x `cols`.
View pooled(Lowering& low, const Node& node, const Strided& s, const Shape& image, const PoolOp& op, std::int64_t rows,
            std::int64_t cols) {
    const int width = low.source.columns;
    const View x = fetched(low, reshaped(low, s, image), default_layout(image, width), dtype_of(low, s));
    View y = fresh(low, default_layout({1, image[1], rows, cols}, width), low.source.chip_dtype(node.outputs[0]));
    low.add_layer(node, op.average ? "avgpool" : "maxpool", op, {x}, y);
    return y;
}

}  // namespace

Refusal refuse_pool(const Lowering& low, const Node& node) {
    if (low.source.shape(node.inputs[0]).size() > 5) return "pooling over more than three axes";
    return std::nullopt;
}

/// Channels of all images lie one after the other. Means and maxima over boxes are taken over the last two axes first
/// and then over the one before, which gives the same result.
void general_pool(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Shape &from = low.source.shape(in), &to = low.source.shape(out);
    const std::size_t axes = from.size() - 2;
    const std::vector<Windows> windows = windows_of(node, from);
    const Strided source = strided_of(low, in);
    if (is_long(from)) {
        const PoolOp column = pool_of(node, windows[0], Windows{});
        return bind_reshaped(low, out, pooled(low, node, source, {1, from[0] * from[1], from[2], 1}, column, to[2], 1));
    }
    const std::int64_t depth = axes == 3 ? from[2] : 1, rows = axes >= 2 ? from[axes] : 1, cols = from.back();
    const std::int64_t out_rows = axes >= 2 ? to[axes] : 1, channels = from[0] * from[1];
    const PoolOp planes = pool_of(node, axes >= 2 ? windows[axes - 2] : Windows{}, windows.back());
    View y = pooled(low, node, source, {1, channels * depth, rows, cols}, planes, out_rows, to.back());
    if (axes < 3) return bind_reshaped(low, out, y);
    Strided turned = reshaped(low, stored(low, y), {channels, depth, out_rows, to.back()});
    turned = transpose(turned, {0, 2, 1, 3});
    y = pooled(low, node, turned, {1, channels * out_rows, depth, to.back()}, pool_of(node, windows[0], Windows{}),
               to[2], to.back());
    const Strided result = reshaped(low, stored(low, y), {channels, out_rows, to[2], to.back()});
    bind(low, out, reshaped(low, transpose(result, {0, 2, 1, 3}), to));
}

// --- transposed convolution -------------------------------------------------------------------------

namespace {

/// Every index of an axis, `stride` apart, with nothing in between.
std::vector<std::int64_t> spread_indices(std::int64_t extent, std::int64_t stride) {
    std::vector<std::int64_t> list(static_cast<std::size_t>((extent - 1) * stride + 1), -1);
    for (std::int64_t i = 0; i < extent; ++i) list[static_cast<std::size_t>(i * stride)] = i;
    return list;
}

/// The input with its elements `strides` apart and zeros between them, as an image; `image` becomes its shape.
View zero_inserted(Lowering& low, const Node& node, const ConvGeometry& g, Shape& image) {
    image = {1, g.image[1], (g.image[2] - 1) * g.strides[0] + 1, (g.image[3] - 1) * g.strides[1] + 1};
    const Layout layout = default_layout(image, low.source.columns);
    if (g.unit_axis == 0 && low.source.shape(node.inputs[0]).size() == 4 && is_image_on_chip(low, node.inputs[0])) {
        const IndexLists lists = {
            {}, {}, spread_indices(g.image[2], g.strides[0]), spread_indices(g.image[3], g.strides[1])};
        const auto spread = selected_on_chip(low, node.inputs[0], lists, 0.0F);
        if (spread && low.layout_of(*spread) == Layout{layout.phys, without_units(layout.axes)}) return *spread;
    }
    Strided from = reshaped(low, strided_of(low, node.inputs[0]), g.image);
    if (g.strides[0] != 1 || g.strides[1] != 1) {
        const FetchBox box{from, {0, 0, 0, 0}, {1, 1, g.strides[0], g.strides[1]}};
        from = stored(low, fetched(low, std::vector<FetchBox>{box}, layout, dtype_of(low, from), 0.0F));
    }
    return fetched(low, from, layout, dtype_of(low, from));
}

/// The equivalent convolution: weights [in, out of a group, rows, cols], both filter axes reversed. From the end of a
/// group's outputs to the first output of the next group lie the weights of the remaining inputs.
ConvOp conv_of(const Node& node, const ConvGeometry& g) {
    const Shape& w = g.weights;
    ConvOp op;
    op.weight = {node.inputs[1], w[2] * w[3], w[1] * w[2] * w[3], -w[3], -1};
    op.weight.base = w[2] * w[3] - 1;
    op.groups = static_cast<int>(graph::attribute_int(node, "group"));
    op.weight.group_step = (w[0] / op.groups - 1) * op.weight.sc;
    if (node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor) op.bias = node.inputs[2];
    op.kernel_rows = static_cast<int>(w[2]);
    op.kernel_cols = static_cast<int>(w[3]);
    op.dilation_rows = static_cast<int>(g.dilations[0]);
    op.dilation_cols = static_cast<int>(g.dilations[1]);
    op.pad_top = static_cast<int>(g.dilations[0] * (w[2] - 1) - g.pads[0]);
    op.pad_left = static_cast<int>(g.dilations[1] * (w[3] - 1) - g.pads[1]);
    return op;
}

}  // namespace

Refusal refuse_conv_transpose(const Lowering& low, const Node& node) {
    const std::size_t rank = low.source.shape(node.inputs[1]).size();
    if (!low.source.is_constant(node.inputs[1])) return "a transposed convolution whose weights are not constant";
    if (low.source.shape(node.inputs[0])[0] != 1)
        return "several images in one tensor: its leading axis must be the batch";
    if (rank != 3 && rank != 4) return "a transposed convolution over more than two axes";
    return std::nullopt;
}

/// A convolution of the spread-out input with the reversed filter. Pads beyond the reach of the filter would cut off
/// rows and columns.
void general_conv_transpose(Lowering& low, const Node& node) {
    const TensorId out = node.outputs[0];
    const ConvGeometry g = conv_geometry(low, node, is_long(low.source.shape(out)));
    Shape image;
    const ConvOp op = conv_of(node, g);
    if (op.pad_top < 0 || op.pad_left < 0)
        return low.refuse("a transposed convolution padded by more than its filter reaches");
    if (op.bias != graph::kNoTensor && !low.source.is_constant(op.bias))
        return low.refuse("a bias that is not constant");
    const View x = zero_inserted(low, node, g, image);
    View y = fresh(low, default_layout(g.out, low.source.columns), low.source.dtype);
    low.add_layer(node, "conv", op, {x}, y).macs = graph::macs(low.source.graph, node);
    if (g.unit_axis > 0) y.axes.erase(y.axes.begin() + g.unit_axis);
    low.at.views[out] = y;
}

}  // namespace infsim::compiler
