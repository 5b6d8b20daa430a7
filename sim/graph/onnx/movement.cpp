// Operators that move data: lists that newer opsets pass as inputs become attributes here.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "graph/elements.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

/// ONNX's target with 0 (copy, unless allowzero) and -1 (the remainder) resolved.
Shape resolved(OnnxNode& n, Ints target, bool allow_zero) {
    const auto& x = n.shape(0);
    std::int64_t known = 1;
    std::ptrdiff_t open = -1;
    for (std::size_t i = 0; i < target.size(); ++i) {
        if (target[i] == 0 && !allow_zero) {
            if (i >= x.size()) throw ShapeError(fmt::format("its shape copies axis {}, which its input lacks", i));
            target[i] = x[i];
        }
        if (target[i] == -1) {
            if (open >= 0) throw ShapeError("its shape leaves two axes open");
            open = static_cast<std::ptrdiff_t>(i);
        } else if (target[i] < 0) {
            throw ShapeError(fmt::format("its shape has a {}", target[i]));
        } else {
            if (target[i] > 0 && known > (std::int64_t{1} << 40) / target[i])
                throw ShapeError("its shape is absurdly large");
            known *= target[i];
        }
    }
    if (open >= 0) {
        const auto count = element_count(x);
        if (known == 0 || count % known != 0)
            throw ShapeError(fmt::format("{} elements do not divide by {}", count, known));
        target[static_cast<std::size_t>(open)] = count / known;
    }
    return target;
}

void reshape(OnnxNode& n) {
    const bool allow_zero = n.integer("allowzero", 0) != 0;
    const auto target = n.list("shape", 1);
    if (!target) throw ShapeError("lacks its shape");
    n.emit(Op::reshape, {n.in(0)}, {{"shape", resolved(n, *target, allow_zero)}});
}

void flatten(OnnxNode& n) {
    auto axis = n.integer("axis", 1);
    if (axis < 0) axis += static_cast<std::int64_t>(n.rank());
    n.emit(Op::flatten, {n.in(0)}, {{"axis", axis}});
}

void squeeze(OnnxNode& n) {
    auto axes = n.list("axes", 1);
    if (!axes) {
        axes.emplace();
        for (std::size_t i = 0; i < n.rank(); ++i)
            if (n.shape(0)[i] == 1) axes->push_back(static_cast<std::int64_t>(i));
    }
    n.emit(Op::squeeze, {n.in(0)}, {{"axes", n.axes(*axes, n.rank())}});
}

void unsqueeze(OnnxNode& n) {
    const auto axes = n.list("axes", 1);
    if (!axes) throw ShapeError("lacks its axes");
    n.emit(Op::unsqueeze, {n.in(0)}, {{"axes", n.axes(*axes, n.rank() + axes->size())}});
}

void transpose(OnnxNode& n) {
    Ints reversed(n.rank());
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    n.emit(Op::transpose, {n.in(0)}, {{"perm", n.integers("perm").value_or(reversed)}});
}

void concat(OnnxNode& n) {
    std::vector<TensorId> inputs;
    for (std::size_t i = 0; i < n.input_count(); ++i) inputs.push_back(n.in(i));
    const auto axis = n.axis(n.integer("axis", 0), n.rank());
    if (inputs.size() == 1) return n.bind(0, inputs[0]);
    n.emit(Op::concat, inputs, {{"axis", axis}});
}

