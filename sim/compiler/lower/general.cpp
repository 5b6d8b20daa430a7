// The general way for a node that no layout on chip serves directly: operands are fetched from device DRAM in the
// layout that the operator wants, and stored there where somebody wants another one.
#include <algorithm>
#include <numeric>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

Layout lanes_layout(const Shape& shape, int lane_axis, const std::vector<int>& order, int width) {
    Layout layout;
    layout.axes.resize(shape.size());
    layout.phys.lanes = {1};
    if (lane_axis >= 0) {
        const std::int64_t lanes = shape[static_cast<std::size_t>(lane_axis)];
        layout.phys.lanes = split_channels(static_cast<int>(lanes), width);
        if (lanes > 1) layout.axes[static_cast<std::size_t>(lane_axis)] = {{Dim::channel, lanes}};
    }
    std::int64_t step = 1;
    for (auto axis = order.rbegin(); axis != order.rend(); ++axis) {
        if (*axis == lane_axis) continue;
        const std::int64_t extent = shape[static_cast<std::size_t>(*axis)];
        if (extent > 1) layout.axes[static_cast<std::size_t>(*axis)] = {{Dim::col, extent, step}};
        step *= extent;
    }
    layout.phys.cols = static_cast<int>(step);
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
        return image;
    }
    int lanes = rank <= 3 ? rank - 1 : 1;
    const bool tokens = rank == 2 || rank == 3 ? shape[0] == 1 : false;
    if (lanes >= 0 && (rank > 4 || shape[static_cast<std::size_t>(lanes)] == 1) && !tokens)
        lanes = static_cast<int>(std::max_element(shape.begin(), shape.end()) - shape.begin());
    return lanes_layout(shape, lanes, order, width);
}

// --- tensors in device DRAM -------------------------------------------------------------------------

DType Lowering::chip_dtype(TensorId id) const {
    switch (const DType t = graph_.tensor(id).dtype) {
        case DType::i64:
        case DType::i32: return DType::i32;
        case DType::u8:
        case DType::i8:
        case DType::boolean: return t;
        default: return dtype_;
    }
}

DType Lowering::dtype_of(const Strided& s) const {
    switch (s.source) {
        case Strided::Source::scratch: return net_.values.at(static_cast<std::size_t>(s.index)).dtype;
        case Strided::Source::input: return chip_dtype(graph_.inputs.at(static_cast<std::size_t>(s.index)));
        case Strided::Source::constant: return chip_dtype(s.index);
        case Strided::Source::literal: break;
    }
    return dtype_;
}

Strided Lowering::strided_of(TensorId id) {
    if (id == graph::kNoTensor) throw NotSupported{"an absent operand"};
    if (const auto found = strided_.find(id); found != strided_.end()) return found->second;
    if (is_constant(id)) return {Strided::Source::constant, id, 0, row_major_axes(shape(id))};
    const auto found = views_.find(id);
    if (found == views_.end()) throw NotSupported{"an operand that is not there"};
    return strided_[id] = stored(found->second);
}

Strided Lowering::stored(const View& view) {
    const Shape shape = shape_of(view);
    const ValueId scratch = new_value(value(view).name + "/in DRAM", Physical{}, value(view).dtype);
    net_.values.back().scratch_elements = graph::element_count(shape);
    View to;
    to.value = scratch;
    add_layer(*node_, "store", StoreOp{view}, {view}, to);
    return {Strided::Source::scratch, scratch, 0, row_major_axes(shape)};
}

Strided Lowering::contiguous(const Strided& s) {
    return stored(fetched(s, default_layout(shape_of(s), columns_), dtype_of(s)));
}

Strided Lowering::reshaped(const Strided& s, const Shape& shape) {
    if (const auto direct = reshape(s, shape)) return *direct;
    return *reshape(contiguous(s), shape);
}

Strided Lowering::sliced(const Strided& s, std::size_t axis, std::int64_t start, std::int64_t count,
                         std::int64_t step) {
    if (const auto direct = slice(s, axis, start, count, step)) return *direct;
    return *slice(contiguous(s), axis, start, count, step);
}

