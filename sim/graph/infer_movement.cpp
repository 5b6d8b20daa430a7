// Operators that only move data.
#include <algorithm>

#include <fmt/format.h>

#include "graph/infer_rules.hpp"

namespace infsim::graph::rules {
namespace {

using Ints = std::vector<std::int64_t>;

std::size_t checked_axis(std::int64_t axis, const Shape& shape) {
    require(axis >= 0 && axis < static_cast<std::int64_t>(shape.size()),
            fmt::format("axis {} is outside of {}", axis, to_text(shape)));
    return static_cast<std::size_t>(axis);
}

Shape flattened(const Shape& x, std::int64_t axis) {
    require(axis >= 0 && axis <= static_cast<std::int64_t>(x.size()),
            fmt::format("axis {} is outside of {}", axis, to_text(x)));
    Shape out = {1, 1};
    for (std::size_t i = 0; i < x.size(); ++i) out[static_cast<std::int64_t>(i) < axis ? 0 : 1] *= x[i];
    return out;
}

Shape squeezed(const Shape& x, const Ints& axes) {
    Shape out;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const bool gone = std::count(axes.begin(), axes.end(), static_cast<std::int64_t>(i)) > 0;
        require(!gone || x[i] == 1, fmt::format("axis {} of {} is not 1", i, to_text(x)));
        if (!gone) out.push_back(x[i]);
    }
    for (const auto axis : axes) checked_axis(axis, x);
    return out;
}

Shape unsqueezed(const Shape& x, const Ints& axes) {
    Shape out(x.size() + axes.size(), 0);
    for (const auto axis : axes) {
        auto& extent = out[checked_axis(axis, out)];
        require(extent == 0, fmt::format("axis {} is inserted twice", axis));
        extent = 1;
    }
    auto next = x.begin();
    for (std::size_t i = 0; i < out.size(); ++i)
        if (std::count(axes.begin(), axes.end(), static_cast<std::int64_t>(i)) == 0) out[i] = *next++;
    return out;
}

Shape target_shape(const Context& c) {
    const auto& x = c.in(0).shape;
    switch (c.node.op) {
        case Op::flatten: return flattened(x, attribute_int(c.node, "axis"));
        case Op::squeeze: return squeezed(x, attribute_ints(c.node, "axes"));
        case Op::unsqueeze: return unsqueezed(x, attribute_ints(c.node, "axes"));
        default: return attribute_ints(c.node, "shape");
    }
}

std::int64_t product(const Shape& shape, std::size_t count) {
    std::int64_t n = 1;
    for (std::size_t i = 0; i < count; ++i) n *= shape[i];
    return n;
}

/// The place, in axis `a` of `out`, of a batch with `outer` elements in front of it; empty if it is not in
/// that axis.
std::optional<BatchPlace> place_in_axis(const Shape& out, std::size_t a, std::int64_t outer, std::int64_t batch) {
    const auto prefix = product(out, a);
    if (prefix == 0 || outer % prefix != 0) return std::nullopt;
    const auto before = outer / prefix;
    if (before == 0 || out[a] % (before * batch) != 0 || out[a] == 0) return std::nullopt;
    return BatchPlace{static_cast<int>(a), before};
}

/// Follows the batch through a change of shape. With a batch of 1 several axes may qualify; in order of preference:
/// the axis known to have it, one that is the batch alone, one before an unchanged tail, one after an unchanged head.
std::optional<BatchPlace> reshaped_place(const Context& c, const Shape& in, const Shape& out) {
    const auto place = *c.in(0).place;
    const auto axis = static_cast<std::size_t>(place.axis);
    const auto outer = product(in, axis) * place.before;
    std::vector<BatchPlace> found;
    for (std::size_t a = 0; a < out.size(); ++a)
        if (const auto p = place_in_axis(out, a, outer, c.batch)) found.push_back(*p);
    if (found.empty()) return std::nullopt;
    for (const auto& p : found)
        if (c.axis == p.axis) return p;
    for (const auto& p : found)
        if (p.before == 1 && out[static_cast<std::size_t>(p.axis)] == c.batch) return p;
    const auto tail = in.size() - axis - 1;
    for (const auto& p : found) {
        const auto own = out.size() - static_cast<std::size_t>(p.axis) - 1;
        if (own == tail && std::equal(in.end() - static_cast<std::ptrdiff_t>(tail), in.end(),
                                      out.end() - static_cast<std::ptrdiff_t>(own)))
            return p;
    }
    for (const auto& p : found)
        if (p.axis == place.axis && p.before == place.before &&
            std::equal(in.begin(), in.begin() + place.axis, out.begin()))
            return p;
    return found.front();
}

/// Where squeeze or unsqueeze moves the batch; empty if its own axis is removed, or for another operator.
std::optional<BatchPlace> shifted_place(const Context& c) {
    auto place = *c.in(0).place;
    if (c.node.op != Op::squeeze && c.node.op != Op::unsqueeze) return std::nullopt;
    const bool gone = c.node.op == Op::squeeze;
    auto axes = attribute_ints(c.node, "axes");
    std::sort(axes.begin(), axes.end());
    const int from = place.axis;
    for (const auto axis : axes) {
        if (gone && axis == from) return std::nullopt;
        if (gone && axis < from) --place.axis;
        if (!gone && axis <= place.axis) ++place.axis;
    }
    return place;
}

}  // namespace

