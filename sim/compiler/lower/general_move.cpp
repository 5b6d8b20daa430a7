#include <algorithm>
#include <numeric>

#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/arrange.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

namespace {

std::vector<std::int64_t> counted(std::int64_t start, std::int64_t count, std::int64_t step) {
    std::vector<std::int64_t> list;
    for (std::int64_t i = 0; i < count; ++i) list.push_back(start + i * step);
    return list;
}

/// Cuts a part of one axis, with `by` elements on each partition: the first and the last partition if they are shared
/// with other parts, and what lies between.
std::vector<std::pair<std::int64_t, std::int64_t>> cut_at(std::int64_t first, std::int64_t count, std::int64_t by) {
    std::vector<std::pair<std::int64_t, std::int64_t>> parts;  // (first, count)
    while (count > 0) {
        const std::int64_t inside = first % by;
        const std::int64_t now = inside > 0 || count < by ? std::min(count, by - inside) : count / by * by;
        parts.emplace_back(first, now);
        first += now;
        count -= now;
    }
    return parts;
}

/// Indices [at, at + count) of the concatenated axis.
struct ConcatInput {
    Strided from;
    std::int64_t at = 0, count = 0;
};

/// Concatenates the inputs along `axis`, which is [partitions, rows] in `layout`: whole partitions arrive in one run
/// each. Empty if an input is not a plain walk.
std::optional<View> concatenated_rows(Lowering& low, const std::vector<ConcatInput>& inputs, std::size_t axis,
                                      const Layout& layout, DType dtype) {
    const std::int64_t by = layout.axes[axis][1].extent;
    const auto at_axis = static_cast<std::ptrdiff_t>(axis);
    Layout split = layout;
    split.axes[axis] = {layout.axes[axis][0]};
    split.axes.insert(split.axes.begin() + at_axis + 1, {layout.axes[axis][1]});
    std::vector<FetchBox> boxes;
    for (const ConcatInput& in : inputs)
        for (const auto& [first, n] : cut_at(in.at, in.count, by)) {
            const auto part = slice(in.from, axis, first - in.at, n, 1);
            if (!part) return std::nullopt;
            Shape shape = shape_of(*part);
            shape[axis] = n < by ? 1 : n / by;
            shape.insert(shape.begin() + at_axis + 1, std::min(n, by));
            auto rows = reshape(*part, shape);
            if (!rows) return std::nullopt;
            FetchBox box{std::move(*rows), Shape(shape.size(), 0), Shape(shape.size(), 1)};
            box.start[axis] = first / by;
            box.start[axis + 1] = first % by;
            boxes.push_back(std::move(box));
        }
    View view = fetched(low, std::move(boxes), split, dtype);
    view.axes = layout.axes;
    return view;
}

}  // namespace

void general_concat(Lowering& low, const Node& node) {
    const TensorId out = node.outputs[0];
    const Shape& to = low.source.shape(out);
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), to.size());
    if (concatenate_on_chip(low, node, axis)) return;
    std::vector<ConcatInput> inputs;
    std::int64_t at = 0;
    for (const TensorId in : node.inputs) {
        const std::int64_t count = low.source.shape(in)[axis];
        if (graph::element_count(low.source.shape(in)) > 0) inputs.push_back({strided_of(low, in), at, count});
        at += count;
    }
    const Layout layout = low.free_layout(to);
    const DType dtype = low.source.chip_dtype(out);
    if (layout.axes[axis].size() == 2 && !is_free(layout.axes[axis][0]))
        if (const auto view = concatenated_rows(low, inputs, axis, layout, dtype)) {
            low.at.views[out] = *view;
            return;
        }
    std::vector<FetchBox> boxes;
    for (ConcatInput& in : inputs) {
        FetchBox box{std::move(in.from), Shape(to.size(), 0), Shape(to.size(), 1)};
        box.start[axis] = in.at;
        boxes.push_back(std::move(box));
    }
    low.at.views[out] = fetched(low, std::move(boxes), default_layout(to, low.source.columns), dtype);
}

namespace {

/// The element of an axis of `n` that lies at offset `i` from its start when the axis is padded; -1: none.
std::int64_t padded_index(std::int64_t i, std::int64_t n, const std::string& mode) {
    if (mode == "edge") return std::clamp<std::int64_t>(i, 0, n - 1);
    if (mode == "reflect")
        while (n > 1 && (i < 0 || i >= n)) i = i < 0 ? -i : 2 * (n - 1) - i;
    return i < 0 || i >= n ? -1 : i;
}

}  // namespace

