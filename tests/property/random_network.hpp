// Random networks: chains, residual blocks, branches, pools and dense heads of odd sizes, and attention blocks.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "support/graphs.hpp"
#include "support/run_data.hpp"

namespace infsim::test {

class RandomNetwork {
public:
    /// With small integers only operators whose results stay exact in fp32 are drawn.
    RandomNetwork(std::uint64_t seed, Numbers numbers)
        : random_(seed, "network"), exact_(numbers == Numbers::small_integers), net_("random" + std::to_string(seed)) {}

    graph::Graph draw() { return !exact_ && chance(5) ? tokens() : images(); }

private:
    RandomStream random_;
    bool exact_;
    Net net_;
    bool joined_ = false;  ///< the current tensor's channels lie as its concatenation left them
    static constexpr std::int64_t kMaxMacs = 1'000'000;  ///< per layer: the reference is slow

    std::int64_t number(std::int64_t low, std::int64_t high) { return random_.uniform_int(low, high); }
    bool chance(std::int64_t one_in) { return number(1, one_in) == 1; }
    template <class T>
    T pick(const std::vector<T>& of) {
        return of[static_cast<std::size_t>(number(0, static_cast<std::int64_t>(of.size()) - 1))];
    }
    const graph::Shape& shape(TensorId x) const { return net_.shape(x); }

    graph::Graph images() {
        const std::int64_t channels = pick<std::int64_t>({1, 3, 3, 3, 4, 48, 64, 65, 96, 130, 200});
        const std::vector<std::int64_t> sides = {1, 2, 5, 7, 8, 13, 17, 24};
        TensorId x = net_.input({1, channels, pick(sides), chance(12) ? 530 : pick(sides)});
        if (chance(2)) x = activated(conv(x));  // a stem, as most networks have
        std::vector<TensorId> outputs;
        const std::int64_t steps = number(1, 4);
        for (std::int64_t s = 0; s < steps; ++s) x = step(x);
        if (chance(6)) outputs.push_back(x);
        if (chance(2)) x = head(x);
        if (outputs.empty() || outputs[0] != x) outputs.push_back(x);
        if (net_.name(x) == "input") outputs = {net_.relu(x)};
        return net_.finish(outputs);
    }

    TensorId step(TensorId x) {
        switch (number(0, 7)) {
            case 0:
            case 1: return activated(conv(x));
            case 2: return pool(x);
            case 3: return residual(x);
            case 4: return branches(x);
            case 5: return net_.clip(x, -2, 3);
            case 6: return elementwise(x);
            default: return exact_ ? net_.unary(graph::Op::abs, x) : net_.lrn(x, number(1, 5));
        }
    }

    TensorId activated(TensorId x) {
        if (chance(3)) return x;
        if (!exact_ && chance(4)) return net_.unary(graph::Op::sigmoid, x);
        return net_.relu(x);
    }

    /// Kernel, stride and pads of one axis such that at least one output exists.
    void axis(std::int64_t extent, std::int64_t most, std::int64_t& kernel, std::int64_t& stride,
              std::int64_t& dilation, std::int64_t& lo, std::int64_t& hi) {
        kernel = number(1, most);
        stride = number(1, 3);
        dilation = chance(5) ? 2 : 1;
        lo = chance(2) ? number(0, kernel - 1) : (kernel - 1) / 2;
        hi = chance(2) ? number(0, kernel - 1) : (kernel - 1) / 2;
        if (extent + lo + hi < (kernel - 1) * dilation + 1) kernel = 1, dilation = 1, lo = hi = 0;
    }
    Window window(TensorId x, std::int64_t most) {
        Window w;
        axis(shape(x)[2], most, w.rows, w.stride_rows, w.dilation_rows, w.pads[0], w.pads[2]);
        axis(shape(x)[3], most, w.cols, w.stride_cols, w.dilation_cols, w.pads[1], w.pads[3]);
        return w;
    }

    TensorId conv(TensorId x) {
        const std::int64_t in = shape(x)[1];
        const Window w = window(x, 5);
        std::int64_t out = pick<std::int64_t>({3, 16, 48, 64, 65, 96, 130, 200}), groups = 1;
        if (chance(4)) {
            groups = pick<std::int64_t>({2, 5, 16, in});
            if (in % groups != 0) groups = 1;
            out = groups * std::max<std::int64_t>(1, out / groups);
        }
        const auto macs = [&] {
            return shape(x)[2] * shape(x)[3] / (w.stride_rows * w.stride_cols) * out * in / groups * w.rows * w.cols;
        };
        while (macs() > kMaxMacs && out / groups > 1) out = groups * (out / groups / 2);
        joined_ = false;
        return net_.conv(x, out, w, !chance(4), groups);
    }
    /// A convolution that keeps height and width.
    TensorId same(TensorId x, std::int64_t out, std::int64_t kernel) {
        if (shape(x)[2] * shape(x)[3] * shape(x)[1] * out * kernel * kernel > kMaxMacs) kernel = 1;
        return net_.conv(x, out, Window::square(kernel, 1, kernel / 2));
    }

