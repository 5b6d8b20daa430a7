// Reductions over any axes, and the normalisations that are made of them.
#include <algorithm>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;
using program::ActFunction;
using program::AluOp;

namespace {

/// Elements on chip from one index of a free factor to the next.
std::int64_t step_of(const Factor& f, const Physical& phys) { return f.dim == Dim::row ? f.step * phys.cols : f.step; }

bool is_free(const Factor& f) { return f.dim == Dim::row || f.dim == Dim::col; }

/// How many elements of a plane one result takes when the axes of `mask` are innermost in it; 0 when they are not.
int innermost(const View& view, const Physical& phys, const std::vector<bool>& mask) {
    std::vector<std::pair<std::int64_t, std::int64_t>> free;  // (step, extent)
    for (std::size_t a = 0; a < mask.size(); ++a)
        for (const Factor& f : view.axes[a]) {
            if (!mask[a]) continue;
            if (!is_free(f)) return 0;
            free.emplace_back(step_of(f, phys), f.extent);
        }
    std::sort(free.begin(), free.end());
    std::int64_t inner = 1;
    for (const auto& [step, extent] : free) {
        if (step != inner) return 0;
        inner *= extent;
    }
    return static_cast<int>(inner);
}

std::int64_t extent(const Shape& shape, const std::vector<bool>& mask) {
    std::int64_t n = 1;
    for (std::size_t a = 0; a < mask.size(); ++a) n *= mask[a] ? shape[a] : 1;
    return n;
}

}  // namespace

View Lowering::for_reduction(TensorId id, const std::vector<bool>& mask) {
    const auto found = views_.find(id);
    if (found != views_.end() && innermost(found->second, value(found->second).phys, mask) > 0) return found->second;
    const Shape& s = shape(id);
    int lanes = -1;
    std::vector<int> order;
    for (int a = 0; a < static_cast<int>(s.size()); ++a) {
        const auto i = static_cast<std::size_t>(a);
        if (mask[i]) continue;
        if (s[i] > 1 && (lanes < 0 || s[i] > s[static_cast<std::size_t>(lanes)])) lanes = a;
        order.push_back(a);
    }
    for (int a = 0; a < static_cast<int>(s.size()); ++a)
        if (mask[static_cast<std::size_t>(a)]) order.push_back(a);
    const Strided from = strided_of(id);
    return fetched(from, lanes_layout(s, lanes, order, columns_), dtype_of(from));
}

View Lowering::reduce(const View& x, AluOp op, const std::vector<bool>& mask, float scale, DType dtype) {
    const Physical& from = value(x).phys;
    const int inner = innermost(x, from, mask);
    Layout layout{phys_of(x), x.axes};
    layout.phys.rows = 1;
    layout.phys.cols = static_cast<int>(from.plane() / inner);
    for (std::size_t a = 0; a < mask.size(); ++a) {
        if (mask[a]) layout.axes[a].clear();
        for (Factor& f : layout.axes[a])
            if (is_free(f)) f = {Dim::col, f.extent, step_of(f, from) / inner};
    }
    const View out = fresh(layout, dtype);
    add_layer(*node_, "reduce", ReduceOp{op, inner, scale}, {x}, out);
    return out;
}

