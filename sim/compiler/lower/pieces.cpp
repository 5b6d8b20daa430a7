#include "compiler/lower/pieces.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;
using program::AluOp;

Layout layout_for(const Lowering& low, const Node& node) {
    const Shape& wanted = low.source.shape(node.outputs[0]);
    const View* best = nullptr;
    for (const TensorId id : node.inputs) {
        const auto found = id == graph::kNoTensor ? low.at.views.end() : low.at.views.find(id);
        if (found == low.at.views.end() || low.source.shape(id) != wanted) continue;
        if (best == nullptr ||
            (low.value(*best).input != graph::kNoTensor && low.value(found->second).input == graph::kNoTensor))
            best = &found->second;
    }
    return best != nullptr ? low.layout_of(*best) : low.free_layout(wanted);
}

namespace {

/// The layers of composed operators are named after the node's operator, whatever they do.
View add_piece(Lowering& low, LayerOp op, const std::vector<View>& inputs, DType dtype) {
    View out = fresh(low, low.layout_of(inputs[0]), dtype);
    low.add_layer(*low.node, std::string(graph::op_name(low.node->op)), std::move(op), inputs, out);
    return out;
}

}  // namespace

View act(Lowering& low, const View& x, program::ActFunction function, float scale, float bias, DType dtype) {
    return add_piece(low, UnaryOp{function, scale, bias}, {x}, dtype);
}

View alu(Lowering& low, const View& x, AluOp op0, float s0, AluOp op1, float s1, DType dtype) {
    return add_piece(low, ScalarOp{{op0, s0, graph::kNoTensor}, {op1, s1, graph::kNoTensor}}, {x}, dtype);
}

View combine(Lowering& low, const View& a, const View& b, AluOp op, DType dtype, int inner) {
    return add_piece(low, BinaryOp{op, false, inner}, {a, b}, dtype);
}

// --- reductions -------------------------------------------------------------------------------------

namespace {}  // namespace

int innermost(const View& view, const Physical& phys, const std::vector<bool>& mask) {
    std::vector<std::pair<std::int64_t, std::int64_t>> free;  // (step, extent)
    for (std::size_t a = 0; a < mask.size(); ++a)
        for (const Factor& f : view.axes[a]) {
            if (!mask[a]) continue;
            if (!is_free(f)) return 0;
            free.emplace_back(plane_step(f, phys), f.extent);
        }
    std::sort(free.begin(), free.end());
    std::int64_t inner = 1;
    for (const auto& [step, extent] : free) {
        if (step != inner) return 0;
        inner *= extent;
    }
    return static_cast<int>(inner);
}

std::int64_t reduced_elements(const Shape& shape, const std::vector<bool>& mask) {
    std::int64_t n = 1;
    for (std::size_t a = 0; a < mask.size(); ++a) n *= mask[a] ? shape[a] : 1;
    return n;
}

std::vector<bool> axis_mask(const std::vector<std::int64_t>& axes, std::size_t rank) {
    std::vector<bool> mask(rank, false);
    for (const std::int64_t axis : axes) mask[axis_index(axis, rank)] = true;
    return mask;
}

View for_reduction(Lowering& low, TensorId id, const std::vector<bool>& mask) {
    const auto found = low.at.views.find(id);
    if (found != low.at.views.end() && innermost(found->second, low.value(found->second).phys, mask) > 0)
        return found->second;
    const Shape& s = low.source.shape(id);
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
    const Strided from = strided_of(low, id);
    // The slots of a group lie side by side, groups one after the other.
    const std::int64_t groups = lanes < 0 ? 1 : ceil_div(s[static_cast<std::size_t>(lanes)], low.net.slots.channels());
    const std::int64_t longest = kLongPlane / groups;
    Layout layout = lanes_layout(s, lanes, order, low.source.columns, longest);
    if (lanes >= 0 && layout.phys.rows == 1 && layout.phys.plane() > longest)
        layout = folded_layout(s, lanes, order, low.net.slots).value_or(std::move(layout));
    return fetched(low, from, layout, dtype_of(low, from));
}

View reduce(Lowering& low, const View& x, AluOp op, const std::vector<bool>& mask, float scale, DType dtype) {
    const Physical& from = low.value(x).phys;
    const int inner = innermost(x, from, mask);
    Layout layout{low.phys_of(x), x.axes};
    layout.phys.rows = 1;
    layout.phys.cols = static_cast<int>(from.plane() / inner);
    for (std::size_t a = 0; a < mask.size(); ++a) {
        if (mask[a]) layout.axes[a].clear();
        for (Factor& f : layout.axes[a])
            if (is_free(f)) f = {Dim::col, f.extent, plane_step(f, from) / inner};
    }
    View out = fresh(low, layout, dtype);
    low.add_layer(*low.node, "reduce", ReduceOp{op, inner, scale}, {x}, out);
    return out;
}

// --- products ---------------------------------------------------------------------------------------

View product(Lowering& low, const Strided& a, const Strided& b, bool rows_on_lanes) {
    const Shape as = shape_of(a), bs = shape_of(b);
    const std::int64_t heads = as[0], m = as[1], k = as[2], n = bs[2];
    const View left =
        fetched(low, transpose(a, {0, 2, 1}), head_layout(heads, k, m, low.source.columns), low.source.dtype);
    const View right = fetched(low, b, head_layout(heads, k, n, low.source.columns), low.source.dtype);
    const Layout layout = head_layout(heads, rows_on_lanes ? m : n, rows_on_lanes ? n : m, low.source.columns);
    View out = fresh(low, layout, low.source.dtype);
    const std::vector<View> operands = rows_on_lanes ? std::vector<View>{left, right} : std::vector<View>{right, left};
    const HeadMatmulOp op{static_cast<int>(heads), 1.0F, std::nullopt};
    low.add_layer(*low.node, "matmul", op, operands, out).macs = heads * m * k * n;
    if (!rows_on_lanes) std::swap(out.axes[1], out.axes[2]);
    return out;
}

}  // namespace infsim::compiler
