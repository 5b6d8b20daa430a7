// Matrix products.
#include <fmt/format.h>

#include "graph/infer_rules.hpp"

namespace infsim::graph::rules {

Outputs gemm(Context& c) {
    const auto& a = c.in(0);
    const auto& b = c.in(1);
    require(a.shape.size() == 2 && b.shape.size() == 2 && a.shape[1] == b.shape[0],
            fmt::format("{} and {} cannot be multiplied", to_text(a.shape), to_text(b.shape)));
    const Shape shape = {a.shape[0], b.shape[1]};
    if (c.has(2))
        require(c.in(2).shape == Shape{b.shape[1]},
                fmt::format("bias {} needs one value for each of {} columns", to_text(c.in(2).shape), b.shape[1]));
    c.require_shared(1, "weights");
    c.require_shared(2, "biases");
    if (a.place && a.place->axis == 1) c.mix("it sums over the batch");
    return {output(c, shape, a.place)};
}

namespace {

/// The batch's place in a product of batched matrices, from one operand: rows of the left stay rows, columns
/// of the right stay columns, leading axes align at the right.
std::optional<BatchPlace> place_from(Context& c, std::size_t operand, std::size_t rank, bool vector_other) {
    const auto& x = c.in(operand);
    if (!x.place) return std::nullopt;
    auto place = *x.place;
    const int last = static_cast<int>(x.shape.size()) - 1;
    const bool left = operand == 0;
    const int contraction = left ? last : std::max(last - 1, 0);
    if (place.axis == contraction) {
        c.mix("it sums over the batch");
        return std::nullopt;
    }
    // The output loses one matrix axis for every vector operand; count from the right.
    const int from_right = last - place.axis;
    int out_from_right = from_right;
    if (from_right == 1) out_from_right = vector_other ? 0 : 1;  // rows of the left operand
    else if (from_right > 1 && vector_other) out_from_right = from_right - 1;
    place.axis = static_cast<int>(rank) - 1 - out_from_right;
    return place;
}

}  // namespace

Outputs matmul(Context& c) {
    const auto& a = c.in(0).shape;
    const auto& b = c.in(1).shape;
    require(!a.empty() && !b.empty(), "takes matrices, not scalars");
    const bool row = a.size() == 1;
    const bool column = b.size() == 1;
    const Shape am = row ? Shape{1, a[0]} : a;
    const Shape bm = column ? Shape{b[0], 1} : b;
    require(am.back() == bm[bm.size() - 2], fmt::format("{} and {} cannot be multiplied", to_text(a), to_text(b)));
    require(c.in(0).dtype == c.in(1).dtype, "the element types of its operands differ");
    Shape shape = broadcast_shapes(Shape(am.begin(), am.end() - 2), Shape(bm.begin(), bm.end() - 2));
    const auto outer = shape.size();
    if (!row) shape.push_back(am[am.size() - 2]);
    if (!column) shape.push_back(bm.back());

    const auto left = place_from(c, 0, shape.size(), column);
    const auto right = place_from(c, 1, shape.size(), row);
    const bool lost = (c.in(0).batched && !c.in(0).place) || (c.in(1).batched && !c.in(1).place);
    auto place = lost ? std::nullopt : left ? left : right;
    if (left && right && !lost && (!(*left == *right) || left->axis >= static_cast<int>(outer)))
        c.mix("it multiplies items with other items");
    if (place && c.batch > 1 && place->axis < static_cast<int>(outer)) {
        for (const auto* matrix : {&am, &bm}) {
            const auto& facts = matrix == &am ? c.in(0) : c.in(1);
            const int axis = place->axis - static_cast<int>(outer) + static_cast<int>(matrix->size()) - 2;
            if (!facts.batched && axis >= 0 && (*matrix)[static_cast<std::size_t>(axis)] != 1)
                c.mix("a constant operand spans the batch");
        }
    }
    return {output(c, shape, place)};
}

}  // namespace infsim::graph::rules