void Lowering::general_reduce(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const DType dtype = chip_dtype(out);
    std::vector<bool> mask(shape(in).size(), false);
    for (const std::int64_t axis : graph::attribute_ints(node, "axes")) mask[axis_index(axis, mask.size())] = true;
    const View x = for_reduction(in, mask);
    const auto sum = [&](const View& v) { return reduce(v, AluOp::add, mask, 1, dtype); };
    const auto apply = [&](const View& v, ActFunction f) { return act(v, f, 1, 0, dtype); };
    View y;
    switch (node.op) {
        case Op::reduce_mean:
            y = reduce(x, AluOp::add, mask, 1.0F / static_cast<float>(extent(shape(in), mask)), dtype);
            break;
        case Op::reduce_max: y = reduce(x, AluOp::max, mask, 1, dtype); break;
        case Op::reduce_min: y = reduce(x, AluOp::min, mask, 1, dtype); break;
        case Op::reduce_prod: y = reduce(x, AluOp::multiply, mask, 1, dtype); break;
        case Op::reduce_sum_square: y = sum(apply(x, ActFunction::square)); break;
        case Op::reduce_l1: y = sum(apply(x, ActFunction::abs)); break;
        case Op::reduce_l2: y = apply(sum(apply(x, ActFunction::square)), ActFunction::sqrt); break;
        case Op::reduce_log_sum: y = apply(sum(x), ActFunction::log); break;
        case Op::reduce_log_sum_exp: {
            const View most = reduce(x, AluOp::max, mask, 1, dtype);
            const int inner = innermost(x, value(x).phys, mask);
            const View exps = apply(combine(x, most, AluOp::subtract, dtype, inner), ActFunction::exp);
            y = combine(apply(sum(exps), ActFunction::log), most, AluOp::add, dtype);
            break;
        }
        default: y = sum(x);
    }
    View bound = y;  // an axis that is reduced has no factors: it stays or goes
    bound.axes.clear();
    const bool keep = graph::attribute_int(node, "keepdims") != 0;
    for (std::size_t a = 0; a < mask.size(); ++a)
        if (!mask[a] || keep) bound.axes.push_back(y.axes[a]);
    views_[out] = bound;
}

void Lowering::general_softmax(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    std::vector<bool> mask(shape(in).size(), false);
    mask[axis_index(graph::attribute_int(node, "axis"), mask.size())] = true;
    const View x = for_reduction(in, mask);
    const int inner = innermost(x, value(x).phys, mask);
    const View centred = combine(x, reduce(x, AluOp::max, mask, 1, DType::fp32), AluOp::subtract, DType::fp32, inner);
    const View exps = act(centred, ActFunction::exp, 1, 0, DType::fp32);
    const View sum = reduce(exps, AluOp::add, mask, 1, DType::fp32);
    if (node.op == Op::log_softmax)
        views_[out] = combine(centred, act(sum, ActFunction::log, 1, 0, DType::fp32), AluOp::subtract, dtype_, inner);
    else views_[out] = combine(exps, sum, AluOp::divide, dtype_, inner);
}

namespace {

/// The axes from `first` on.
std::vector<bool> from_axis(std::size_t rank, std::size_t first) {
    std::vector<bool> mask(rank, false);
    std::fill(mask.begin() + static_cast<std::ptrdiff_t>(first), mask.end(), true);
    return mask;
}

}  // namespace

void Lowering::general_layer_norm(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Shape& s = shape(in);
    const std::vector<bool> mask = from_axis(s.size(), axis_index(graph::attribute_int(node, "axis"), s.size()));
    const View x = for_reduction(in, mask);
    const int inner = innermost(x, value(x).phys, mask);
    const float share = 1.0F / static_cast<float>(extent(s, mask));
    const View centred =
        combine(x, reduce(x, AluOp::add, mask, share, DType::fp32), AluOp::subtract, DType::fp32, inner);
    const View variance =
        reduce(act(centred, ActFunction::square, 1, 0, DType::fp32), AluOp::add, mask, share, DType::fp32);
    const View norm =
        act(variance, ActFunction::rsqrt, 1, static_cast<float>(graph::attribute_float(node, "epsilon")), DType::fp32);
    View y = combine(centred, norm, AluOp::multiply, dtype_, inner);
    y = combine(y, operand(node.inputs[1], s, layout_of(y)), AluOp::multiply, dtype_);
    if (node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor)
        y = combine(y, operand(node.inputs[2], s, layout_of(y)), AluOp::add, dtype_);
    views_[out] = y;
}

namespace {

/// Channels on lanes, every image's plane behind the other.
Layout channels_layout(const Shape& shape, int width) {
    std::vector<int> order;
    for (int a = 0; a < static_cast<int>(shape.size()); ++a) order.push_back(a);
    return lanes_layout(shape, 1, order, width);
}

}  // namespace

