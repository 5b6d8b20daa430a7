// Resize and its predecessor Upsample, with scales for every axis and all modes spelled out.
#include <cmath>

#include <fmt/format.h>

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

struct Target {
    std::vector<double> scales;
    Ints sizes;
};

Target from_scales(OnnxNode& n, const std::vector<double>& scales) {
    if (scales.size() != n.rank()) throw ShapeError(fmt::format("has {} scales for {} axes", scales.size(), n.rank()));
    Target target{scales, {}};
    for (std::size_t i = 0; i < scales.size(); ++i) {
        if (!(scales[i] > 0 && scales[i] < 1e6))
            throw ShapeError(fmt::format("a scale of {} is not supported", scales[i]));
        // Scales are single precision: 0.6f * 5 is a hair above 3 and still means 3.
        target.sizes.push_back(
            static_cast<std::int64_t>(std::floor(static_cast<double>(n.shape(0)[i]) * scales[i] + 1e-5)));
    }
    return target;
}

Target from_sizes(OnnxNode& n, const Ints& sizes) {
    if (sizes.size() != n.rank()) throw ShapeError(fmt::format("has {} sizes for {} axes", sizes.size(), n.rank()));
    Target target{{}, sizes};
    for (std::size_t i = 0; i < sizes.size(); ++i)
        target.scales.push_back(static_cast<double>(sizes[i]) / static_cast<double>(n.shape(0)[i]));
    return target;
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
    emit(n, from_scales(n, scales), mode == "bilinear" ? "linear" : mode, "asymmetric", "floor", {});
}

void resize(OnnxNode& n) {
    if (n.opset() < 11) return old_resize(n);
    const auto mode = n.text("mode", "nearest");
    const auto transformation = n.text("coordinate_transformation_mode", "half_pixel");
    const auto nearest = n.text("nearest_mode", "round_prefer_floor");
    const auto roi = n.has(1) && transformation == "tf_crop_and_resize" ? n.values(1) : std::vector<double>{};
    const bool by_scales = n.has(2) && !n.values(2).empty();
    if (!by_scales && !n.has(3)) throw ShapeError("has neither scales nor sizes");
    emit(n, by_scales ? from_scales(n, n.values(2)) : from_sizes(n, n.ints(3)), mode, transformation, nearest, roi);
}

}  // namespace

void add_resize(ConverterTable& t) {
    t["Resize"] = resize;
    t["Upsample"] = old_resize;
}

}  // namespace infsim::graph::onnx_import
