// Layers of random networks of images: convolutions and pools of odd sizes, and the ways in which branches meet again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "support/graphs.hpp"
#include "support/run_data.hpp"

namespace infsim::test {

class RandomLayers {
protected:
    /// With small integers only operators whose results stay exact in fp32 are drawn.
    RandomLayers(std::uint64_t seed, Numbers numbers)
        : random_(seed, "network"), exact_(numbers == Numbers::small_integers), net_("random" + std::to_string(seed)) {}

    RandomStream random_;
    bool exact_;
    Net net_;
    static constexpr std::int64_t kMaxMacs = 1'000'000;  ///< per layer: the reference is slow

    std::int64_t number(std::int64_t low, std::int64_t high) { return random_.uniform_int(low, high); }
    bool chance(std::int64_t one_in) { return number(1, one_in) == 1; }
    template <class T>
    T pick(const std::vector<T>& of) {
        return of[static_cast<std::size_t>(number(0, static_cast<std::int64_t>(of.size()) - 1))];
    }
    std::int64_t prime() { return pick<std::int64_t>({2, 5, 7, 13, 31, 61, 67, 97, 127, 131, 193, 257}); }
    /// Fewer where the image is large, so that convolutions of as many channels to as many stay affordable.
    std::int64_t prime_for(TensorId x) {
        std::int64_t channels = prime();
        while (channels > 3 && channels * channels * plane(x) > 4 * kMaxMacs) channels = prime();
        return channels;
    }
    const graph::Shape& shape(TensorId x) const { return net_.shape(x); }
    std::int64_t plane(TensorId x) const { return shape(x)[2] * shape(x)[3]; }

    TensorId step(TensorId x) {
        switch (number(0, 11)) {
            case 0:
            case 1: return activated(conv(x));
            case 2: return pool(x);
            case 3: return residual(x);
            case 4: return branches(x);
            case 5: return net_.clip(x, -2, 3);
            case 6: return elementwise(x);
            case 7:
            case 8: return diamond(x, 2);
            case 9: return chance(2) ? upsampled(x) : ladder(x);
            case 10: return excited(x);
            default: return exact_ ? net_.unary(graph::Op::abs, x) : net_.lrn(x, number(1, 5));
        }
    }

    TensorId activated(TensorId x) {
        if (chance(3)) return x;
        if (!exact_ && chance(4)) return net_.unary(graph::Op::sigmoid, x);
        return shape(x)[1] % 3 == 0 ? net_.clip(x, 0, 6) : net_.relu(x);
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
        std::int64_t out = chance(2) ? prime_for(x) : pick<std::int64_t>({3, 16, 48, 64, 65, 96, 130, 200}), groups = 1;
        if (chance(4)) {
            groups = pick<std::int64_t>({2, 5, 16, in});
            if (in % groups != 0) groups = 1;
            out = groups * std::max<std::int64_t>(1, out / groups);
        }
        const auto macs = [&] {
            return plane(x) / (w.stride_rows * w.stride_cols) * out * in / groups * w.rows * w.cols;
        };
        while (macs() > kMaxMacs && out / groups > 1) out = groups * (out / groups / 2);
        return net_.conv(x, out, w, !chance(4), groups);
    }
    /// A convolution that keeps height and width.
    TensorId same(TensorId x, std::int64_t out, std::int64_t kernel) {
        if (plane(x) * shape(x)[1] * out * kernel * kernel > kMaxMacs) kernel = 1;
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
        TensorId y = net_.relu(same(x, pick<std::int64_t>({8, 32, 61, 64}), pick<std::int64_t>({1, 3})));
        y = same(y, out, chance(2) ? 3 : 1);
        const TensorId shortcut = out == c && !chance(3) ? x : same(x, out, 1);
        const TensorId sum = chance(2) ? net_.add(y, shortcut) : net_.add(shortcut, y);
        return chance(4) ? sum : net_.relu(sum);
    }

    TensorId branches(TensorId x) {
        std::vector<TensorId> parts;
        const std::int64_t n = number(2, 4);
        for (std::int64_t i = 0; i < n; ++i) {
            const std::int64_t out = chance(2) ? prime_for(x) : pick<std::int64_t>({5, 16, 48, 64, 65, 70});
            const TensorId b =
                chance(5) ? net_.max_pool(x, Window::square(3, 1, 1)) : same(x, out, pick<std::int64_t>({1, 1, 3}));
            parts.push_back(chance(3) ? b : net_.relu(b));
        }
        if (chance(4)) parts.push_back(x);
        return net_.concat(parts);
    }

