// Resize: nearest by picking, linear and cubic axis by axis as weighted sums of picked tensors.
#include <algorithm>
#include <cmath>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;

namespace {

struct Axis {
    std::int64_t in = 1, out = 1;
    double scale = 1, roi_start = 0, roi_end = 1;
};

Axis axis_of(const Node& node, const Shape& in, const Shape& out, std::size_t a) {
    Axis axis{in[a], out[a], graph::attribute_floats(node, "scales")[a], 0, 1};
    const auto& roi = graph::attribute_floats(node, "roi");
    if (roi.size() == 2 * in.size()) {
        axis.roi_start = roi[a];
        axis.roi_end = roi[a + in.size()];
    }
    return axis;
}

/// Where output position `o` lies on the input axis, by ONNX's coordinate transformations.
double source_position(const Node& node, const Axis& x, std::int64_t o) {
    const std::string& mode = graph::attribute_string(node, "coordinate_transformation_mode");
    // ONNX's reference divides by the extent that the scale gives before it is rounded down to whole elements.
    const double at = static_cast<double>(o), in = static_cast<double>(x.in), out = x.scale * in;
    if (mode == "asymmetric") return at / x.scale;
    if (mode == "align_corners") return x.out == 1 ? 0 : at * (in - 1) / (out - 1);
    if (mode == "pytorch_half_pixel") return x.out == 1 ? -0.5 : (at + 0.5) / x.scale - 0.5;
    if (mode == "half_pixel_symmetric") {
        const double adjusted = out / (x.scale * in), center = in / 2;
        return center * (1 - adjusted) + (at + 0.5) / x.scale - 0.5;
    }
    if (mode == "tf_half_pixel_for_nn") return (at + 0.5) / x.scale;
    if (mode == "tf_crop_and_resize") {
        if (x.out == 1) return 0.5 * (x.roi_start + x.roi_end) * (in - 1);
        return x.roi_start * (in - 1) + at * (x.roi_end - x.roi_start) * (in - 1) / (out - 1);
    }
    if (mode == "half_pixel") return (at + 0.5) / x.scale - 0.5;
    throw NotSupported{"coordinate_transformation_mode '" + mode + "'"};
}

std::int64_t nearest(const std::string& mode, double position) {
    if (mode == "floor") return static_cast<std::int64_t>(std::floor(position));
    if (mode == "ceil") return static_cast<std::int64_t>(std::ceil(position));
    if (mode == "round_prefer_floor") return static_cast<std::int64_t>(std::ceil(position - 0.5));
    if (mode == "round_prefer_ceil") return static_cast<std::int64_t>(std::floor(position + 0.5));
    throw NotSupported{"nearest_mode '" + mode + "'"};
}

bool crops(const Node& node) {
    return graph::attribute_string(node, "coordinate_transformation_mode") == "tf_crop_and_resize";
}

/// Weights of the taps around a position that lies `f` behind the second of four (cubic) or the first of two.
std::vector<double> tap_weights(const Node& node, double f) {
    if (graph::attribute_string(node, "mode") == "linear") return {1 - f, f};
    const double a = graph::attribute_float(node, "cubic_coeff_a");
    const auto near = [&](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
    const auto far = [&](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
    return {far(f + 1), near(f), near(1 - f), far(2 - f)};
}

}  // namespace

Strided Lowering::resized_axis(const Strided& s, std::size_t axis, const Node& node) {
    const Shape from = shape_of(s);
    const Shape& whole_in = shape(node.inputs[0]);
    const Axis x = axis_of(node, whole_in, shape(node.outputs[0]), axis);
    const std::size_t taps = graph::attribute_string(node, "mode") == "linear" ? 2 : 4;
    std::vector<std::vector<std::int64_t>> picks(taps);
    std::vector<std::vector<float>> weights(taps);
    for (std::int64_t o = 0; o < x.out; ++o) {
        const double position = source_position(node, x, o), base = std::floor(position);
        std::vector<double> w = tap_weights(node, position - base);
        double sum = 0;
        for (std::size_t t = 0; t < taps; ++t) {
            const auto index = static_cast<std::int64_t>(base) + static_cast<std::int64_t>(t) - (taps == 4 ? 1 : 0);
            if (graph::attribute_int(node, "exclude_outside") != 0 && (index < 0 || index >= x.in)) w[t] = 0;
            picks[t].push_back(std::clamp<std::int64_t>(index, 0, x.in - 1));
            sum += w[t];
        }
        for (std::size_t t = 0; t < taps; ++t) weights[t].push_back(static_cast<float>(w[t] / sum));
    }
    Shape to = from;
    to[axis] = x.out;
    const Layout layout = default_layout(to, columns_);
    std::optional<View> total;
    for (std::size_t t = 0; t < taps; ++t) {
        std::vector<std::vector<std::int64_t>> indices;
        for (std::size_t a = 0; a < from.size(); ++a) {
            indices.emplace_back(static_cast<std::size_t>(from[a]));
            for (std::int64_t i = 0; i < from[a]; ++i) indices[a][static_cast<std::size_t>(i)] = i;
        }
        indices[axis] = picks[t];
        const View picked = gathered(s, indices, std::nullopt);
        Strided literal{Strided::Source::literal, static_cast<int>(net_.literals.size()), 0, {}};
        net_.literals.push_back(weights[t]);
        literal.axes.assign(from.size(), {});
        if (x.out > 1) literal.axes[axis] = {{x.out, 1}};
        const View weight = fetched(expand(literal, to), layout, dtype_);
        const View part = combine(picked, weight, program::AluOp::multiply, dtype_);
        total = total ? combine(*total, part, program::AluOp::add, dtype_) : part;
    }
    return stored(*total);
}

void Lowering::general_resize(const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const std::string& mode = graph::attribute_string(node, "mode");
    if (mode != "nearest" && mode != "linear" && mode != "cubic") throw NotSupported{"resize mode '" + mode + "'"};
    std::vector<std::vector<std::int64_t>> indices;
    std::vector<std::size_t> changed;
    for (std::size_t a = 0; a < shape(in).size(); ++a) {
        const Axis x = axis_of(node, shape(in), shape(out), a);
        std::vector<std::int64_t> list;
        bool same = x.in == x.out;
        for (std::int64_t o = 0; o < x.out; ++o) {
            const double position = source_position(node, x, o);
            same = same && position == static_cast<double>(o);
            const bool outside = crops(node) && (position < 0 || position > static_cast<double>(x.in - 1));
            if (mode == "nearest")
                list.push_back(
                    outside ? -1
                            : std::clamp<std::int64_t>(nearest(graph::attribute_string(node, "nearest_mode"), position),
                                                       0, x.in - 1));
            else list.push_back(outside ? -1 : o);
        }
        if (!same) changed.push_back(a);
        indices.push_back(std::move(list));
    }
    const auto extrapolation = static_cast<float>(graph::attribute_float(node, "extrapolation_value"));
    Strided s = strided_of(in);
    if (mode == "nearest") {
        views_[out] = gathered(s, indices, crops(node) ? std::optional<float>(extrapolation) : std::nullopt);
        return;
    }
    for (const std::size_t a : changed) s = resized_axis(s, a, node);
    if (crops(node)) views_[out] = gathered(s, indices, extrapolation);  // what lies outside of the input
    else bind(out, s);
}

}  // namespace infsim::compiler