View Lowering::fetched(std::vector<FetchBox> boxes, const Layout& layout, DType dtype, std::optional<float> fill) {
    const bool mixed = std::any_of(boxes.begin(), boxes.end(),
                                   [&](const FetchBox& b) { return b.from.source != boxes[0].from.source; });
    if (mixed)  // of one element type, whatever the host sends
        for (FetchBox& b : boxes)
            if (b.from.source == Strided::Source::input) b.from = contiguous(b.from);
    FetchOp op;
    op.fill = fill;
    op.from_dtype = dtype;
    std::vector<View> inputs;
    for (const FetchBox& b : boxes)
        if (b.from.source == Strided::Source::scratch) {
            op.from_dtype = dtype_of(b.from);
            View in;
            in.value = b.from.index;
            inputs.push_back(in);
        }
    op.to = fresh(layout, dtype);
    op.boxes = std::move(boxes);
    const View to = op.to;
    add_layer(*node_, "fetch", std::move(op), inputs, to);
    return to;
}

View Lowering::fetched(const Strided& s, const Layout& layout, DType dtype) {
    return fetched(std::vector<FetchBox>{{s, {}, {}}}, layout, dtype);
}

void Lowering::bind_reshaped(TensorId id, const View& view) {
    if (const auto direct = reshape(view, phys_of(view), shape(id))) views_[id] = *direct;
    else strided_[id] = *reshape(stored(view), shape(id));
}

// --- pieces -----------------------------------------------------------------------------------------

View Lowering::fresh(const Layout& layout, DType dtype) {
    if (layout.phys.plane() > 65535) throw NotSupported{"more than 65535 elements of one tensor on a partition"};
    return whole(new_value(graph_.tensor(node_->outputs[0]).name, layout.phys, dtype), layout.axes);
}

Layout Lowering::layout_for(const Node& node) {
    const Shape& wanted = shape(node.outputs[0]);
    const View* best = nullptr;
    for (const TensorId id : node.inputs) {
        const auto found = id == graph::kNoTensor ? views_.end() : views_.find(id);
        if (found == views_.end() || shape(id) != wanted) continue;
        if (best == nullptr ||
            (value(*best).input != graph::kNoTensor && value(found->second).input == graph::kNoTensor))
            best = &found->second;
    }
    return best != nullptr ? layout_of(*best) : default_layout(wanted, columns_);
}

View Lowering::operand(TensorId id, const Shape& shape, const Layout& layout) {
    const auto found = views_.find(id);
    if (found != views_.end() && shape_of(found->second) == shape && layout_of(found->second) == layout)
        return found->second;
    const Strided from = strided_of(id);
    return fetched(expand(from, shape), layout, dtype_of(from));
}

View Lowering::act(const View& x, program::ActFunction function, float scale, float bias, DType dtype) {
    const View out = fresh(layout_of(x), dtype);
    add_layer(*node_, std::string(graph::op_name(node_->op)), UnaryOp{function, scale, bias}, {x}, out);
    return out;
}

View Lowering::alu(const View& x, program::AluOp op0, float s0, program::AluOp op1, float s1, DType dtype) {
    ScalarOp op;
    op.first = {op0, s0, graph::kNoTensor};
    op.second = {op1, s1, graph::kNoTensor};
    const View out = fresh(layout_of(x), dtype);
    add_layer(*node_, std::string(graph::op_name(node_->op)), op, {x}, out);
    return out;
}

View Lowering::combine(const View& a, const View& b, program::AluOp op, DType dtype, int inner) {
    const View out = fresh(layout_of(a), dtype);
    add_layer(*node_, std::string(graph::op_name(node_->op)), BinaryOp{op, false, inner}, {a, b}, out);
    return out;
}

void Lowering::lower_general(const Node& node) {
    if (general_elementwise(node) || general_movement(node) || general_reduction(node) || general_matrix(node)) return;
    throw NotSupported{"operator " + std::string(graph::op_name(node.op)) +
                       " is not supported by the compiler in this form"};
}

}  // namespace infsim::compiler