void slice(OnnxNode& n) {
    const auto starts = n.list("starts", 1);
    const auto ends = n.list("ends", 2);
    if (!starts || !ends || starts->size() != ends->size()) throw ShapeError("lacks starts or ends of equal length");
    Ints all(starts->size());
    std::iota(all.begin(), all.end(), 0);
    const auto axes = n.list("axes", 3).value_or(all);
    const auto steps = n.has(4) ? n.ints(4) : Ints(starts->size(), 1);
    if (axes.size() != starts->size() || steps.size() != starts->size()) throw ShapeError("its lists differ in length");
    std::map<std::int64_t, std::size_t> order;  // our axes are sorted and unique
    for (std::size_t i = 0; i < axes.size(); ++i)
        if (!order.emplace(n.axis(axes[i], n.rank()), i).second) throw ShapeError("it slices an axis twice");
    Attributes out = {{"axes", Ints{}}, {"starts", Ints{}}, {"ends", Ints{}}, {"steps", Ints{}}};
    const auto push = [&](const char* name, std::int64_t v) { std::get<Ints>(out[name]).push_back(v); };
    for (const auto& [axis, i] : order) {
        const auto extent = n.shape(0)[static_cast<std::size_t>(axis)];
        const auto step = steps[i];
        if (step == 0) throw ShapeError("a step of 0");
        const auto from_front = [&](std::int64_t v) { return v < 0 ? v + extent : v; };
        const bool up = step > 0;
        const auto start =
            std::clamp<std::int64_t>(from_front((*starts)[i]), 0, up ? extent : std::max<std::int64_t>(0, extent - 1));
        const auto end = std::clamp<std::int64_t>(from_front((*ends)[i]), up ? 0 : -1, extent);
        push("axes", axis);
        push("starts", start);
        push("ends", end);
        push("steps", step);
    }
    n.emit(Op::slice, {n.in(0)}, out);
}

void split(OnnxNode& n) {
    const auto axis = n.axis(n.integer("axis", 0), n.rank());
    const auto parts = static_cast<std::int64_t>(n.output_count());
    const auto extent = n.shape(0)[static_cast<std::size_t>(axis)];
    auto sizes = n.list("split", 1);
    if (const auto said = n.integer("num_outputs", parts); said != parts)
        throw ShapeError(fmt::format("num_outputs is {}, but it has {} outputs", said, parts));
    if (!sizes) {  // equal parts; the last may be smaller
        sizes.emplace();
        const auto size = (extent + parts - 1) / parts;
        for (std::int64_t i = 0; i < parts; ++i) sizes->push_back(std::clamp<std::int64_t>(extent - i * size, 0, size));
    }
    if (static_cast<std::int64_t>(sizes->size()) != parts) throw ShapeError("it needs one output for each part");
    if (parts == 1) return n.bind(0, n.in(0));
    n.emit_many(Op::split, {n.in(0)}, {{"axis", axis}, {"split", *sizes}});
}

/// All begins, then all ends, of all axes; since opset 18 the lists may name some axes only.
Ints whole_pads(OnnxNode& n) {
    const auto rank = n.rank();
    const auto given = n.list("pads", 1);
    if (!given) throw ShapeError("lacks its pads");
    Ints all(rank);
    std::iota(all.begin(), all.end(), 0);
    const auto axes = n.has(3) ? n.ints(3) : all;
    if (given->size() != 2 * axes.size())
        throw ShapeError(fmt::format("pads has {} values for {} axes", given->size(), axes.size()));
    Ints pads(2 * rank, 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto axis = static_cast<std::size_t>(n.axis(axes[i], rank));
        pads[axis] = (*given)[i];
        pads[axis + rank] = (*given)[i + axes.size()];
    }
    return pads;
}

/// Mode wrap (opset 19): puts the end of each axis before it and its begin after it. Negative pads crop first.
void wrap(OnnxNode& n, const Ints& pads) {
    auto x = n.in(0);
    for (std::size_t a = 0; a < n.rank(); ++a) {
        const auto axis = static_cast<std::int64_t>(a);
        const auto before = pads[a], behind = pads[a + n.rank()];
        auto extent = n.builder().shape(x)[a];
        const auto from = std::max<std::int64_t>(0, -before), to = extent - std::max<std::int64_t>(0, -behind);
        if (from >= to) throw ShapeError(fmt::format("nothing is left of axis {}", a));
        if (to - from < extent) x = n.part(x, axis, from, to);
        extent = to - from;
        if (before > extent || behind > extent)
            throw ShapeError(
                fmt::format("mode 'wrap' by more than the {} elements of axis {} is not supported", extent, a));
        std::vector<TensorId> parts;
        if (before > 0) parts.push_back(n.part(x, axis, extent - before, extent));
        parts.push_back(x);
        if (behind > 0) parts.push_back(n.part(x, axis, 0, behind));
        if (parts.size() > 1) x = n.make(Op::concat, parts, {{"axis", axis}});
    }
    n.bind(0, x);
}

