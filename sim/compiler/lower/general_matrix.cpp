#include <algorithm>
#include <numeric>

#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"
#include "graph/counts.hpp"
#include "graph/einsum.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;
using program::AluOp;

namespace {

/// The leading axes of two lists of matrices, broadcast.
Shape batch_of(const Shape& a, const Shape& b) {
    const auto leading = [](const Shape& s) { return Shape(s.begin(), s.end() - 2); };
    Shape batch = leading(a).size() >= leading(b).size() ? leading(a) : leading(b);
    for (const Shape& s : {leading(a), leading(b)})
        for (std::size_t i = 0; i < s.size(); ++i) {
            auto& extent = batch[batch.size() - s.size() + i];
            extent = std::max(extent, s[i]);
        }
    return batch;
}

/// The tensor of shape `s` as one list of matrices, as long as `batch` says.
Strided matrices(Lowering& low, TensorId id, const Shape& s, const Shape& batch) {
    Shape full = batch;
    full.insert(full.end(), s.end() - 2, s.end());
    const Strided whole = expand(reshaped(low, strided_of(low, id), s), full);
    return reshaped(low, whole, {graph::element_count(batch), s[s.size() - 2], s.back()});
}

/// Splits the axis of heads into several again, all over slots, `step` per head.
View split_heads(const View& y, const Shape& batch, std::int64_t step) {
    View split = y;
    split.axes.erase(split.axes.begin());
    for (std::size_t i = batch.size(); i-- > 0;) {
        split.axes.insert(split.axes.begin(),
                          batch[i] > 1 ? std::vector<Factor>{{Dim::slot, batch[i], step}} : std::vector<Factor>{});
        step *= batch[i];
    }
    return split;
}

/// Whether several matrices are all multiplied by the same one.
bool is_shared(const Shape& a, const Shape& b) {
    return graph::element_count(Shape(a.begin(), a.end() - 2)) > 1 &&
           graph::element_count(Shape(b.begin(), b.end() - 2)) == 1 && a.size() >= b.size();
}

/// All rows of all matrices of shape `as` times the single matrix of shape `bs`.
void by_one_matrix(Lowering& low, const Node& node, const Shape& as, const Shape& bs) {
    const TensorId out = node.outputs[0];
    const std::int64_t k = as.back(), rows = graph::element_count(as) / k;
    const Strided a = reshaped(low, strided_of(low, node.inputs[0]), {1, rows, k});
    const Strided b = reshaped(low, strided_of(low, node.inputs[1]), {1, k, bs.back()});
    bind_reshaped(low, out, product(low, a, b, low.source.consumed_along_columns(out)));
}

}  // namespace

void general_matmul(Lowering& low, const Node& node) {
    const TensorId out = node.outputs[0];
    Shape as = low.source.shape(node.inputs[0]), bs = low.source.shape(node.inputs[1]);
    if (as.size() == 1) as.insert(as.begin(), 1);
    if (bs.size() == 1) bs.push_back(1);
    const Shape batch = batch_of(as, bs);
    if (low.options.shared_matrices && is_shared(as, bs)) return by_one_matrix(low, node, as, bs);
    const bool rows_on_lanes = low.source.consumed_along_columns(out);
    const Strided b = matrices(low, node.inputs[1], bs, batch);
    const Strided a = matrices(low, node.inputs[0], as, batch);
    const View y = product(low, a, b, rows_on_lanes);
    if (node.op == Op::gemm && node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor) {
        View flat = y;
        flat.axes.erase(flat.axes.begin());  // one head
        const View bias = operand(low, node.inputs[2], low.source.shape(out), low.layout_of(flat));
        low.at.views[out] = combine(low, flat, bias, AluOp::add, low.source.chip_dtype(out));
        return;
    }
    const std::int64_t lanes = rows_on_lanes ? as[as.size() - 2] : bs.back();
    bind_reshaped(low, out, batch.size() > 1 ? split_heads(y, batch, ceil_div(lanes, low.source.columns)) : y);
}

// --- einsum -----------------------------------------------------------------------------------------

namespace {

/// All labels of an equation, those of the output first, and their extents.
struct Labels {
    std::string names;
    Shape extents;
};

Labels labels_of(const graph::EinsumEquation& equation) {
    Labels labels{equation.output, {}};
    for (const std::string& operand : equation.operands)
        for (const char c : operand)
            if (labels.names.find(c) == std::string::npos) labels.names += c;
    for (const char c : labels.names) labels.extents.push_back(equation.extents.at(c));
    return labels;
}

/// The longest of the first `outputs` axes on partitions, all others in the plane.
Layout einsum_layout(const Shape& full, std::size_t outputs, int width) {
    int lanes = outputs == 0 ? -1 : 0;
    for (std::size_t a = 0; a < outputs; ++a)
        if (full[a] > full[static_cast<std::size_t>(lanes)]) lanes = static_cast<int>(a);
    std::vector<int> order(full.size());
    std::iota(order.begin(), order.end(), 0);
    return lanes_layout(full, lanes, order, width);
}

/// The walk over an operand with one axis per label; empty if its axes are not plain.
std::optional<Strided> aligned(const Strided& s, const std::string& operand, const Labels& labels) {
    Strided all = s;
    all.axes.assign(labels.extents.size(), {});
    for (std::size_t a = 0; a < s.axes.size(); ++a) {
        auto& axis = all.axes[labels.names.find(operand[a])];
        if (s.axes[a].size() > 1) return std::nullopt;
        if (axis.empty()) axis = s.axes[a];
        else axis[0].stride += s.axes[a].empty() ? 0 : s.axes[a][0].stride;  // a diagonal
    }
    return all;
}

}  // namespace

void general_einsum(Lowering& low, const Node& node) {
    const TensorId out = node.outputs[0];
    std::vector<Shape> shapes;
    for (const TensorId id : node.inputs) shapes.push_back(low.source.shape(id));
    const graph::EinsumEquation equation = graph::parse_einsum(graph::attribute_string(node, "equation"), shapes);
    const Labels labels = labels_of(equation);
    const std::size_t outputs = equation.output.size();
    const Layout layout = einsum_layout(labels.extents, outputs, low.source.columns);
    const DType dtype = low.source.chip_dtype(out);
    std::optional<View> total;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const Strided s = strided_of(low, node.inputs[i]);
        const auto walk = aligned(s, equation.operands[i], labels);
        if (!walk) return low.refuse("an einsum of a tensor that is not laid out plainly");
        const View x = fetched(low, expand(*walk, labels.extents), layout, dtype_of(low, s));
        total = total ? combine(low, *total, x, AluOp::multiply, dtype) : x;
    }
    View y = *total;
    if (labels.names.size() > outputs) {
        std::vector<bool> mask(labels.names.size(), false);
        std::fill(mask.begin() + static_cast<std::ptrdiff_t>(outputs), mask.end(), true);
        y = reduce(low, *total, AluOp::add, mask, 1, dtype);
    }
    if (node.inputs.size() > 1) low.net.layers.back().macs = graph::macs(low.source.graph, node);
    y.axes.resize(outputs);
    low.at.views[out] = y;
}

}  // namespace infsim::compiler
