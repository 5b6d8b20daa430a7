#include "compiler/lower/tensors.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/arrange.hpp"
#include "compiler/lower/plane_order.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/turned.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;

View view_of(Lowering& low, TensorId id) {
    const auto found = low.at.views.find(id);
    if (found != low.at.views.end()) return found->second;
    const Strided from = strided_of(low, id);
    return low.at.views[id] = fetched(low, from, low.free_layout(low.source.shape(id)), dtype_of(low, from));
}

View transposed_lanes(Lowering& low, const Node& node, const View& view, int heads) {
    const auto to = transposed(prospect_of(low, view), heads, low.source.columns);
    INFSIM_CHECK(to.has_value(), "a transpose that nobody asked about");
    View result = low.whole(low.new_value(low.value(view).name + "^T", to->full, to->dtype), to->view.axes);
    low.add_layer(node, "transpose", TransposeOp{heads}, {view}, result);
    return result;
}

View tokens_of(Lowering& low, const Node& node, TensorId id) {
    View view = view_of(low, id);
    if (!turns_to_tokens(prospect_of(low, view))) return view;
    if (const auto found = low.at.tokens.find(id); found != low.at.tokens.end()) return found->second;
    return low.at.tokens[id] = transposed_lanes(low, node, view, 1);
}

bool is_image_on_chip(const Lowering& low, TensorId id) {
    const auto found = low.at.views.find(id);
    return found != low.at.views.end() && low.source.shape(id).size() == 4 && is_image(found->second);
}

Shape image_shape(const Shape& s) {
    if (s.size() == 4) return s;
    return is_long(s) ? Shape{1, s[1], s[2], 1} : Shape{1, s[1], 1, s[2]};
}

bool has_image(const Lowering& low, TensorId id) {
    if (is_image_on_chip(low, id)) return true;
    const Shape& s = low.source.shape(id);
    if ((s.size() != 3 && s.size() != 4) || s[0] != 1) return false;
    const auto from = look_in_dram(low, id);
    if (!from || !is_addressable(default_layout(image_shape(s), low.source.columns))) return false;
    return reshape(*from, image_shape(s)) || is_addressable(low.free_layout(shape_of(*from)));
}

View image_of(Lowering& low, TensorId id) {
    if (is_image_on_chip(low, id)) return low.at.views.at(id);
    const Strided from = strided_of(low, id);
    const Shape image = image_shape(low.source.shape(id));
    return fetched(low, reshaped(low, from, image), default_layout(image, low.source.columns), dtype_of(low, from));
}

View operand(Lowering& low, TensorId id, const Shape& shape, const Layout& layout) {
    const auto found = low.at.views.find(id);
    if (found != low.at.views.end() && shape_of(found->second) == shape && low.layout_of(found->second) == layout)
        return found->second;
    if (const auto copied = broadcast_on_chip(low, id, shape, layout)) return *copied;
    const Strided from = strided_of(low, id);
    return fetched(low, expand(from, shape), layout, dtype_of(low, from));
}

// --- in device DRAM ---------------------------------------------------------------------------------

Strided strided_of(Lowering& low, TensorId id) {
    const auto from = look_in_dram(low, id);
    if (!from) {
        low.refuse(id == graph::kNoTensor ? "an absent operand" : "an operand that is not there");
        return {Strided::Source::literal, 0, 0, {}};  // arbitrary: nobody will see it
    }
    if (from->source != Strided::Source::scratch || from->index >= 0) return *from;
    return low.at.strided[id] = stored(low, low.at.views.at(id));
}

namespace {

/// Applies `op` to `from`; the result has the given layout.
View arranged(Lowering& low, ArrangeOp op, const View& from, const Layout& layout) {
    View out = low.whole(low.new_value(low.value(from).name, layout.phys, low.value(from).dtype), layout.axes);
    low.add_layer(*low.node, "arrange", std::move(op), {from}, out);
    return out;
}

/// Rearranges the elements so that neighbours in device DRAM are neighbours in the planes, if that is worth copies.
View with_runs_in_planes(Lowering& low, const View& view) {
    const Layout layout = low.layout_of(view);
    const auto order = in_order_of({Strided::Source::scratch, 0, 0, row_major_axes(shape_of(view))}, layout);
    const auto op = order ? reordered(low, layout, *order) : std::nullopt;
    return op ? arranged(low, *op, view, *order) : view;
}

}  // namespace

Strided stored(Lowering& low, const View& as_it_lies) {
    const View view = with_runs_in_planes(low, with_rows_on_partitions(low, as_it_lies));
    const Shape shape = shape_of(as_it_lies);
    View to;
    to.value = low.new_value(low.value(view).name + "/in DRAM", Physical{}, low.value(view).dtype);
    low.net.values[to.value].scratch_elements = graph::element_count(shape);
    low.add_layer(*low.node, "store", StoreOp{view}, {view}, to);
    return {Strided::Source::scratch, to.value.value(), 0, row_major_axes(shape)};
}