void pad(OnnxNode& n) {
    const auto mode = n.text("mode", "constant");
    if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
        throw ShapeError(fmt::format("mode '{}' is not supported", mode));
    double value = n.real("value", 0);
    if (n.has(2)) value = n.scalar(2);
    const auto pads = whole_pads(n);
    if (mode == "wrap") return wrap(n, pads);
    n.emit(Op::pad, {n.in(0)}, {{"pads", pads}, {"mode", mode}, {"value", value}});
}

/// Gathering a constant index, or a run of them, from computed data is a slice.
bool gather_as_slice(OnnxNode& n, std::int64_t axis) {
    if (n.builder().is_constant(n.in(0)) || n.shape(1).size() > 1) return false;
    const auto indices = n.builder().values(n.in(1));
    if (!indices || indices->empty()) return false;
    const auto extent = n.shape(0)[static_cast<std::size_t>(axis)];
    const auto first = bounded_integer(indices->front()) + (indices->front() < 0 ? extent : 0);
    for (std::size_t i = 1; i < indices->size(); ++i)
        if ((*indices)[i] != (*indices)[i - 1] + 1 || ((*indices)[i - 1] < 0 && (*indices)[i] >= 0)) return false;
    const auto count = static_cast<std::int64_t>(indices->size());
    const Attributes attributes = {
        {"axes", Ints{axis}}, {"starts", Ints{first}}, {"ends", Ints{first + count}}, {"steps", Ints{1}}};
    if (!n.shape(1).empty()) n.emit(Op::slice, {n.in(0)}, attributes);
    else n.emit(Op::squeeze, {n.make(Op::slice, {n.in(0)}, attributes)}, {{"axes", Ints{axis}}});
    return true;
}

void gather(OnnxNode& n) {
    const auto axis = n.axis(n.integer("axis", 0), n.rank());
    if (!gather_as_slice(n, axis)) n.emit(Op::gather, {n.in(0), n.in(1)}, {{"axis", axis}});
}

void expand(OnnxNode& n) {
    const auto target = n.ints(1);
    const auto& x = n.shape(0);
    Shape shape(std::max(x.size(), target.size()), 1);  // both sides broadcast
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const auto own = i < shape.size() - x.size() ? 1 : x[i - (shape.size() - x.size())];
        const auto wanted = i < shape.size() - target.size() ? 1 : target[i - (shape.size() - target.size())];
        shape[i] = wanted == 1 ? own : wanted;
    }
    if (shape == x) return n.bind(0, n.in(0));
    n.emit(Op::expand, {n.in(0)}, {{"shape", shape}});
}

void tile(OnnxNode& n) { n.emit(Op::tile, {n.in(0)}, {{"repeats", n.ints(1)}}); }

}  // namespace

void add_movement(ConverterTable& t) {
    t["Reshape"] = reshape;
    t["Flatten"] = flatten;
    t["Squeeze"] = squeeze;
    t["Unsqueeze"] = unsqueeze;
    t["Transpose"] = transpose;
    t["Concat"] = concat;
    t["Slice"] = slice;
    t["Split"] = split;
    t["Pad"] = pad;
    t["Gather"] = gather;
    t["Expand"] = expand;
    t["Tile"] = tile;
}

}  // namespace infsim::graph::onnx_import
