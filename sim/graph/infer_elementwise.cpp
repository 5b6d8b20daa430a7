// Elementwise operators, normalisations over channels or axes, reductions.
#include <algorithm>

#include <fmt/format.h>

#include "graph/infer_rules.hpp"
#include "graph/op_spec.hpp"

namespace infsim::graph::rules {

Shape broadcast_shapes(const Shape& a, const Shape& b) {
    const auto rank = std::max(a.size(), b.size());
    Shape out(rank, 1);
    for (std::size_t i = 0; i < rank; ++i) {
        const auto x = i < rank - a.size() ? 1 : a[i - (rank - a.size())];
        const auto y = i < rank - b.size() ? 1 : b[i - (rank - b.size())];
        require(x == y || x == 1 || y == 1, fmt::format("shapes {} and {} do not broadcast", to_text(a), to_text(b)));
        out[i] = x == 1 ? y : x;
    }
    return out;
}

namespace {

bool yields_boolean(Op op) {
    switch (op) {
        case Op::equal:
        case Op::greater:
        case Op::greater_equal:
        case Op::less:
        case Op::less_equal:
        case Op::logical_and:
        case Op::logical_or:
        case Op::logical_xor:
        case Op::logical_not: return true;
        default: return false;
    }
}

bool takes_boolean(Op op) {
    return op == Op::logical_and || op == Op::logical_or || op == Op::logical_xor || op == Op::logical_not;
}

void check_element_types(const Context& c) {
    const auto name = op_name(c.node.op);
    if (takes_boolean(c.node.op)) {
        for (std::size_t i = 0; i < c.inputs.size(); ++i)
            require(c.in(i).dtype == DType::boolean,
                    fmt::format("{} takes bool, not {}", name, dtype_name(c.in(i).dtype)));
    } else if (c.node.op == Op::where) {
        require(c.in(0).dtype == DType::boolean,
                fmt::format("where takes a bool condition, not {}", dtype_name(c.in(0).dtype)));
        require(c.in(1).dtype == c.in(2).dtype,
                fmt::format("element types {} and {} differ", dtype_name(c.in(1).dtype), dtype_name(c.in(2).dtype)));
    } else if (c.inputs.size() == 2 && c.node.op != Op::pow) {
        require(c.in(0).dtype == c.in(1).dtype,
                fmt::format("element types {} and {} differ", dtype_name(c.in(0).dtype), dtype_name(c.in(1).dtype)));
    }
}

DType element_type(const Context& c) {
    if (yields_boolean(c.node.op)) return DType::boolean;
    if (c.node.op == Op::where) return c.in(1).dtype;
    if (c.node.op == Op::cast) {
        const auto to = parse_dtype(attribute_string(c.node, "to"));
        require(to.has_value(), fmt::format("'{}' is not an element type", attribute_string(c.node, "to")));
        return *to;
    }
    return c.in(0).dtype;
}

/// PRelu's slope broadcasts to its input, never the other way round.
void check_prelu(const Context& c, const Shape& shape) {
    if (c.node.op == Op::prelu)
        require(shape == c.in(0).shape,
                fmt::format("slope {} does not broadcast to {}", to_text(c.in(1).shape), to_text(c.in(0).shape)));
}

int checked_axis(const Context& c, std::int64_t axis, std::size_t rank) {
    require(axis >= 0 && axis < static_cast<std::int64_t>(rank),
            fmt::format("axis {} is outside of {}", axis, to_text(c.in(0).shape)));
    return static_cast<int>(axis);
}

}  // namespace

Outputs elementwise(Context& c) {
    check_element_types(c);
    Shape shape = c.in(0).shape;
    std::vector<std::size_t> operands = {0};
    for (std::size_t i = 1; i < c.inputs.size(); ++i) {
        require(c.has(i), fmt::format("lacks input {}", i));
        shape = broadcast_shapes(shape, c.in(i).shape);
        operands.push_back(i);
    }
    check_prelu(c, shape);
    const auto place = aligned_place(c, operands, shape);
    auto facts = output(c, shape, place);
    facts.dtype = element_type(c);
    return {facts};
}

Outputs per_channel_norm(Context& c) {
    const auto& x = c.in(0);
    require(x.shape.size() >= 2, fmt::format("takes a batch and channels, not {}", to_text(x.shape)));
    for (std::size_t i = 1; i < c.inputs.size(); ++i)
        require(c.has(i) && c.in(i).shape == Shape{x.shape[1]},
                fmt::format("parameter {} needs one value for each of the {} channels", i, x.shape[1]));
    c.require_leading_batch();
    return {output(c, x.shape, x.place)};
}

Outputs axis_norm(Context& c) {
    const auto& x = c.in(0);
    const int axis = checked_axis(c, attribute_int(c.node, "axis"), x.shape.size());
    const bool to_the_end = c.node.op == Op::layer_norm;
    for (std::size_t i = 1; i < c.inputs.size(); ++i) {
        if (!c.has(i)) continue;
        const Shape normalised(x.shape.begin() + axis, x.shape.end());
        require(
            broadcast_shapes(c.in(i).shape, normalised) == normalised,
            fmt::format("parameter {} of shape {} does not fit {}", i, to_text(c.in(i).shape), to_text(normalised)));
        c.require_shared(i, "parameters");
    }
    if (x.place && (x.place->axis == axis || (to_the_end && x.place->axis > axis)))
        c.mix(fmt::format("{} over the batch axis", op_name(c.node.op)));
    return {output(c, x.shape, x.place)};
}

Outputs reduce(Context& c) {
    const auto& x = c.in(0);
    const auto& axes = attribute_ints(c.node, "axes");
    const bool keep = attribute_int(c.node, "keepdims") != 0;
    std::vector<bool> reduced(x.shape.size(), false);
    for (const auto axis : axes) reduced[static_cast<std::size_t>(checked_axis(c, axis, x.shape.size()))] = true;
    auto place = x.place;
    Shape shape;
    for (std::size_t i = 0; i < x.shape.size(); ++i) {
        if (!reduced[i]) shape.push_back(x.shape[i]);
        else if (keep) shape.push_back(1);
        else if (x.place && x.place->axis > static_cast<int>(i)) --place->axis;
    }
    if (x.place && reduced[static_cast<std::size_t>(x.place->axis)])
        c.mix(fmt::format("{} over the batch axis", op_name(c.node.op)));
    return {output(c, shape, place)};
}

}  // namespace infsim::graph::rules