Strided contiguous(Lowering& low, const Strided& s) {
    return stored(low, fetched(low, s, low.free_layout(shape_of(s)), dtype_of(low, s)));
}

Strided reshaped(Lowering& low, const Strided& s, const Shape& shape) {
    if (const auto direct = reshape(s, shape)) return *direct;
    if (low.refusal) return {Strided::Source::literal, 0, 0, row_major_axes(shape)};  // nobody will see it
    return *reshape(contiguous(low, s), shape);
}

Strided sliced(Lowering& low, const Strided& s, std::size_t axis, std::int64_t start, std::int64_t count,
               std::int64_t step) {
    if (const auto direct = slice(s, axis, start, count, step)) return *direct;
    if (step == 1 && low.options.moves_on_chip)
        if (const auto steps = slice_of_steps(s, axis, start, count)) return *steps;
    return *slice(contiguous(low, s), axis, start, count, step);
}

namespace {

View fetched_as_it_lies(Lowering& low, std::vector<FetchBox> boxes, const Layout& layout, DType dtype,
                        std::optional<float> fill) {
    FetchOp op;
    op.fill = fill;
    op.from_dtype = dtype;
    std::vector<View> inputs;
    for (const FetchBox& b : boxes)
        if (b.from.source == Strided::Source::scratch) {
            op.from_dtype = dtype_of(low, b.from);
            View in;
            in.value = ValueId(b.from.index);
            inputs.push_back(in);
        }
    op.to = fresh(low, layout, dtype);
    op.boxes = std::move(boxes);
    View to = op.to;
    low.add_layer(*low.node, "fetch", std::move(op), inputs, to);
    return to;
}

/// Transposes rows that arrived whole into the wanted layout.
View turned_back(Lowering& low, const View& rows, int heads, const Layout& layout, DType dtype) {
    View out = fresh(low, layout, dtype);
    low.add_layer(*low.node, "transpose", TransposeOp{heads}, {rows}, out);
    return out;
}

}  // namespace

View fetched(Lowering& low, std::vector<FetchBox> boxes, const Layout& layout, DType dtype, std::optional<float> fill) {
    const bool mixed = std::any_of(boxes.begin(), boxes.end(),
                                   [&](const FetchBox& b) { return b.from.source != boxes[0].from.source; });
    if (mixed)  // of one element type, whatever the host sends
        for (FetchBox& b : boxes)
            if (b.from.source == Strided::Source::input) b.from = contiguous(low, b.from);
    Layout whole = layout;
    whole.axes = without_units(std::move(whole.axes));
    const auto t = fill ? std::nullopt : fetched_turned(low, boxes, whole, dtype);
    if (!t) return fetched_as_it_lies(low, std::move(boxes), layout, dtype, fill);
    const View rows = fetched_as_it_lies(low, std::move(boxes), t->layout, dtype, fill);
    return turned_back(low, rows, t->heads, layout, dtype);
}

View fetched(Lowering& low, const Strided& s, const Layout& layout, DType dtype) {
    if (const auto t = fetched_turned(low, s, layout, dtype)) {
        const View rows = fetched_as_it_lies(low, {{*reshape(s, t->shape), {}, {}}}, t->layout, dtype, std::nullopt);
        return turned_back(low, rows, t->heads, layout, dtype);
    }
    if (is_packed(low, s)) return fetched_as_it_lies(low, {{s, {}, {}}}, layout, dtype, std::nullopt);
    const auto order = in_order_of(s, layout);
    const auto op = order ? reordered(low, *order, layout) : std::nullopt;
    if (!op) return fetched_as_it_lies(low, {{s, {}, {}}}, layout, dtype, std::nullopt);
    return arranged(low, *op, fetched_as_it_lies(low, {{s, {}, {}}}, *order, dtype, std::nullopt), layout);
}

View fresh(Lowering& low, const Layout& layout, DType dtype) {
    if (!is_addressable(layout)) low.refuse("more than 65535 elements of one tensor on a partition");
    return low.whole(low.new_value(low.source.name(low.node->outputs[0]), layout.phys, dtype), layout.axes);
}

void bind_reshaped(Lowering& low, TensorId id, const View& view) {
    if (const auto direct = reshape(view, low.phys_of(view), low.source.shape(id))) low.at.views[id] = *direct;
    else bind(low, id, *reshape(stored(low, view), low.source.shape(id)));
}

void bind(Lowering& low, TensorId id, const Strided& s) { low.at.strided[id] = s; }

}  // namespace infsim::compiler
