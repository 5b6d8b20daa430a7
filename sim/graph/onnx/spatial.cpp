// Convolutions and pooling: automatic padding and defaults are resolved here, so that a Graph has neither.
#include <algorithm>

#include <fmt/format.h>

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

struct Window {
    Ints kernel, strides, pads, dilations;
};

/// Pads that make ceil(extent / stride) windows fit; an odd pad goes at the end (SAME_UPPER) or at the front.
void pad_to_same(Window& w, const Shape& x, bool upper) {
    const auto n = w.kernel.size();
    for (std::size_t i = 0; i < n; ++i) {
        const auto windows = (x[i + 2] + w.strides[i] - 1) / w.strides[i];
        const auto reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
        const auto total = std::max<std::int64_t>(0, (windows - 1) * w.strides[i] + reach - x[i + 2]);
        w.pads[i] = upper ? total / 2 : total - total / 2;
        w.pads[i + n] = total - w.pads[i];
    }
}

Window window_of(OnnxNode& n, const Ints& default_kernel) {
    const auto& x = n.shape(0);
    if (x.size() < 3) throw ShapeError(fmt::format("takes images [N, C, ...], not a rank of {}", x.size()));
    const auto spatial = x.size() - 2;
    Window w;
    w.kernel = n.integers("kernel_shape").value_or(default_kernel);
    w.strides = n.integers("strides").value_or(Ints(spatial, 1));
    w.dilations = n.integers("dilations").value_or(Ints(spatial, 1));
    w.pads = n.integers("pads").value_or(Ints(2 * spatial, 0));
    const auto positive = [](const Ints& list) {
        return std::all_of(list.begin(), list.end(), [](std::int64_t v) { return v >= 1; });
    };
    if (w.kernel.size() != spatial || w.strides.size() != spatial || w.dilations.size() != spatial ||
        w.pads.size() != 2 * spatial || !positive(w.kernel) || !positive(w.strides) || !positive(w.dilations))
        throw ShapeError("kernel_shape, strides, dilations or pads do not fit its spatial axes");
    return w;
}

void resolve_auto_pad(OnnxNode& n, Window& w) {
    const auto mode = n.text("auto_pad", "NOTSET");
    if (mode == "NOTSET") return;
    if (mode == "VALID") std::fill(w.pads.begin(), w.pads.end(), 0);
    else if (mode == "SAME_UPPER" || mode == "SAME_LOWER") pad_to_same(w, n.shape(0), mode == "SAME_UPPER");
    else throw ShapeError(fmt::format("auto_pad '{}' is unknown", mode));
}

Ints weight_kernel(OnnxNode& n) {
    const auto& w = n.shape(1);
    if (w.size() < 3) throw ShapeError("its weights have no spatial axes");
    return Ints(w.begin() + 2, w.end());
}

std::vector<TensorId> operands(OnnxNode& n) {
    std::vector<TensorId> inputs = {n.in(0), n.in(1)};
    if (n.has(2)) inputs.push_back(n.in(2));
    return inputs;
}

void conv(OnnxNode& n) {
    auto w = window_of(n, weight_kernel(n));
    resolve_auto_pad(n, w);
    n.emit(Op::conv, operands(n),
           {{"kernel_shape", w.kernel},
            {"strides", w.strides},
            {"pads", w.pads},
            {"dilations", w.dilations},
            {"group", n.integer("group", 1)}});
}

/// Pads such that the output has `wanted` extents (ONNX: pads follow from output_shape); an extent still
/// missing without pads is added at the end.
void pad_to_output(OnnxNode& n, Window& w, Ints& extra, const Ints& wanted, bool upper) {
    const auto& x = n.shape(0);
    const auto count = w.kernel.size();
    if (wanted.size() < count) throw ShapeError("output_shape has too few axes");
    for (std::size_t i = 0; i < count; ++i) {
        const auto reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
        const auto full = w.strides[i] * (x[i + 2] - 1) + extra[i] + reach;
        const auto excess = full - wanted[wanted.size() - count + i];
        const auto total = std::max<std::int64_t>(0, excess);
        extra[i] += total - excess;
        w.pads[i] = upper ? total / 2 : total - total / 2;
        w.pads[i + count] = total - w.pads[i];
    }
}

void conv_transpose(OnnxNode& n) {
    auto w = window_of(n, weight_kernel(n));
    auto extra = n.integers("output_padding").value_or(Ints(w.kernel.size(), 0));
    if (extra.size() != w.kernel.size()) throw ShapeError("output_padding does not fit its spatial axes");
    const auto mode = n.text("auto_pad", "NOTSET");
    const auto shape = n.integers("output_shape");
    // ONNX puts the odd pad at the front, or at the end with SAME_UPPER.
    if (shape) {
        pad_to_output(n, w, extra, *shape, mode == "SAME_UPPER");
    } else if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
        Ints wanted;
        for (std::size_t i = 0; i < w.kernel.size(); ++i) wanted.push_back(n.shape(0)[i + 2] * w.strides[i]);
        pad_to_output(n, w, extra, wanted, mode == "SAME_UPPER");
    } else if (mode == "VALID") {
        std::fill(w.pads.begin(), w.pads.end(), 0);
    } else if (mode != "NOTSET") {
        throw ShapeError(fmt::format("auto_pad '{}' is unknown", mode));
    }
    n.emit(Op::conv_transpose, operands(n),
           {{"kernel_shape", w.kernel},
            {"strides", w.strides},
            {"pads", w.pads},
            {"dilations", w.dilations},
            {"group", n.integer("group", 1)},
            {"output_padding", extra}});
}