    TensorId pool(TensorId x) {
        Window w = window(x, 3);
        w.dilation_rows = w.dilation_cols = 1;  // with pads and dilation a window can lie wholly in the padding
        const bool ceil = chance(4);
        if (chance(2)) return net_.max_pool(x, w, ceil);
        if (exact_) {
            if (shape(x)[2] < 2 || shape(x)[3] < 2) return x;
            return net_.average_pool(x, Window::square(2, number(1, 2)));  // quarters stay exact
        }
        return net_.average_pool(x, w, chance(2), ceil);
    }

    TensorId residual(TensorId x) {
        const std::int64_t c = shape(x)[1], out = chance(2) ? c : pick<std::int64_t>({32, 64, 65, 130});
        TensorId y = net_.relu(same(x, pick<std::int64_t>({8, 32, 64}), pick<std::int64_t>({1, 3})));
        y = same(y, out, chance(2) ? 3 : 1);
        // What is added into the evacuation of a convolution must lie as the convolution's output does.
        const TensorId shortcut = out == c && !joined_ && !chance(3) ? x : same(x, out, 1);
        joined_ = false;
        const TensorId sum = chance(2) ? net_.add(y, shortcut) : net_.add(shortcut, y);
        return chance(4) ? sum : net_.relu(sum);
    }

    TensorId branches(TensorId x) {
        std::vector<TensorId> parts;
        const std::int64_t n = number(2, 4);
        for (std::int64_t i = 0; i < n; ++i) {
            const TensorId b =
                chance(5) ? net_.max_pool(x, Window::square(3, 1, 1))
                          : same(x, pick<std::int64_t>({5, 16, 48, 64, 65, 70}), pick<std::int64_t>({1, 1, 3}));
            parts.push_back(chance(3) ? b : net_.relu(b));
        }
        if (chance(4)) parts.push_back(x);
        joined_ = true;
        return net_.concat(parts);
    }

    TensorId elementwise(TensorId x) {
        const TensorId a = same(x, shape(x)[1], 1);
        switch (joined_ ? number(0, 1) : number(0, 3)) {
            case 0: return net_.binary(graph::Op::sub, x, a);
            case 1: return net_.binary(graph::Op::maximum, a, x);
            case 2: return net_.add(chance(2) ? x : net_.relu(x), chance(2) ? a : same(x, shape(x)[1], 3));
            default: return net_.binary(graph::Op::minimum, net_.relu(a), x);
        }
    }

    TensorId head(TensorId x) {
        const std::int64_t plane = shape(x)[2] * shape(x)[3], c = shape(x)[1];
        const bool exact_mean = (plane & (plane - 1)) == 0 && plane <= 64;
        if (plane * c > 3000 || c == 1 || chance(2))
            x = net_.unary(exact_ && !exact_mean ? graph::Op::global_max_pool : graph::Op::global_average_pool, x);
        // A single real output may be next to zero by cancellation, and then no relative bound holds.
        x = net_.dense(net_.flatten(x), pick<std::int64_t>({exact_ ? 1 : 17, 10, 64, 65, 200}), !chance(4));
        if (chance(3)) x = net_.dense(net_.relu(x), 33);
        return exact_ || chance(2) ? x : net_.softmax(x, 1, chance(3));
    }