Outputs reshape(Context& c) {
    const auto& x = c.in(0);
    const auto shape = target_shape(c);
    require_sane(shape);
    require(element_count(shape) == element_count(x.shape),
            fmt::format("{} cannot take the shape {}", to_text(x.shape), to_text(shape)));
    std::optional<BatchPlace> place;
    if (x.place) {
        place = shifted_place(c);
        if (!place) place = reshaped_place(c, x.shape, shape);
        if (!place) c.mix(fmt::format("reshaping {} to {} leaves the batch no axis", to_text(x.shape), to_text(shape)));
    }
    return {output(c, shape, place)};
}

Outputs transpose(Context& c) {
    const auto& x = c.in(0);
    const auto& perm = attribute_ints(c.node, "perm");
    require(perm.size() == x.shape.size(), fmt::format("perm has {} axes, its input {}", perm.size(), x.shape.size()));
    Shape shape;
    auto place = x.place;
    std::vector<bool> seen(perm.size(), false);
    for (std::size_t i = 0; i < perm.size(); ++i) {
        const auto from = checked_axis(perm[i], x.shape);
        require(!seen[from], fmt::format("perm has axis {} twice", from));
        seen[from] = true;
        shape.push_back(x.shape[from]);
        if (x.place && static_cast<std::size_t>(x.place->axis) == from) place->axis = static_cast<int>(i);
    }
    return {output(c, shape, place)};
}

Outputs concat(Context& c) {
    Shape shape = c.in(0).shape;
    const auto axis = checked_axis(attribute_int(c.node, "axis"), shape);
    std::vector<std::size_t> operands = {0};
    for (std::size_t i = 1; i < c.inputs.size(); ++i) {
        require(c.has(i), fmt::format("lacks input {}", i));
        const auto& other = c.in(i).shape;
        require(other.size() == shape.size() && c.in(i).dtype == c.in(0).dtype,
                "its operands differ in rank or element type");
        for (std::size_t a = 0; a < shape.size(); ++a)
            require(a == axis || other[a] == shape[a],
                    fmt::format("{} and {} differ outside axis {}", to_text(shape), to_text(other), axis));
        shape[axis] += other[axis];
        operands.push_back(i);
    }
    for (const auto i : operands)
        if (c.in(i).place && static_cast<std::size_t>(c.in(i).place->axis) == axis && operands.size() > 1)
            c.mix("concat along the batch axis");
    const auto place = aligned_place(c, operands, shape);
    return {output(c, shape, place)};
}

Outputs slice(Context& c) {
    const auto& x = c.in(0);
    const auto& axes = attribute_ints(c.node, "axes");
    const auto& starts = attribute_ints(c.node, "starts");
    const auto& ends = attribute_ints(c.node, "ends");
    const auto& steps = attribute_ints(c.node, "steps");
    require(starts.size() == axes.size() && ends.size() == axes.size() && steps.size() == axes.size(),
            "axes, starts, ends and steps differ in length");
    Shape shape = x.shape;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto axis = checked_axis(axes[i], x.shape);
        const auto extent = x.shape[axis];
        require(steps[i] != 0, "a step of 0");
        require(starts[i] >= 0 && starts[i] <= extent && ends[i] >= -1 && ends[i] <= extent,
                fmt::format("{}:{} is outside of axis {} of {}", starts[i], ends[i], axis, to_text(x.shape)));
        const auto span = steps[i] > 0 ? ends[i] - starts[i] : starts[i] - ends[i];
        const auto step = std::abs(steps[i]);
        shape[axis] = std::max<std::int64_t>(0, (span + step - 1) / step);
        if (x.place && static_cast<std::size_t>(x.place->axis) == axis && (shape[axis] != extent || steps[i] < 0))
            c.mix("it slices the batch axis");
    }
    return {output(c, shape, x.place)};
}

