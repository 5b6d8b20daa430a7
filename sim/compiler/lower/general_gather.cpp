// Gathers: with constant indices a selection, with computed ones a product with ones at the index.
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/arrange.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"
#include "graph/constants.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;
using program::AluOp;

namespace {

/// With known indices: a selection.
void gather_by_constants(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), low.source.shape(in).size());
    std::vector<std::vector<std::int64_t>> indices;
    for (const std::int64_t n : low.source.shape(in)) {
        indices.emplace_back(static_cast<std::size_t>(n));
        std::iota(indices.back().begin(), indices.back().end(), std::int64_t{0});
    }
    indices[axis].clear();
    for (const float v : graph::evaluate_constant(low.source.graph, node.inputs[1])) {
        const auto i = static_cast<std::int64_t>(v), n = low.source.shape(in)[axis];
        if (i < -n || i >= n)
            return low.refuse("index " + std::to_string(i) + " is outside of an axis of " + std::to_string(n));
        indices[axis].push_back(i < 0 ? i + n : i);
    }
    if (select_on_chip(low, in, out, indices)) return;
    bind_reshaped(low, out, gathered(low, strided_of(low, in), indices, std::nullopt));
}

/// A gather as a gather of rows: [outer, entries, inner] by `picks` indices.
struct Rows {
    std::int64_t outer = 1, entries = 1, inner = 1, picks = 1;
};

Rows rows_of(const Lowering& low, const Node& node) {
    const Shape& from = low.source.shape(node.inputs[0]);
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), from.size());
    Rows rows;
    for (std::size_t a = 0; a < from.size(); ++a)
        (a < axis ? rows.outer : a == axis ? rows.entries : rows.inner) *= from[a];
    rows.picks = graph::element_count(low.source.shape(node.inputs[1]));
    return rows;
}

/// first, first + 1, ... along the last axis of `shape`, in the layout of `like`.
View counted(Lowering& low, std::int64_t first, const Shape& shape, const View& like) {
    std::vector<float> numbers(static_cast<std::size_t>(shape.back()));
    std::iota(numbers.begin(), numbers.end(), static_cast<float>(first));
    Strided literal{Strided::Source::literal, static_cast<int>(low.net.literals.size()), 0, {}};
    literal.axes.assign(shape.size(), {});
    if (shape.back() > 1) literal.axes.back() = {{shape.back(), 1}};
    low.net.literals.push_back(std::move(numbers));
    return fetched(low, expand(literal, shape), low.layout_of(like), low.value(like).dtype);
}

/// [picks, entries]: 1 where the index is the entry, counted from the front or from the back, else 0.
View ones_at(Lowering& low, const Node& node, const Rows& rows, DType dtype) {
    const Shape both = {rows.picks, rows.entries};
    const Strided list = reshaped(low, strided_of(low, node.inputs[1]), {rows.picks, 1});
    const Layout layout = lanes_layout(both, 0, {0, 1}, low.source.columns);
    const View index = fetched(low, expand(list, both), layout, dtype_of(low, list));
    const View front = combine(low, index, counted(low, 0, both, index), AluOp::equal, dtype);
    const View back = combine(low, index, counted(low, -rows.entries, both, index), AluOp::equal, dtype);
    return combine(low, front, back, AluOp::max, dtype);
}

/// For integers, which a product would round: entry by entry times ones, added up.
void gather_integers(Lowering& low, const Node& node, const Rows& rows, const Strided& from, DType dtype) {
    const Shape all = {rows.outer, rows.picks, rows.inner, rows.entries};
    const Strided ones = reshaped(low, stored(low, ones_at(low, node, rows, dtype)), {1, rows.picks, 1, rows.entries});
    const Strided entries = reshaped(low, transpose(from, {0, 2, 1}), {rows.outer, 1, rows.inner, rows.entries});
    const Layout layout = lanes_layout(all, 1, {0, 1, 2, 3}, low.source.columns);
    const View a = fetched(low, expand(ones, all), layout, dtype),
               b = fetched(low, expand(entries, all), layout, dtype);
    const View picked = combine(low, a, b, AluOp::multiply, dtype);
    View sum = reduce(low, picked, AluOp::add, {false, false, false, true}, 1, dtype);
    sum.axes.pop_back();
    bind_reshaped(low, node.outputs[0], sum);
}

void gather_by_computed(Lowering& low, const Node& node) {
    const Rows rows = rows_of(low, node);
    const DType dtype = low.source.chip_dtype(node.outputs[0]);
    const Strided from = reshaped(low, strided_of(low, node.inputs[0]), {rows.outer, rows.entries, rows.inner});
    if (dtype != low.source.dtype) return gather_integers(low, node, rows, from, dtype);
    const Strided ones = stored(low, ones_at(low, node, rows, dtype));
    const Strided a =
        expand(reshaped(low, ones, {1, rows.picks, rows.entries}), {rows.outer, rows.picks, rows.entries});
    bind_reshaped(low, node.outputs[0], product(low, a, from, false));
}

}  // namespace

void general_gather(Lowering& low, const Node& node) {
    if (low.source.is_constant(node.inputs[1])) gather_by_constants(low, node);
    else gather_by_computed(low, node);
}

}  // namespace infsim::compiler
