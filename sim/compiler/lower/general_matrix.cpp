// Products of any shapes, and windows over images that do not lie on chip as images.
#include <algorithm>
#include <numeric>

#include "compiler/lower/lowering.hpp"
#include "graph/einsum.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;
using program::AluOp;

View Lowering::image_of(TensorId id) {
    const auto found = views_.find(id);
    const Shape& s = shape(id);
    if (found != views_.end() && s.size() == 4 && is_image(found->second)) return found->second;
    if (s.size() != 3 && s.size() != 4) throw NotSupported{"windows over other than one or two spatial axes"};
    if (s[0] != 1) throw NotSupported{"several images in one tensor: its leading axis must be the batch"};
    const Strided from = strided_of(id);
    const Shape image = s.size() == 4 ? s : Shape{1, s[1], 1, s[2]};
    return fetched(reshaped(from, image), default_layout(image, columns_), dtype_of(from));
}

// --- products ---------------------------------------------------------------------------------------

namespace {

/// [heads, contraction, others] with the contraction on partitions, in slots of their own for every head.
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

}  // namespace

View Lowering::product(const Strided& a, const Strided& b, bool rows_on_lanes) {
    const Shape as = shape_of(a), bs = shape_of(b);
    const std::int64_t heads = as[0], m = as[1], k = as[2], n = bs[2];
    const View left = fetched(transpose(a, {0, 2, 1}), head_layout(heads, k, m, columns_), dtype_);
    const View right = fetched(b, head_layout(heads, k, n, columns_), dtype_);
    const Layout layout = head_layout(heads, rows_on_lanes ? m : n, rows_on_lanes ? n : m, columns_);
    View out = fresh(layout, dtype_);
    const std::vector<View> operands = rows_on_lanes ? std::vector<View>{left, right} : std::vector<View>{right, left};
    add_layer(*node_, "matmul", HeadMatmulOp{static_cast<int>(heads), 1.0F}, operands, out).macs = heads * m * k * n;
    if (!rows_on_lanes) std::swap(out.axes[1], out.axes[2]);
    return out;
}

void Lowering::general_matmul(const Node& node) {
    const TensorId out = node.outputs[0];
    Shape as = shape(node.inputs[0]), bs = shape(node.inputs[1]);
    if (as.size() == 1) as.insert(as.begin(), 1);
    if (bs.size() == 1) bs.push_back(1);
    const auto leading = [](const Shape& s) { return Shape(s.begin(), s.end() - 2); };
    Shape batch = leading(as).size() >= leading(bs).size() ? leading(as) : leading(bs);
    for (const Shape& s : {leading(as), leading(bs)})
        for (std::size_t i = 0; i < s.size(); ++i) {
            auto& extent = batch[batch.size() - s.size() + i];
            extent = std::max(extent, s[i]);
        }
    const std::int64_t heads = graph::element_count(batch);
    const auto matrices = [&](TensorId id, const Shape& s) {
        Shape full = batch;
        full.insert(full.end(), s.end() - 2, s.end());
        return reshaped(expand(reshaped(strided_of(id), s), full), {heads, s[s.size() - 2], s.back()});
    };
    const bool rows_on_lanes = consumed_along_columns(out);
    const View y = product(matrices(node.inputs[0], as), matrices(node.inputs[1], bs), rows_on_lanes);
    if (node.op == Op::gemm && node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor) {
        View flat = y;
        flat.axes.erase(flat.axes.begin());  // one head
        const View bias = operand(node.inputs[2], shape(out), layout_of(flat));
        views_[out] = combine(flat, bias, AluOp::add, chip_dtype(out));
        return;
    }
    if (batch.size() > 1) {  // the heads' axis is several again: slots count them all
        View split = y;
        split.axes.erase(split.axes.begin());
        std::int64_t step = ceil_div(rows_on_lanes ? as[as.size() - 2] : bs.back(), columns_);
        for (std::size_t i = batch.size(); i-- > 0;) {
            split.axes.insert(split.axes.begin(),
                              batch[i] > 1 ? std::vector<Factor>{{Dim::slot, batch[i], step}} : std::vector<Factor>{});
            step *= batch[i];
        }
        bind_reshaped(out, split);
        return;
    }
    bind_reshaped(out, y);
}

