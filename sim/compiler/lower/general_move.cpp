// Operators that only move data. On chip a view of the same value where that exists; otherwise a walk over the
// tensor in device DRAM, which moves nothing either until somebody wants it on chip.
#include <algorithm>

#include "compiler/lower/lowering.hpp"
#include "graph/constants.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::Shape;
using graph::TensorId;

namespace {

/// Indices that follow each other in equal steps: one box of a fetch.
struct Run {
    std::int64_t at = 0, first = 0, count = 1, step = 1;
};

/// Splits a list of indices into runs; negative indices mean "nothing there" and belong to none.
std::vector<Run> runs_of(const std::vector<std::int64_t>& indices) {
    std::vector<Run> runs;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const std::int64_t at = static_cast<std::int64_t>(i), index = indices[i];
        if (index < 0) continue;
        if (!runs.empty()) {
            Run& r = runs.back();
            const bool adjacent = r.at + r.count == at;
            if (adjacent && r.count == 1) {
                r.step = index - r.first;
                r.count = 2;
                continue;
            }
            if (adjacent && r.first + r.count * r.step == index) {
                ++r.count;
                continue;
            }
        }
        runs.push_back({at, index, 1, 1});
    }
    return runs;
}

/// Each index so many times in a row, 0 when the list is not of that form.
std::int64_t repeats(const std::vector<std::int64_t>& indices, std::int64_t extent) {
    const auto n = static_cast<std::int64_t>(indices.size());
    if (extent == 0 || n % extent != 0) return 0;
    const std::int64_t times = n / extent;
    for (std::int64_t i = 0; i < n; ++i)
        if (indices[static_cast<std::size_t>(i)] != i / times) return 0;
    return times;
}

Shape counted(std::int64_t n) {
    Shape s(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) s[static_cast<std::size_t>(i)] = i;
    return s;
}

}  // namespace

View Lowering::gathered(const Strided& s, const std::vector<std::vector<std::int64_t>>& indices,
                        std::optional<float> fill) {
    const Shape from = shape_of(s);
    Shape to;
    Strided source = s;
    std::vector<std::vector<Run>> runs;
    for (std::size_t a = 0; a < indices.size(); ++a) {
        to.push_back(static_cast<std::int64_t>(indices[a].size()));
        const std::int64_t times = repeats(indices[a], from[a]);
        if (times > 0) {
            source = repeat_elements(source, a, times);
            runs.push_back({{0, 0, to[a], 1}});
        } else {
            runs.push_back(runs_of(indices[a]));
        }
    }
    std::vector<FetchBox> boxes = {{source, {}, {}}};
    for (std::size_t a = 0; a < indices.size(); ++a) {
        std::vector<FetchBox> next;
        for (const FetchBox& box : boxes)
            for (const Run& r : runs[a]) {
                FetchBox part{sliced(box.from, a, r.first, r.count, r.step), box.start, box.step};
                part.start.push_back(r.at);
                part.step.push_back(1);
                next.push_back(std::move(part));
            }
        boxes = std::move(next);
        if (boxes.size() > 4096) throw NotSupported{"a selection of more than 4096 pieces"};
    }
    if (boxes.empty() && !fill) throw NotSupported{"a selection of nothing"};
    return fetched(std::move(boxes), default_layout(to, columns_), dtype_of(s), fill);
}

void Lowering::general_concat(const Node& node) {
    const TensorId out = node.outputs[0];
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), shape(out).size());
    std::vector<FetchBox> boxes;
    std::int64_t at = 0;
    for (const TensorId in : node.inputs) {
        const std::int64_t extent = shape(in)[axis];
        if (graph::element_count(shape(in)) == 0) continue;
        FetchBox box{strided_of(in), Shape(shape(out).size(), 0), Shape(shape(out).size(), 1)};
        box.start[axis] = at;
        at += extent;
        boxes.push_back(std::move(box));
    }
    views_[out] = fetched(std::move(boxes), default_layout(shape(out), columns_), chip_dtype(out));
}

void Lowering::general_pad(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const auto& pads = graph::attribute_ints(node, "pads");
    const std::string& mode = graph::attribute_string(node, "mode");
    std::vector<std::vector<std::int64_t>> indices;
    for (std::size_t a = 0; a < shape(in).size(); ++a) {
        const std::int64_t n = shape(in)[a];
        std::vector<std::int64_t> list;
        for (std::int64_t i = -pads[a]; i < n + pads[a + shape(in).size()]; ++i) {
            std::int64_t index = i;
            if (mode == "edge") index = std::clamp<std::int64_t>(i, 0, n - 1);
            else if (mode == "reflect")
                for (; n > 1 && (index < 0 || index >= n);) index = index < 0 ? -index : 2 * (n - 1) - index;
            list.push_back(index < 0 || index >= n ? -1 : index);
        }
        indices.push_back(std::move(list));
    }
    std::optional<float> fill;
    if (mode == "constant") fill = static_cast<float>(graph::attribute_float(node, "value"));
    views_[out] = gathered(strided_of(in), indices, fill);
}

