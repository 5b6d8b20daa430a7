#include "compiler/ir/views.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::TensorId;
using program::ActFunction;
using program::AluOp;

namespace {

/// A tensor with the axes to be reduced innermost, and what to do with it.
struct Reduction {
    Lowering& low;
    View x;
    std::vector<bool> mask;
    DType dtype;

    View over(const View& v, AluOp op, float scale = 1) const { return reduce(low, v, op, mask, scale, dtype); }
    View sum(const View& v) const { return over(v, AluOp::add); }
    View apply(const View& v, ActFunction f) const { return act(low, v, f, 1, 0, dtype); }
};

/// log(sum(e^(x - max))) + max: no power exceeds 1.
View log_sum_exp(const Reduction& r) {
    const View most = r.over(r.x, AluOp::max);
    const int inner = innermost(r.x, r.low.value(r.x).phys, r.mask);
    const View exps = r.apply(combine(r.low, r.x, most, AluOp::subtract, r.dtype, inner), ActFunction::exp);
    return combine(r.low, r.apply(r.sum(exps), ActFunction::log), most, AluOp::add, r.dtype);
}

View reduced(const Reduction& r, Op op, std::int64_t elements) {
    switch (op) {
        case Op::reduce_mean: return r.over(r.x, AluOp::add, 1.0F / static_cast<float>(elements));
        case Op::reduce_max: return r.over(r.x, AluOp::max);
        case Op::reduce_min: return r.over(r.x, AluOp::min);
        case Op::reduce_prod: return r.over(r.x, AluOp::multiply);
        case Op::reduce_sum_square: return r.sum(r.apply(r.x, ActFunction::square));
        case Op::reduce_l1: return r.sum(r.apply(r.x, ActFunction::abs));
        case Op::reduce_l2: return r.apply(r.sum(r.apply(r.x, ActFunction::square)), ActFunction::sqrt);
        case Op::reduce_log_sum: return r.apply(r.sum(r.x), ActFunction::log);
        case Op::reduce_log_sum_exp: return log_sum_exp(r);
        default: return r.sum(r.x);
    }
}

}  // namespace

void general_reduce(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const graph::Shape& shape = low.source.shape(in);
    const std::vector<bool> mask = axis_mask(graph::attribute_ints(node, "axes"), shape.size());
    const Reduction r{low, for_reduction(low, in, mask), mask, low.source.chip_dtype(out)};
    const View y = reduced(r, node.op, reduced_elements(shape, mask));
    View bound = y;  // a reduced axis has no factors: it stays or goes
    bound.axes.clear();
    const bool keep = graph::attribute_int(node, "keepdims") != 0;
    for (std::size_t a = 0; a < mask.size(); ++a)
        if (!mask[a] || keep) bound.axes.push_back(y.axes[a]);
    low.at.views[out] = bound;
}

void general_softmax(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const std::vector<bool> mask = axis_mask({graph::attribute_int(node, "axis")}, low.source.shape(in).size());
    const Reduction r{low, for_reduction(low, in, mask), mask, DType::fp32};
    const int inner = innermost(r.x, low.value(r.x).phys, mask);
    const View centred = combine(low, r.x, r.over(r.x, AluOp::max), AluOp::subtract, r.dtype, inner);
    const View exps = r.apply(centred, ActFunction::exp);
    const View sum = r.sum(exps);
    const DType dtype = low.source.dtype;
    if (node.op == Op::log_softmax)
        low.at.views[out] = combine(low, centred, r.apply(sum, ActFunction::log), AluOp::subtract, dtype, inner);
    else low.at.views[out] = combine(low, exps, sum, AluOp::divide, dtype, inner);
}

void general_lp_norm(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0];
    const std::vector<bool> mask = axis_mask({graph::attribute_int(node, "axis")}, low.source.shape(in).size());
    const Reduction r{low, for_reduction(low, in, mask), mask, DType::fp32};
    const int inner = innermost(r.x, low.value(r.x).phys, mask);
    const bool one = graph::attribute_int(node, "p") == 1;
    View norm = r.sum(r.apply(r.x, one ? ActFunction::abs : ActFunction::square));
    if (!one) norm = r.apply(norm, ActFunction::sqrt);
    low.at.views[node.outputs[0]] = combine(low, r.x, norm, AluOp::divide, low.source.dtype, inner);
}

}  // namespace infsim::compiler