void Lowering::general_einsum(const Node& node) {
    const TensorId out = node.outputs[0];
    std::vector<Shape> shapes;
    for (const TensorId id : node.inputs) shapes.push_back(shape(id));
    const graph::EinsumEquation equation = graph::parse_einsum(graph::attribute_string(node, "equation"), shapes);
    std::string labels = equation.output;
    for (const std::string& operand : equation.operands)
        for (const char c : operand)
            if (labels.find(c) == std::string::npos) labels += c;
    Shape full;
    for (const char c : labels) full.push_back(equation.extents.at(c));
    std::vector<bool> mask(full.size(), false);
    std::fill(mask.begin() + static_cast<std::ptrdiff_t>(equation.output.size()), mask.end(), true);
    int lanes = equation.output.empty() ? -1 : 0;
    for (std::size_t a = 0; a < equation.output.size(); ++a)
        if (full[a] > full[static_cast<std::size_t>(lanes)]) lanes = static_cast<int>(a);
    std::vector<int> order(full.size());
    std::iota(order.begin(), order.end(), 0);
    const Layout layout = lanes_layout(full, lanes, order, columns_);
    std::optional<View> total;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const Strided s = strided_of(node.inputs[i]);
        Strided aligned = s;
        aligned.axes.assign(full.size(), {});
        for (std::size_t a = 0; a < s.axes.size(); ++a) {
            auto& axis = aligned.axes[labels.find(equation.operands[i][a])];
            if (s.axes[a].size() > 1) throw NotSupported{"an einsum of a tensor that is not laid out plainly"};
            if (axis.empty()) axis = s.axes[a];
            else axis[0].stride += s.axes[a].empty() ? 0 : s.axes[a][0].stride;  // a diagonal
        }
        const View x = fetched(expand(aligned, full), layout, dtype_of(s));
        total = total ? combine(*total, x, AluOp::multiply, chip_dtype(out)) : x;
    }
    View y = labels.size() > equation.output.size() ? reduce(*total, AluOp::add, mask, 1, chip_dtype(out)) : *total;
    y.axes.resize(equation.output.size());
    views_[out] = y;
}

// --- windows ----------------------------------------------------------------------------------------

