#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>

#include "compiler/ir/strided.hpp"
#include "compiler/lower/arrange.hpp"
#include "compiler/lower/general.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/tensors.hpp"

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
    // ONNX's reference divides by the extent that the scale gives before rounding down to whole elements.
    const double at = static_cast<double>(o), in = static_cast<double>(x.in), out = x.scale * in;
    if (mode == "asymmetric") return at / x.scale;
    if (mode == "align_corners") return x.out == 1 ? 0 : at * (in - 1) / (out - 1);
    if (mode == "pytorch_half_pixel") return x.out == 1 ? -0.5 : (at + 0.5) / x.scale - 0.5;
    if (mode == "half_pixel_symmetric") {
        const double adjusted = static_cast<double>(x.out) / out, center = in / 2;
        return center * (1 - adjusted) + (at + 0.5) / x.scale - 0.5;
    }
    if (mode == "tf_half_pixel_for_nn") return (at + 0.5) / x.scale;
    if (mode == "tf_crop_and_resize") {
        if (x.out == 1) return 0.5 * (x.roi_start + x.roi_end) * (in - 1);
        return x.roi_start * (in - 1) + at * (x.roi_end - x.roi_start) * (in - 1) / (out - 1);
    }
    return (at + 0.5) / x.scale - 0.5;  // half_pixel
}

std::int64_t nearest(const std::string& mode, double position) {
    if (mode == "floor") return static_cast<std::int64_t>(std::floor(position));
    if (mode == "ceil") return static_cast<std::int64_t>(std::ceil(position));
    if (mode == "round_prefer_floor") return static_cast<std::int64_t>(std::ceil(position - 0.5));
    return static_cast<std::int64_t>(std::floor(position + 0.5));  // round_prefer_ceil
}

bool crops(const Node& node) {
    return graph::attribute_string(node, "coordinate_transformation_mode") == "tf_crop_and_resize";
}

