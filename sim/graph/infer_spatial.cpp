// Operators on images: [N, C, spatial axes...], any number of spatial axes.
#include <cmath>

#include <fmt/format.h>

#include "graph/infer_rules.hpp"

namespace infsim::graph::rules {
namespace {

using Ints = std::vector<std::int64_t>;

/// Window attributes of a node, checked against the rank of its input.
struct Window {
    Ints kernel, strides, pads, dilations;
};

Window window_of(const Context& c, bool dilated) {
    const auto spatial = c.in(0).shape.size() - 2;
    Window w{attribute_ints(c.node, "kernel_shape"), attribute_ints(c.node, "strides"), attribute_ints(c.node, "pads"),
             dilated ? attribute_ints(c.node, "dilations") : Ints(spatial, 1)};
    const auto fits = [&](const Ints& values, std::size_t count, std::int64_t least, const char* name) {
        require(values.size() == count, fmt::format("{} has {} values, not {}", name, values.size(), count));
        for (const auto v : values) require(v >= least, fmt::format("{} has {}, which is below {}", name, v, least));
    };
    fits(w.kernel, spatial, 1, "kernel_shape");
    fits(w.strides, spatial, 1, "strides");
    fits(w.pads, 2 * spatial, 0, "pads");
    fits(w.dilations, spatial, 1, "dilations");
    return w;
}

void require_image(const Context& c) {
    require(c.in(0).shape.size() >= 3, fmt::format("takes images [N, C, ...], not {}", to_text(c.in(0).shape)));
}

/// Windows that fit along one padded axis. In ceil mode the last one may extend past the end, but must not
/// start in the end padding.
std::int64_t window_count(const Window& w, std::size_t i, std::int64_t extent, bool ceil_mode) {
    const auto begin = w.pads[i];
    const auto end = w.pads[i + w.kernel.size()];
    const auto reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
    const auto room = extent + begin + end - reach;
    require(room >= 0,
            fmt::format("a window of {} is larger than the padded input of {}", reach, extent + begin + end));
    if (!ceil_mode) return room / w.strides[i] + 1;
    auto count = (room + w.strides[i] - 1) / w.strides[i] + 1;
    if ((count - 1) * w.strides[i] >= extent + begin) --count;
    return count;
}

void check_bias(const Context& c, std::int64_t channels) {
    if (c.has(2))
        require(c.in(2).shape == Shape{channels},
                fmt::format("bias {} needs one value for each of {} channels", to_text(c.in(2).shape), channels));
}

}  // namespace

Outputs conv(Context& c) {
    require_image(c);
    const auto& x = c.in(0).shape;
    const auto& w = c.in(1).shape;
    const auto group = attribute_int(c.node, "group");
    require(w.size() == x.size(), fmt::format("weights {} do not fit input {}", to_text(w), to_text(x)));
    require(group >= 1 && x[1] == w[1] * group && w[0] % group == 0,
            fmt::format("weights {} in {} group(s) do not fit the channels of {}", to_text(w), group, to_text(x)));
    const auto window = window_of(c, true);
    require(Shape(w.begin() + 2, w.end()) == window.kernel, "kernel_shape differs from the weights");
    check_bias(c, w[0]);
    Shape out = {x[0], w[0]};
    for (std::size_t i = 0; i + 2 < x.size(); ++i) out.push_back(window_count(window, i, x[i + 2], false));
    c.require_leading_batch();
    return {output(c, out, c.in(0).place)};
}

Outputs conv_transpose(Context& c) {
    require_image(c);
    const auto& x = c.in(0).shape;
    const auto& w = c.in(1).shape;
    const auto group = attribute_int(c.node, "group");
    const auto& extra = attribute_ints(c.node, "output_padding");
    require(w.size() == x.size() && group >= 1 && x[1] == w[0] && w[0] % group == 0,
            fmt::format("weights {} in {} group(s) do not fit input {}", to_text(w), group, to_text(x)));
    const auto window = window_of(c, true);
    require(Shape(w.begin() + 2, w.end()) == window.kernel, "kernel_shape differs from the weights");
    require(extra.size() == window.kernel.size(), "output_padding needs one value for each spatial axis");
    check_bias(c, w[1] * group);
    Shape out = {x[0], w[1] * group};
    for (std::size_t i = 0; i < window.kernel.size(); ++i) {
        const auto reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
        const auto extent = window.strides[i] * (x[i + 2] - 1) + extra[i] + reach - window.pads[i] -
                            window.pads[i + window.kernel.size()];
        require(extent >= 1, "nothing is left of the output between the pads");
        out.push_back(extent);
    }
    c.require_leading_batch();
    return {output(c, out, c.in(0).place)};
}

Outputs pool(Context& c) {
    require_image(c);
    const auto& x = c.in(0).shape;
    const auto window = window_of(c, c.node.op == Op::max_pool);
    const bool ceil_mode = attribute_int(c.node, "ceil_mode") != 0;
    Shape out = {x[0], x[1]};
    for (std::size_t i = 0; i + 2 < x.size(); ++i) out.push_back(window_count(window, i, x[i + 2], ceil_mode));
    c.require_leading_batch();
    return {output(c, out, c.in(0).place)};
}

Outputs global_pool(Context& c) {
    require_image(c);
    Shape out(c.in(0).shape.size(), 1);
    out[0] = c.in(0).shape[0];
    out[1] = c.in(0).shape[1];
    c.require_leading_batch();
    return {output(c, out, c.in(0).place)};
}

Outputs resize(Context& c) {
    const auto& x = c.in(0).shape;
    const auto& scales = attribute_floats(c.node, "scales");
    const auto& sizes = attribute_ints(c.node, "sizes");
    require(scales.size() == x.size() && sizes.size() == x.size(), "scales and sizes need one value per axis");
    for (const auto size : sizes) require(size >= 1, fmt::format("no axis can be resized to {}", size));
    const auto& place = c.in(0).place;
    if (place && sizes[static_cast<std::size_t>(place->axis)] != x[static_cast<std::size_t>(place->axis)])
        c.mix("it resizes the batch axis");
    return {output(c, sizes, place)};
}

Outputs depth_space(Context& c) {
    const auto& x = c.in(0).shape;
    const auto block = attribute_int(c.node, "blocksize");
    require(x.size() == 4 && block >= 1 && block <= 1024, fmt::format("takes images [N, C, H, W], not {}", to_text(x)));
    c.require_leading_batch();
    if (c.node.op == Op::depth_to_space) {
        require(x[1] % (block * block) == 0, fmt::format("{} channels are not a multiple of {}", x[1], block * block));
        return {output(c, {x[0], x[1] / (block * block), x[2] * block, x[3] * block}, c.in(0).place)};
    }
    require(x[2] % block == 0 && x[3] % block == 0,
            fmt::format("{} is not a multiple of blocks of {}", to_text(x), block));
    return {output(c, {x[0], x[1] * block * block, x[2] / block, x[3] / block}, c.in(0).place)};
}

}  // namespace infsim::graph::rules