namespace {

/// One axis of windows.
struct Windows {
    int kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
};

PoolOp pool_of(bool average, bool count_include_pad, const Windows& rows, const Windows& cols) {
    PoolOp op;
    op.average = average;
    op.count_include_pad = count_include_pad;
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

}  // namespace

/// Channels of all images lie one after the other. Means and maxima over boxes are taken over the last two axes
/// first and then over the one before, which is the same number.
void Lowering::general_pool(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Shape &from = shape(in), &to = shape(out);
    const std::size_t axes = from.size() - 2;
    if (axes > 3) throw NotSupported{"pooling over more than three axes"};
    const bool global = node.op == Op::global_average_pool || node.op == Op::global_max_pool;
    const bool average = node.op == Op::average_pool || node.op == Op::global_average_pool;
    const bool include = !global && average && graph::attribute_int(node, "count_include_pad") != 0;
    std::vector<Windows> windows;
    for (std::size_t i = 0; i < axes; ++i) {
        const auto at = [&](const char* name, std::size_t k) {
            return static_cast<int>(graph::attribute_ints(node, name).at(k));
        };
        if (global) windows.push_back({static_cast<int>(from[i + 2]), 1, 1, 0, 0});
        else
            windows.push_back({at("kernel_shape", i), at("strides", i),
                               graph::has_attribute(node, "dilations") ? at("dilations", i) : 1, at("pads", i),
                               at("pads", i + axes)});
    }
    const std::int64_t depth = axes == 3 ? from[2] : 1, rows = axes >= 2 ? from[axes] : 1, cols = from.back();
    const std::int64_t out_rows = axes >= 2 ? to[axes] : 1, channels = from[0] * from[1];
    const DType dtype = chip_dtype(out);
    const Strided source = strided_of(in);
    const auto pooled = [&](const Strided& s, std::int64_t c, std::int64_t h, std::int64_t w, const Windows& wr,
                            const Windows& wc, std::int64_t oh, std::int64_t ow) {
        const View x = fetched(reshaped(s, {1, c, h, w}), default_layout({1, c, h, w}, columns_), dtype_of(s));
        const View y = fresh(default_layout({1, c, oh, ow}, columns_), dtype);
        add_layer(node, average ? "avgpool" : "maxpool", pool_of(average, include, wr, wc), {x}, y);
        return y;
    };
    View y = pooled(source, channels * depth, rows, cols, axes >= 2 ? windows[axes - 2] : Windows{}, windows.back(),
                    out_rows, to.back());
    if (axes < 3) return bind_reshaped(out, y);
    const Strided planes = transpose(reshaped(stored(y), {channels, depth, out_rows, to.back()}), {0, 2, 1, 3});
    y = pooled(planes, channels * out_rows, depth, to.back(), windows[0], Windows{}, to[2], to.back());
    const Strided result = transpose(reshaped(stored(y), {channels, out_rows, to[2], to.back()}), {0, 2, 1, 3});
    bind(out, reshaped(result, to));
}

/// The input with its elements `strides` apart and zeros between them, as an image.
Strided Lowering::zero_inserted(const Node& node, std::int64_t& rows, std::int64_t& cols) {
    const TensorId in = node.inputs[0];
    const Shape& s = shape(in);
    const auto& strides = graph::attribute_ints(node, "strides");
    const Shape image = s.size() == 4 ? s : Shape{1, s[1], 1, s[2]};
    const std::int64_t row_step = s.size() == 4 ? strides[0] : 1, col_step = strides.back();
    rows = (image[2] - 1) * row_step + 1;
    cols = (image[3] - 1) * col_step + 1;
    const Strided from = reshaped(strided_of(in), image);
    if (row_step == 1 && col_step == 1) return from;
    FetchBox box{from, {0, 0, 0, 0}, {1, 1, row_step, col_step}};
    const View spread =
        fetched(std::vector<FetchBox>{box}, default_layout({1, image[1], rows, cols}, columns_), dtype_of(from), 0.0F);
    return stored(spread);
}

/// A convolution of the spread-out input by the filter turned round. Pads beyond the reach of the filter cut off rows
/// and columns: there the input is spread into a frame that is smaller.
void Lowering::general_conv_transpose(const Node& node) {
    const TensorId out = node.outputs[0];
    if (!is_constant(node.inputs[1])) throw NotSupported{"a transposed convolution whose weights are not constant"};
    if (shape(node.inputs[0])[0] != 1)
        throw NotSupported{"several images in one tensor: its leading axis must be the batch"};
    Shape w = shape(node.inputs[1]), to = shape(out), dilations = graph::attribute_ints(node, "dilations");
    Shape pads = graph::attribute_ints(node, "pads");
    if (w.size() != 3 && w.size() != 4) throw NotSupported{"a transposed convolution over more than two axes"};
    const bool one_axis = w.size() == 3;
    if (one_axis) {
        w.insert(w.end() - 1, 1);
        to.insert(to.end() - 1, 1);
        dilations.insert(dilations.begin(), 1);
        pads = {0, pads[0], 0, pads[1]};
    }
    const auto groups = static_cast<int>(graph::attribute_int(node, "group"));
    if (groups != 1) throw NotSupported{"a transposed convolution in groups"};
    std::int64_t rows = 1, cols = 1;
    const Strided spread = zero_inserted(node, rows, cols);
    const std::int64_t before_rows = dilations[0] * (w[2] - 1) - pads[0],
                       before_cols = dilations[1] * (w[3] - 1) - pads[1];
    if (before_rows < 0 || before_cols < 0)
        throw NotSupported{"a transposed convolution padded by more than its filter reaches"};
    const Shape image = {1, w[0], rows, cols};
    const View x = fetched(spread, default_layout(image, columns_), dtype_of(spread));
    ConvOp op;  // weights [in, out, rows, cols], both filter axes backwards
    op.weight = {node.inputs[1], w[2] * w[3], w[1] * w[2] * w[3], -w[3], -1};
    op.weight.base = w[2] * w[3] - 1;
    if (node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor) {
        if (!is_constant(node.inputs[2])) throw NotSupported{"a bias that is not constant"};
        op.bias = node.inputs[2];
    }
    op.kernel_rows = static_cast<int>(w[2]);
    op.kernel_cols = static_cast<int>(w[3]);
    op.dilation_rows = static_cast<int>(dilations[0]);
    op.dilation_cols = static_cast<int>(dilations[1]);
    op.pad_top = static_cast<int>(before_rows);
    op.pad_left = static_cast<int>(before_cols);
    View y = fresh(default_layout(to, columns_), dtype_);
    add_layer(node, "conv", op, {x}, y).macs = to[2] * to[3] * w[0] * w[1] * w[2] * w[3];
    if (one_axis) y.axes.erase(y.axes.begin() + 2);
    views_[out] = y;
}

bool Lowering::general_matrix(const Node& node) {
    switch (node.op) {
        case Op::matmul:
        case Op::gemm: general_matmul(node); return true;
        case Op::einsum: general_einsum(node); return true;
        case Op::max_pool:
        case Op::average_pool:
        case Op::global_average_pool:
        case Op::global_max_pool: general_pool(node); return true;
        case Op::conv_transpose: general_conv_transpose(node); return true;
        default: return false;
    }
}

}  // namespace infsim::compiler