/// Weights of the taps around a position at distance `f` after the second of four taps (cubic) or the first of two.
std::vector<double> tap_weights(const Node& node, double f) {
    if (graph::attribute_string(node, "mode") == "linear") return {1 - f, f};
    const double a = graph::attribute_float(node, "cubic_coeff_a");
    const auto near = [&](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
    const auto far = [&](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
    return {far(f + 1), near(f), near(1 - f), far(2 - f)};
}

/// One axis in the linear and cubic modes: for each tap, the elements that it picks and their weights.
struct Taps {
    std::vector<std::vector<std::int64_t>> picks;
    std::vector<std::vector<float>> weights;
};

Taps taps_of(const Node& node, const Axis& x) {
    const std::size_t taps = graph::attribute_string(node, "mode") == "linear" ? 2 : 4;
    const bool exclude_outside = graph::attribute_int(node, "exclude_outside") != 0;
    Taps t{std::vector<std::vector<std::int64_t>>(taps), std::vector<std::vector<float>>(taps)};
    for (std::int64_t o = 0; o < x.out; ++o) {
        const double position = source_position(node, x, o), base = std::floor(position);
        std::vector<double> w = tap_weights(node, position - base);
        double sum = 0;
        for (std::size_t i = 0; i < taps; ++i) {
            const auto index = static_cast<std::int64_t>(base) + static_cast<std::int64_t>(i) - (taps == 4 ? 1 : 0);
            if (exclude_outside && (index < 0 || index >= x.in)) w[i] = 0;
            t.picks[i].push_back(std::clamp<std::int64_t>(index, 0, x.in - 1));
            sum += w[i];
        }
        for (std::size_t i = 0; i < taps; ++i) t.weights[i].push_back(static_cast<float>(w[i] / sum));
    }
    return t;
}

/// Computed numbers along axis `axis` of a tensor of shape `to`, the same along all other axes.
Strided along_axis(Lowering& low, std::vector<float> numbers, const Shape& to, std::size_t axis) {
    Strided literal{Strided::Source::literal, static_cast<int>(low.net.literals.size()), 0, {}};
    literal.axes.assign(to.size(), {});
    if (numbers.size() > 1) literal.axes[axis] = {{static_cast<std::int64_t>(numbers.size()), 1}};
    low.net.literals.push_back(std::move(numbers));
    return expand(literal, to);
}

/// Every index of every axis, in order.
std::vector<std::vector<std::int64_t>> all_indices(const Shape& shape) {
    std::vector<std::vector<std::int64_t>> indices;
    for (const std::int64_t n : shape) {
        indices.emplace_back(static_cast<std::size_t>(n));
        std::iota(indices.back().begin(), indices.back().end(), std::int64_t{0});
    }
    return indices;
}

/// One axis resized: the sum of its taps, each picked and weighted.
Strided resized_axis(Lowering& low, const Strided& s, std::size_t axis, const Node& node) {
    const Shape from = shape_of(s);
    const SourceGraph& source = low.source;
    const Axis x = axis_of(node, source.shape(node.inputs[0]), source.shape(node.outputs[0]), axis);
    const Taps taps = taps_of(node, x);
    Shape to = from;
    to[axis] = x.out;
    const Layout layout = default_layout(to, source.columns);
    std::optional<View> total;
    for (std::size_t t = 0; t < taps.picks.size(); ++t) {
        auto indices = all_indices(from);
        indices[axis] = taps.picks[t];
        const View picked = gathered(low, s, indices, std::nullopt);
        const View weight = fetched(low, along_axis(low, taps.weights[t], to, axis), layout, source.dtype);
        const View part = combine(low, picked, weight, program::AluOp::multiply, source.dtype);
        total = total ? combine(low, *total, part, program::AluOp::add, source.dtype) : part;
    }
    return stored(low, *total);
}

/// Which element of each axis every output takes, -1 outside, and which axes are not simply copied.
struct Selection {
    std::vector<std::vector<std::int64_t>> indices;
    std::vector<std::size_t> changed;
};

Selection selection_of(const Node& node, const Shape& from, const Shape& to) {
    const bool picks = graph::attribute_string(node, "mode") == "nearest";
    const std::string& rounding = graph::attribute_string(node, "nearest_mode");
    Selection s;
    for (std::size_t a = 0; a < from.size(); ++a) {
        const Axis x = axis_of(node, from, to, a);
        std::vector<std::int64_t> list;
        bool same = x.in == x.out;
        for (std::int64_t o = 0; o < x.out; ++o) {
            const double position = source_position(node, x, o);
            same = same && position == static_cast<double>(o);
            const bool outside = crops(node) && (position < 0 || position > static_cast<double>(x.in - 1));
            if (outside) list.push_back(-1);
            else list.push_back(picks ? std::clamp<std::int64_t>(nearest(rounding, position), 0, x.in - 1) : o);
        }
        if (!same) s.changed.push_back(a);
        s.indices.push_back(std::move(list));
    }
    return s;
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool resampled_on_chip(Lowering& low, const Node& node, const Selection& selection) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    std::vector<Resampled> axes;
    for (const std::size_t a : selection.changed) {
        Taps taps = taps_of(node, axis_of(node, low.source.shape(in), low.source.shape(out), a));
        axes.push_back({a, std::move(taps.picks), std::move(taps.weights)});
    }
    return resample_on_chip(low, in, out, axes);
}

}  // namespace

Refusal refuse_resize(const Lowering&, const Node& node) {
    constexpr std::array<std::string_view, 3> modes = {"nearest", "linear", "cubic"};
    constexpr std::array<std::string_view, 7> positions = {
        "asymmetric",           "align_corners",      "pytorch_half_pixel", "half_pixel_symmetric",
        "tf_half_pixel_for_nn", "tf_crop_and_resize", "half_pixel"};
    constexpr std::array<std::string_view, 4> roundings = {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"};
    const std::string& mode = graph::attribute_string(node, "mode");
    const std::string& position = graph::attribute_string(node, "coordinate_transformation_mode");
    const std::string& rounding = graph::attribute_string(node, "nearest_mode");
    if (!is_one_of(modes, mode)) return "resize mode '" + mode + "'";
    if (!is_one_of(positions, position)) return "coordinate_transformation_mode '" + position + "'";
    if (mode == "nearest" && !is_one_of(roundings, rounding)) return "nearest_mode '" + rounding + "'";
    return std::nullopt;
}

void general_resize(Lowering& low, const Node& node) {
    const TensorId in = node.inputs[0], out = node.outputs[0];
    const Selection selection = selection_of(node, low.source.shape(in), low.source.shape(out));
    const auto extrapolation = static_cast<float>(graph::attribute_float(node, "extrapolation_value"));
    const std::optional<float> fill = crops(node) ? std::optional<float>(extrapolation) : std::nullopt;
    const bool picks = graph::attribute_string(node, "mode") == "nearest";
    if (picks ? select_on_chip(low, in, out, selection.indices, fill)
              : !fill && resampled_on_chip(low, node, selection))
        return;
    Strided s = strided_of(low, in);
    if (!picks)
        for (const std::size_t a : selection.changed) s = resized_axis(low, s, a, node);
    if (picks || fill) low.at.views[out] = gathered(low, s, selection.indices, fill);  // what lies outside is filled
    else bind(low, out, s);
}

}  // namespace infsim::compiler