void Lowering::general_gather(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    if (!is_constant(node.inputs[1]))
        throw NotSupported{"a gather by computed indices, other than of rows of a constant table"};
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), shape(in).size());
    std::vector<std::vector<std::int64_t>> indices;
    for (const std::int64_t n : shape(in)) indices.push_back(counted(n));
    indices[axis].clear();
    for (const float v : graph::evaluate_constant(graph_, node.inputs[1])) {
        const auto i = static_cast<std::int64_t>(v), n = shape(in)[axis];
        if (i < -n || i >= n)
            throw NotSupported{"index " + std::to_string(i) + " is outside of an axis of " + std::to_string(n)};
        indices[axis].push_back(i < 0 ? i + n : i);
    }
    bind_reshaped(out, gathered(strided_of(in), indices, std::nullopt));
}

void Lowering::general_split(const Node& node) {
    const TensorId in = node.inputs[0];
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), shape(in).size());
    std::int64_t at = 0;
    const Strided from = strided_of(in);
    for (const TensorId out : node.outputs) {
        if (out == graph::kNoTensor) continue;
        bind(out, sliced(from, axis, at, shape(out)[axis], 1));
        at += shape(out)[axis];
    }
}

void Lowering::general_reshape(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    if (const auto on_chip = views_.find(in); on_chip != views_.end())
        if (const auto direct = reshape(on_chip->second, phys_of(on_chip->second), shape(out))) views_[out] = *direct;
    // The walk in DRAM is free where the tensor already is there, and the last resort where it is not.
    if (views_.count(out) == 0) bind(out, reshaped(strided_of(in), shape(out)));
    else if (strided_.count(in) > 0)
        if (const auto direct = reshape(strided_of(in), shape(out))) bind(out, *direct);
}

void Lowering::general_transpose(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const auto& perm = graph::attribute_ints(node, "perm");
    if (const auto on_chip = views_.find(in); on_chip != views_.end()) views_[out] = transpose(on_chip->second, perm);
    if (strided_.count(in) > 0 || views_.count(out) == 0) bind(out, transpose(strided_of(in), perm));
}

void Lowering::general_slice(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    Strided s = strided_of(in);
    const auto& axes = graph::attribute_ints(node, "axes");
    const auto &starts = graph::attribute_ints(node, "starts"), &steps = graph::attribute_ints(node, "steps");
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::size_t axis = axis_index(axes[i], shape(in).size());
        s = sliced(s, axis, starts[i], shape(out)[axis], steps[i]);
    }
    bind(out, s);
}

void Lowering::general_depth_space(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const std::int64_t b = graph::attribute_int(node, "blocksize"), n = shape(in)[0], c = shape(in)[1],
                       h = shape(in)[2], w = shape(in)[3];
    Shape split, perm;
    if (node.op == Op::space_to_depth) {
        split = {n, c, h / b, b, w / b, b};
        perm = {0, 3, 5, 1, 2, 4};
    } else if (graph::attribute_string(node, "mode") == "DCR") {
        split = {n, b, b, c / (b * b), h, w};
        perm = {0, 3, 4, 1, 5, 2};
    } else {
        split = {n, c / (b * b), b, b, h, w};
        perm = {0, 1, 4, 2, 5, 3};
    }
    bind(out, reshaped(transpose(reshaped(strided_of(in), split), perm), shape(out)));
}

bool Lowering::general_movement(const Node& node) {
    switch (node.op) {
        case Op::reshape:
        case Op::flatten:
        case Op::squeeze:
        case Op::unsqueeze:
        case Op::identity: general_reshape(node); return true;
        case Op::transpose: general_transpose(node); return true;
        case Op::expand: bind(node.outputs[0], expand(strided_of(node.inputs[0]), shape(node.outputs[0]))); return true;
        case Op::tile:
            bind(node.outputs[0], tile(strided_of(node.inputs[0]), graph::attribute_ints(node, "repeats")));
            return true;
        case Op::slice: general_slice(node); return true;
        case Op::depth_to_space:
        case Op::space_to_depth: general_depth_space(node); return true;
        case Op::concat: general_concat(node); return true;
        case Op::pad: general_pad(node); return true;
        case Op::gather: general_gather(node); return true;
        case Op::split: general_split(node); return true;
        case Op::resize: general_resize(node); return true;
        default: return false;
    }
}

}  // namespace infsim::compiler