    TensorId elementwise(TensorId x) {
        const TensorId a = same(x, shape(x)[1], 1);
        switch (number(0, 3)) {
            case 0: return net_.binary(graph::Op::sub, x, a);
            case 1: return net_.binary(graph::Op::maximum, a, x);
            case 2: return net_.add(chance(2) ? x : net_.relu(x), chance(2) ? a : same(x, shape(x)[1], 3));
            default: return net_.binary(graph::Op::minimum, net_.relu(a), x);
        }
    }

    /// Two ways from one tensor that meet again; on either of them there may be another diamond.
    TensorId diamond(TensorId x, int depth) {
        const bool joins = chance(2);
        const std::int64_t out = chance(2) ? shape(x)[1] : prime_for(x);
        TensorId a = side(x, depth), b = chance(3) ? x : side(x, depth);
        if (joins) return chance(3) ? net_.relu(net_.concat({a, b})) : net_.concat({a, b});
        if (shape(a)[1] != out) a = same(a, out, 1);
        if (shape(b)[1] != out) b = same(b, out, chance(2) ? 3 : 1);
        return activated(net_.add(a, b));
    }
    TensorId side(TensorId x, int depth) {
        if (depth > 1 && chance(3)) return diamond(x, depth - 1);
        TensorId y = same(x, chance(2) ? prime_for(x) : shape(x)[1], pick<std::int64_t>({1, 1, 3}));
        if (chance(2)) y = net_.relu(y);
        return chance(4) ? same(y, prime_for(x), 1) : y;
    }

    TensorId enlarged(TensorId x, std::int64_t rows, std::int64_t cols) {
        const bool centres = chance(2);
        const auto& s = shape(x);
        return net_.op(graph::Op::resize, {x},
                       {{"scales", std::vector<double>{1, 1, static_cast<double>(rows), static_cast<double>(cols)}},
                        {"sizes", std::vector<std::int64_t>{1, s[1], s[2] * rows, s[3] * cols}},
                        {"roi", std::vector<double>{}},
                        {"mode", std::string("nearest")},
                        {"coordinate_transformation_mode", std::string(centres ? "half_pixel" : "asymmetric")},
                        {"nearest_mode", std::string(centres ? "round_prefer_floor" : "floor")},
                        {"cubic_coeff_a", -0.75},
                        {"exclude_outside", std::int64_t{0}},
                        {"extrapolation_value", 0.0}});
    }
    TensorId upsampled(TensorId x) {
        const std::int64_t rows = number(1, 3), cols = number(1, 3);
        if (plane(x) * rows * cols > 700) return x;
        const TensorId up = enlarged(x, rows, cols);
        return chance(2) ? up : activated(same(up, prime_for(x), chance(2) ? 3 : 1));
    }
    /// Down, and up again beside what was there: a U-Net of one level.
    TensorId ladder(TensorId x) {
        const std::int64_t c = chance(2) ? prime_for(x) : shape(x)[1];
        const std::int64_t rows = shape(x)[2] % 2 == 0 ? 2 : 1, cols = shape(x)[3] % 2 == 0 ? 2 : 1;
        const TensorId down = net_.max_pool(x, {rows, cols, rows, cols, std::vector<std::int64_t>{0, 0, 0, 0}, 1, 1});
        const TensorId up = enlarged(net_.relu(same(down, c, 3)), rows, cols);
        if (c == shape(x)[1] && chance(2)) return net_.add(x, up);
        return activated(same(chance(2) ? net_.concat({up, x}) : net_.concat({x, up}), prime_for(x), 1));
    }

    /// Squeeze and excite: every channel times a number that the whole image says.
    TensorId excited(TensorId x) {
        const std::int64_t c = shape(x)[1];
        const TensorId one = net_.unary(exact_ ? graph::Op::global_max_pool : graph::Op::global_average_pool, x);
        const TensorId wide = net_.conv(net_.relu(net_.conv(one, prime(), Window::square(1))), c, Window::square(1));
        return net_.binary(graph::Op::mul, x, gate(wide));
    }
    /// Between 0 and 1.
    TensorId gate(TensorId x) { return exact_ ? net_.clip(x, 0, 1) : net_.unary(graph::Op::sigmoid, x); }

    TensorId head(TensorId x) {
        const std::int64_t elements = plane(x), c = shape(x)[1];
        const bool exact_mean = (elements & (elements - 1)) == 0 && elements <= 64;
        if (elements * c > 3000 || c == 1 || chance(2))
            x = net_.unary(exact_ && !exact_mean ? graph::Op::global_max_pool : graph::Op::global_average_pool, x);
        // A single real output may be next to zero by cancellation, and then no relative bound holds.
        x = net_.dense(net_.flatten(x), pick<std::int64_t>({exact_ ? 1 : 17, 10, 64, 65, 200}), !chance(4));
        if (chance(3)) x = net_.dense(net_.relu(x), 33);
        return exact_ || chance(2) ? x : net_.softmax(x, 1, chance(3));
    }
};

}  // namespace infsim::test