void general_pad(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Shape& from = low.source.shape(in);
    const auto& pads = graph::attribute_ints(node, "pads");
    const std::string& mode = graph::attribute_string(node, "mode");
    std::vector<std::vector<std::int64_t>> indices(from.size());
    for (std::size_t a = 0; a < from.size(); ++a)
        for (std::int64_t i = -pads[a]; i < from[a] + pads[a + from.size()]; ++i)
            indices[a].push_back(padded_index(i, from[a], mode));
    std::optional<float> fill;
    if (mode == "constant") fill = static_cast<float>(graph::attribute_float(node, "value"));
    if (select_on_chip(low, in, out, indices, fill)) return;
    low.at.views[out] = gathered(low, strided_of(low, in), indices, fill);
}

void general_split(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0];
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), low.source.shape(in).size());
    std::int64_t at = 0;
    for (const TensorId out : node.outputs) {
        if (out == graph::kNoTensor) continue;
        const std::int64_t count = low.source.shape(out)[axis];
        IndexLists lists(low.source.shape(in).size());
        lists[axis] = counted(at, count, 1);
        if (!select_on_chip(low, in, out, lists)) bind(low, out, sliced(low, strided_of(low, in), axis, at, count, 1));
        at += count;
    }
}

void general_reshape(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Shape& to = low.source.shape(out);
    if (const auto on_chip = low.at.views.find(in); on_chip != low.at.views.end())
        if (const auto direct = reshape(on_chip->second, low.phys_of(on_chip->second), to)) low.at.views[out] = *direct;
    // The walk in DRAM is free if the tensor is already there, and the last resort if not.
    if (low.at.views.count(out) == 0) bind(low, out, reshaped(low, strided_of(low, in), to));
    else if (low.at.strided.count(in) > 0)
        if (const auto direct = reshape(strided_of(low, in), to)) bind(low, out, *direct);
}

void general_transpose(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const auto& perm = graph::attribute_ints(node, "perm");
    if (const auto on_chip = low.at.views.find(in); on_chip != low.at.views.end())
        low.at.views[out] = transpose(on_chip->second, perm);
    if (low.at.strided.count(in) > 0 || low.at.views.count(out) == 0)
        bind(low, out, transpose(strided_of(low, in), perm));
}

void general_slice(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const auto& axes = graph::attribute_ints(node, "axes");
    const auto &starts = graph::attribute_ints(node, "starts"), &steps = graph::attribute_ints(node, "steps");
    IndexLists lists(low.source.shape(in).size());
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::size_t axis = axis_index(axes[i], lists.size());
        lists[axis] = counted(starts[i], low.source.shape(out)[axis], steps[i]);
    }
    if (select_on_chip(low, in, out, lists)) return;
    Strided s = strided_of(low, in);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::size_t axis = axis_index(axes[i], low.source.shape(in).size());
        s = sliced(low, s, axis, starts[i], low.source.shape(out)[axis], steps[i]);
    }
    bind(low, out, s);
}

void general_depth_space(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Shape& from = low.source.shape(in);
    const std::int64_t b = graph::attribute_int(node, "blocksize"), n = from[0], c = from[1], h = from[2], w = from[3];
    Shape split, perm;
    if (node.op == Op::space_to_depth) {
        split = {n, c, h / b, b, w / b, b};
        perm = {0, 3, 5, 1, 2, 4};
    } else if (graph::attribute_string(node, "mode") == "DCR") {
        split = {n, b, b, c / (b * b), h, w};
        perm = {0, 3, 4, 1, 5, 2};
    } else {
        split = {n, c / (b * b), b, b, h, w};
        perm = {0, 1, 4, 2, 5, 3};
    }
    bind(low, out, reshaped(low, transpose(reshaped(low, strided_of(low, in), split), perm), low.source.shape(out)));
}

void general_expand(Lowering& low, const Node& node) {
    bind(low, node.outputs[0], expand(strided_of(low, node.inputs[0]), low.source.shape(node.outputs[0])));
}

void general_tile(Lowering& low, const Node& node) {
    bind(low, node.outputs[0], tile(strided_of(low, node.inputs[0]), graph::attribute_ints(node, "repeats")));
}

}  // namespace infsim::compiler