void Lowering::general_instance_norm(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Shape& s = shape(in);
    const std::vector<bool> mask = from_axis(s.size(), 2);
    const Layout layout = channels_layout(s, columns_), vector = default_layout({s[1]}, columns_);
    const View x = operand(in, s, layout);
    const int inner = innermost(x, value(x).phys, mask), plane = static_cast<int>(value(x).phys.plane());
    const float share = 1.0F / static_cast<float>(extent(s, mask));
    const View centred =
        combine(x, reduce(x, AluOp::add, mask, share, DType::fp32), AluOp::subtract, DType::fp32, inner);
    const View variance =
        reduce(act(centred, ActFunction::square, 1, 0, DType::fp32), AluOp::add, mask, share, DType::fp32);
    const View norm =
        act(variance, ActFunction::rsqrt, 1, static_cast<float>(graph::attribute_float(node, "epsilon")), DType::fp32);
    const View y = combine(centred, norm, AluOp::multiply, DType::fp32, inner);
    const View scaled = combine(y, operand(node.inputs[1], {s[1]}, vector), AluOp::multiply, DType::fp32, plane);
    views_[out] = combine(scaled, operand(node.inputs[2], {s[1]}, vector), AluOp::add, dtype_, plane);
}

void Lowering::general_batch_norm(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Shape& s = shape(in);
    const Layout vector = default_layout({s[1]}, columns_);
    const auto parameter = [&](std::size_t i) { return operand(node.inputs[i], {s[1]}, vector); };
    const auto found = views_.find(in);
    const bool image = found != views_.end() && is_image(found->second) && s.size() == 4 &&
                       phys_of(found->second).lanes == vector.phys.lanes;
    const View x = image ? found->second : operand(in, s, channels_layout(s, columns_));
    const int plane = static_cast<int>(value(x).phys.plane());
    const View inverse = act(parameter(4), ActFunction::rsqrt, 1,
                             static_cast<float>(graph::attribute_float(node, "epsilon")), DType::fp32);
    const View factor = combine(parameter(1), inverse, AluOp::multiply, DType::fp32);
    const View centred = combine(x, parameter(3), AluOp::subtract, DType::fp32, plane);
    const View scaled = combine(centred, factor, AluOp::multiply, DType::fp32, plane);
    views_[out] = combine(scaled, parameter(2), AluOp::add, dtype_, plane);
}

void Lowering::general_lp_norm(const Node& node) {
    const TensorId in = node.inputs[0];
    std::vector<bool> mask(shape(in).size(), false);
    mask[axis_index(graph::attribute_int(node, "axis"), mask.size())] = true;
    const View x = for_reduction(in, mask);
    const int inner = innermost(x, value(x).phys, mask);
    const bool one = graph::attribute_int(node, "p") == 1;
    View norm = reduce(act(x, one ? ActFunction::abs : ActFunction::square, 1, 0, DType::fp32), AluOp::add, mask, 1,
                       DType::fp32);
    if (!one) norm = act(norm, ActFunction::sqrt, 1, 0, DType::fp32);
    views_[node.outputs[0]] = combine(x, norm, AluOp::divide, dtype_, inner);
}

bool Lowering::general_reduction(const Node& node) {
    switch (node.op) {
        case Op::reduce_sum:
        case Op::reduce_mean:
        case Op::reduce_max:
        case Op::reduce_min:
        case Op::reduce_prod:
        case Op::reduce_sum_square:
        case Op::reduce_l1:
        case Op::reduce_l2:
        case Op::reduce_log_sum:
        case Op::reduce_log_sum_exp: general_reduce(node); return true;
        case Op::softmax:
        case Op::log_softmax: general_softmax(node); return true;
        case Op::layer_norm: general_layer_norm(node); return true;
        case Op::instance_norm: general_instance_norm(node); return true;
        case Op::batch_norm: general_batch_norm(node); return true;
        case Op::lp_norm: general_lp_norm(node); return true;
        default: return false;
    }
}

}  // namespace infsim::compiler