void max_pool(OnnxNode& n) {
    n.require_single_output();
    n.ignore("storage_order");
    auto w = window_of(n, {});
    resolve_auto_pad(n, w);
    n.emit(Op::max_pool, {n.in(0)},
           {{"kernel_shape", w.kernel},
            {"strides", w.strides},
            {"pads", w.pads},
            {"dilations", w.dilations},
            {"ceil_mode", n.integer("ceil_mode", 0)}});
}

/// Correction factors for the windows [H, W, ...] of the output: elements of the kernel over elements of the window
/// that are not padding.
std::vector<double> window_corrections(const Window& w, const Shape& x, const Shape& y) {
    std::vector<double> all = {1};
    for (std::size_t i = 0; i < w.kernel.size(); ++i) {
        std::vector<double> longer;
        for (const double outer : all)
            for (std::int64_t o = 0; o < y[i + 2]; ++o) {
                std::int64_t inside = 0;
                for (std::int64_t k = 0; k < w.kernel[i]; ++k) {
                    const auto at = o * w.strides[i] - w.pads[i] + k * w.dilations[i];
                    if (at >= 0 && at < x[i + 2]) ++inside;
                }
                longer.push_back(outer * static_cast<double>(w.kernel[i]) / static_cast<double>(inside));
            }
        all = std::move(longer);
    }
    return all;
}

/// Dilations (opset 19): a depthwise convolution with equal weights.
void dilated_average_pool(OnnxNode& n, const Window& w) {
    if (n.integer("ceil_mode", 0) != 0) throw ShapeError("dilations with ceil_mode (opset 19) are not supported");
    const Shape x = n.shape(0);
    const auto dtype = n.facts(0).dtype;
    Shape weights = {x[1], 1};
    weights.insert(weights.end(), w.kernel.begin(), w.kernel.end());
    const auto even = n.builder().constant(n.builder().fresh_tensor_name(n.output_name(0) + "/weights"), weights, dtype,
                                           Splat{1 / static_cast<double>(element_count(w.kernel))});
    const auto sums = n.make(Op::conv, {n.in(0), even},
                             {{"kernel_shape", w.kernel},
                              {"strides", w.strides},
                              {"pads", w.pads},
                              {"dilations", w.dilations},
                              {"group", x[1]}});
    const bool padded = std::any_of(w.pads.begin(), w.pads.end(), [](std::int64_t p) { return p != 0; });
    if (!padded || n.integer("count_include_pad", 0) != 0) return n.bind(0, sums);
    const Shape y = n.builder().shape(sums);
    auto corrections = window_corrections(w, x, y);
    n.emit(Op::mul, {sums, n.small(Shape(y.begin() + 2, y.end()), dtype, std::move(corrections))});
}

void average_pool(OnnxNode& n) {
    auto w = window_of(n, {});
    resolve_auto_pad(n, w);
    if (std::any_of(w.dilations.begin(), w.dilations.end(), [](std::int64_t d) { return d != 1; }))
        return dilated_average_pool(n, w);
    n.emit(Op::average_pool, {n.in(0)},
           {{"kernel_shape", w.kernel},
            {"strides", w.strides},
            {"pads", w.pads},
            {"ceil_mode", n.integer("ceil_mode", 0)},
            {"count_include_pad", n.integer("count_include_pad", 0)}});
}

void global_average_pool(OnnxNode& n) { n.emit(Op::global_average_pool, {n.in(0)}); }
void global_max_pool(OnnxNode& n) { n.emit(Op::global_max_pool, {n.in(0)}); }

void depth_to_space(OnnxNode& n) {
    n.emit(Op::depth_to_space, {n.in(0)}, {{"blocksize", n.integer("blocksize", 0)}, {"mode", n.text("mode", "DCR")}});
}

void space_to_depth(OnnxNode& n) { n.emit(Op::space_to_depth, {n.in(0)}, {{"blocksize", n.integer("blocksize", 0)}}); }

}  // namespace

void add_spatial(ConverterTable& t) {
    t["Conv"] = conv;
    t["ConvTranspose"] = conv_transpose;
    t["MaxPool"] = max_pool;
    t["AveragePool"] = average_pool;
    t["GlobalAveragePool"] = global_average_pool;
    t["GlobalMaxPool"] = global_max_pool;
    t["DepthToSpace"] = depth_to_space;
    t["SpaceToDepth"] = space_to_depth;
}

}  // namespace infsim::graph::onnx_import