Outputs split(Context& c) {
    const auto& x = c.in(0);
    const auto axis = checked_axis(attribute_int(c.node, "axis"), x.shape);
    const auto& sizes = attribute_ints(c.node, "split");
    std::int64_t sum = 0;
    for (const auto size : sizes) {
        require(size >= 0, "a part has a negative size");
        sum += size;
    }
    require(sum == x.shape[axis], fmt::format("its parts sum up to {}, axis {} has {}", sum, axis, x.shape[axis]));
    if (x.place && static_cast<std::size_t>(x.place->axis) == axis && sizes.size() > 1)
        c.mix("split along the batch axis");
    Outputs outputs;
    for (const auto size : sizes) {
        Shape shape = x.shape;
        shape[axis] = size;
        outputs.push_back(output(c, shape, x.place));
    }
    return outputs;
}

Outputs pad(Context& c) {
    const auto& x = c.in(0);
    const auto& pads = attribute_ints(c.node, "pads");
    const auto rank = x.shape.size();
    require(pads.size() == 2 * rank, fmt::format("pads has {} values, not {}", pads.size(), 2 * rank));
    Shape shape = x.shape;
    for (std::size_t a = 0; a < rank; ++a) {
        shape[a] += pads[a] + pads[a + rank];
        require(shape[a] >= 0, fmt::format("nothing is left of axis {}", a));
        if (x.place && static_cast<std::size_t>(x.place->axis) == a && (pads[a] != 0 || pads[a + rank] != 0))
            c.mix("it pads the batch axis");
    }
    return {output(c, shape, x.place)};
}

Outputs gather(Context& c) {
    const auto& data = c.in(0);
    const auto& indices = c.in(1);
    const auto axis = checked_axis(attribute_int(c.node, "axis"), data.shape);
    require(indices.dtype == DType::i64 || indices.dtype == DType::i32, "its indices are not integers");
    Shape shape(data.shape.begin(), data.shape.begin() + static_cast<std::ptrdiff_t>(axis));
    shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
    shape.insert(shape.end(), data.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, data.shape.end());
    std::optional<BatchPlace> place;
    if (data.batched && indices.batched) c.mix("items pick from other items");
    if (data.place) {
        place = data.place;
        if (static_cast<std::size_t>(place->axis) == axis) c.mix("it picks items of the batch");
        else if (static_cast<std::size_t>(place->axis) > axis)
            place->axis += static_cast<int>(indices.shape.size()) - 1;
    } else if (indices.place) {
        place = indices.place;
        place->axis += static_cast<int>(axis);
    }
    return {output(c, shape, place)};
}

Outputs expand(Context& c) {
    const auto& x = c.in(0);
    const auto& target = attribute_ints(c.node, "shape");
    require(broadcast_shapes(x.shape, target) == target,
            fmt::format("{} does not broadcast to {}", to_text(x.shape), to_text(target)));
    const auto place = aligned_place(c, {0}, target);
    return {output(c, target, place)};
}

Outputs tile(Context& c) {
    const auto& x = c.in(0);
    const auto& repeats = attribute_ints(c.node, "repeats");
    require(repeats.size() == x.shape.size(),
            fmt::format("repeats has {} values, not {}", repeats.size(), x.shape.size()));
    Shape shape = x.shape;
    for (std::size_t a = 0; a < shape.size(); ++a) {
        require(repeats[a] >= 0, "a negative number of repeats");
        shape[a] *= repeats[a];
        if (x.place && static_cast<std::size_t>(x.place->axis) == a && repeats[a] != 1)
            c.mix("it repeats the batch axis");
    }
    return {output(c, shape, x.place)};
}

}  // namespace infsim::graph::rules