    graph::Graph tokens() {
        const std::int64_t length = pick<std::int64_t>({2, 7, 33, 64, 65, 128, 130}),
                           width = pick<std::int64_t>({32, 48, 64, 96, 128, 192});
        const std::int64_t heads = pick<std::int64_t>({1, 2, 4}), depth = width / heads;
        const TensorId in = net_.input({1, length, width});
        TensorId x = chance(2) ? net_.layer_norm(in) : in;
        const auto split = [&](TensorId t, const std::vector<std::int64_t>& perm) {
            return net_.transpose(net_.reshape(t, {1, length, heads, depth}), perm);
        };
        const TensorId q = split(net_.project(x, width), {0, 2, 1, 3}), k = split(net_.project(x, width), {0, 2, 3, 1}),
                       v = split(net_.project(x, width), {0, 2, 1, 3});
        const TensorId attention = net_.softmax(net_.binary(graph::Op::matmul, q, k), 3);
        TensorId y = net_.transpose(net_.binary(graph::Op::matmul, attention, v), {0, 2, 1, 3});
        y = net_.project(net_.reshape(y, {1, length, width}), width);
        if (chance(2)) y = net_.add(in, y);
        if (chance(2)) y = net_.layer_norm(y);
        if (chance(2)) y = net_.project(net_.unary(graph::Op::gelu, net_.project(y, 2 * width)), width);
        return net_.finish({y});
    }
};

/// Any combination that a user may ask for.
inline compiler::CompileOptions random_options(RandomStream& random, const hw::ChipSpec& chip) {
    const auto one_in = [&](int n) { return random.uniform_int(1, n) == 1; };
    compiler::CompileOptions o;
    o.batching = !one_in(4);
    o.psum_banks_per_load = static_cast<int>(random.uniform_int(1, chip.psum.banks));
    o.slab_bytes = std::int64_t{256} << random.uniform_int(0, 6);
    o.small_image_elements = static_cast<int>(random.uniform_int(0, 3) * random.uniform_int(0, 200));
    o.in_place_add = !one_in(3);
    o.pair_images = !one_in(3);
    o.replication = !one_in(3);
    o.stream_stem = !one_in(3);
    o.stem_stripe_rows = static_cast<int>(random.uniform_int(1, 9));
    o.spill = random.uniform_int(0, 3) != 0;
    o.rematerialization = random.uniform_int(0, 3) != 0;
    o.recompute = random.uniform_int(0, 3) != 0;
    o.search_sections = random.uniform_int(0, 2) == 0;
    o.search_psum_banks = random.uniform_int(0, 2) == 0;
    o.prefetch = !one_in(3);
    o.prefetch_depth = static_cast<int>(one_in(2) ? 64 : random.uniform_int(1, 6));
    o.reorder_layers = !one_in(3);
    o.weights_region = static_cast<int>(random.uniform_int(0, 1));
    o.weight_regions = static_cast<int>(random.uniform_int(0, 2));
    o.activations_region = static_cast<int>(random.uniform_int(0, 1));
    return o;
}

inline std::string to_text(const compiler::CompileOptions& o) {
    return "batching=" + std::to_string(o.batching) + " spill=" + std::to_string(o.spill) +
           " remat=" + std::to_string(o.rematerialization) + " recompute=" + std::to_string(o.recompute) +
           " sections=" + std::to_string(o.search_sections) + " choose banks=" + std::to_string(o.search_psum_banks) +
           " banks=" + std::to_string(o.psum_banks_per_load) + " slab=" + std::to_string(o.slab_bytes) +
           " small=" + std::to_string(o.small_image_elements) + " in_place=" + std::to_string(o.in_place_add) +
           " pair=" + std::to_string(o.pair_images) + " replication=" + std::to_string(o.replication) +
           " stream=" + std::to_string(o.stream_stem) + " stripe=" + std::to_string(o.stem_stripe_rows) +
           " prefetch=" + std::to_string(o.prefetch) + " depth=" + std::to_string(o.prefetch_depth) +
           " reorder=" + std::to_string(o.reorder_layers) + " budget=" + std::to_string(o.state_buffer_budget);
}

/// The graph, one node a line: what a failing test shows.
inline std::string to_text(const graph::Graph& g) {
    std::string text;
    const auto tensor = [&](graph::TensorId id) {
        std::string s = g.tensor(id).name + "[";
        for (std::int64_t e : g.tensor(id).shape) s += std::to_string(e) + " ";
        return s + "] ";
    };
    for (const graph::Node& n : g.nodes) {
        text += std::string(graph::op_name(n.op)) + ": ";
        for (graph::TensorId in : n.inputs)
            if (in != graph::kNoTensor) text += tensor(in);
        text += "-> " + tensor(n.outputs[0]);
        for (const auto& [key, value] : n.attributes)
            if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
                text += key + "=";
                for (std::int64_t v : *list) text += std::to_string(v) + ",";
                text += " ";
            } else if (const auto* one = std::get_if<std::int64_t>(&value)) {
                text += key + "=" + std::to_string(*one) + " ";
            }
        text += "\n";
    }
    return text;
}

}  // namespace infsim::test
