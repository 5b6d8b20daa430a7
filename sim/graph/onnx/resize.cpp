// Resize and its predecessor Upsample, with scales for every axis and all modes explicit.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

/// Scales and sizes of all axes.
struct Target {
    std::vector<double> scales;
    Ints sizes;
};

/// The axes that the lists refer to: those of the attribute (opset 18), otherwise all.
Ints resized_axes(OnnxNode& n) {
    Ints all(n.rank());
    std::iota(all.begin(), all.end(), 0);
    auto axes = n.integers("axes").value_or(all);
    for (auto& a : axes) a = n.axis(a, n.rank());
    return axes;
}

/// Every axis unchanged.
Target unchanged(OnnxNode& n) { return {std::vector<double>(n.rank(), 1), n.shape(0)}; }

void require_one_each(const char* what, std::size_t given, const Ints& axes) {
    if (given != axes.size()) throw ShapeError(fmt::format("has {} {} for {} axes", given, what, axes.size()));
}

Target from_scales(OnnxNode& n, const std::vector<double>& scales, const Ints& axes) {
    require_one_each("scales", scales.size(), axes);
    auto target = unchanged(n);
    for (std::size_t i = 0; i < scales.size(); ++i) {
        if (!(scales[i] > 0 && scales[i] < 1e6))
            throw ShapeError(fmt::format("a scale of {} is not supported", scales[i]));
        const auto axis = static_cast<std::size_t>(axes[i]);
        target.scales[axis] = scales[i];
        // Scales are single precision: 0.6f * 5 is a hair above 3 and still means 3.
        target.sizes[axis] =
            static_cast<std::int64_t>(std::floor(static_cast<double>(n.shape(0)[axis]) * scales[i] + 1e-5));
    }
    return target;
}

/// If the policy keeps the aspect ratio: one scale for all axes, the smallest or largest that the sizes imply.
void keep_aspect_ratio(OnnxNode& n, Target& target, const Ints& axes, const std::string& policy) {
    if (policy == "stretch" || axes.empty()) return;
    if (policy != "not_larger" && policy != "not_smaller")
        throw ShapeError(fmt::format("keep_aspect_ratio_policy '{}' is not supported", policy));
    std::vector<double> asked;
    for (const auto a : axes) asked.push_back(target.scales[static_cast<std::size_t>(a)]);
    const double scale = policy == "not_larger" ? *std::min_element(asked.begin(), asked.end())
                                                : *std::max_element(asked.begin(), asked.end());
    for (const auto a : axes) {
        const auto axis = static_cast<std::size_t>(a);
        target.scales[axis] = scale;
        target.sizes[axis] = static_cast<std::int64_t>(std::floor(scale * static_cast<double>(n.shape(0)[axis]) + 0.5));
    }
}

Target from_sizes(OnnxNode& n, const Ints& sizes, const Ints& axes) {
    require_one_each("sizes", sizes.size(), axes);
    auto target = unchanged(n);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto axis = static_cast<std::size_t>(axes[i]);
        target.sizes[axis] = sizes[i];
        target.scales[axis] = static_cast<double>(sizes[i]) / static_cast<double>(n.shape(0)[axis]);
    }
    keep_aspect_ratio(n, target, axes, n.text("keep_aspect_ratio_policy", "stretch"));
    return target;
}

/// Expands a region that lists only `axes` to all axes, begins before ends.
std::vector<double> whole_roi(OnnxNode& n, const std::vector<double>& given, const Ints& axes) {
    if (given.size() != 2 * axes.size())
        throw ShapeError(fmt::format("has a roi of {} values for {} axes", given.size(), axes.size()));
    std::vector<double> roi(2 * n.rank(), 0);
    std::fill(roi.begin() + static_cast<std::ptrdiff_t>(n.rank()), roi.end(), 1);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        roi[static_cast<std::size_t>(axes[i])] = given[i];
        roi[static_cast<std::size_t>(axes[i]) + n.rank()] = given[i + axes.size()];
    }
    return roi;
}

/// The antialiasing filter covers more pixels if an axis shrinks; otherwise it changes nothing.
void check_antialias(OnnxNode& n, const Target& target, const std::string& mode) {
    if (n.integer("antialias", 0) == 0 || mode == "nearest") return;
    if (std::any_of(target.scales.begin(), target.scales.end(), [](double s) { return s < 1; }))
        throw ShapeError("antialias (opset 18) is not supported if an axis shrinks");
}

void emit(OnnxNode& n, const Target& target, const std::string& mode, const std::string& transformation,
          const std::string& nearest, const std::vector<double>& roi) {
    n.emit(Op::resize, {n.in(0)},
           {{"mode", mode},
            {"scales", target.scales},
            {"sizes", target.sizes},
            {"roi", roi},
            {"coordinate_transformation_mode", transformation},
            {"nearest_mode", nearest},
            {"cubic_coeff_a", n.real("cubic_coeff_a", -0.75)},
            {"exclude_outside", n.integer("exclude_outside", 0)},
            {"extrapolation_value", n.real("extrapolation_value", 0)}});
}

/// Up to opset 10 coordinates are simply divided by the scale.
void old_resize(OnnxNode& n) {
    const auto scales = n.has(1) ? n.values(1) : n.reals("scales").value_or(std::vector<double>{});
    const auto mode = n.text("mode", "nearest");
    emit(n, from_scales(n, scales, resized_axes(n)), mode == "bilinear" ? "linear" : mode, "asymmetric", "floor", {});
}

void resize(OnnxNode& n) {
    if (n.opset() < 11) return old_resize(n);
    const auto mode = n.text("mode", "nearest");
    const auto transformation = n.text("coordinate_transformation_mode", "half_pixel");
    const auto nearest = n.text("nearest_mode", "round_prefer_floor");
    const auto axes = resized_axes(n);
    const auto roi =
        n.has(1) && transformation == "tf_crop_and_resize" ? whole_roi(n, n.values(1), axes) : std::vector<double>{};
    const bool by_scales = n.has(2) && !n.values(2).empty();
    if (!by_scales && !n.has(3)) throw ShapeError("has neither scales nor sizes");
    n.ignore("keep_aspect_ratio_policy");  // does not apply to scales
    const auto target = by_scales ? from_scales(n, n.values(2), axes) : from_sizes(n, n.ints(3), axes);
    check_antialias(n, target, mode);
    emit(n, target, mode, transformation, nearest, roi);
}

}  // namespace

void add_resize(ConverterTable& t) {
    t["Resize"] = resize;
    t["Upsample"] = old_resize;
}

}  // namespace infsim::graph::onnx_import
