// A Graph computed in double precision by plain loops over logical indices: what the compiler must agree with.
// Shares no code with compiler, program or exec.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::test {

struct Dense {
    graph::Shape shape;
    std::vector<double> values;  ///< row-major
};

class Reference {
public:
    /// Values of all constants by name.
    Reference(const graph::Graph& graph, const std::map<std::string, std::vector<float>>& constants) : graph_(graph) {
        for (const graph::Tensor& t : graph.tensors)
            if (t.kind == graph::TensorKind::constant) {
                const auto& v = constants.at(t.name);
                tensors_[t.name] = {t.shape, std::vector<double>(v.begin(), v.end())};
            }
    }

    /// Outputs in graph order for one item; `inputs` in graph order.
    std::vector<Dense> run(const std::vector<std::vector<float>>& inputs) {
        largest_ = 0;
        for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
            const graph::Tensor& t = graph_.tensor(graph_.inputs[i]);
            tensors_[t.name] = {t.shape, std::vector<double>(inputs[i].begin(), inputs[i].end())};
        }
        for (const graph::Node& n : graph_.nodes) {
            Dense out{graph_.tensor(n.outputs[0]).shape, {}};
            out.values.resize(static_cast<std::size_t>(graph::element_count(out.shape)));
            evaluate(n, out);
            tensors_[graph_.tensor(n.outputs[0]).name] = std::move(out);
        }
        std::vector<Dense> outputs;
        for (graph::TensorId id : graph_.outputs) outputs.push_back(tensors_.at(graph_.tensor(id).name));
        return outputs;
    }

    /// Largest sum of absolute products or terms met in the last run: below 2^24 on integers, every order of
    /// summation is exact in fp32.
    double largest() const { return largest_; }

private:
    const graph::Graph& graph_;
    std::map<std::string, Dense> tensors_;
    double largest_ = 0;

    const Dense& in(const graph::Node& n, std::size_t i) const { return tensors_.at(graph_.tensor(n.inputs[i]).name); }
    static bool present(const graph::Node& n, std::size_t i) {
        return i < n.inputs.size() && n.inputs[i] != graph::kNoTensor;
    }
    void note(double magnitude) { largest_ = std::max(largest_, magnitude); }

    void evaluate(const graph::Node& n, Dense& out) {
        using graph::Op;
        switch (n.op) {
            case Op::conv: return conv(n, out);
            case Op::conv_transpose: return conv_transpose(n, out);
            case Op::gemm:
            case Op::matmul: return matmul(n, out);
            case Op::max_pool:
            case Op::average_pool:
            case Op::global_average_pool:
            case Op::global_max_pool: return pool(n, out);
            case Op::add: return binary(n, out, [](double a, double b) { return a + b; });
            case Op::sub: return binary(n, out, [](double a, double b) { return a - b; });
            case Op::mul: return binary(n, out, [](double a, double b) { return a * b; });
            case Op::div: return binary(n, out, [](double a, double b) { return a / b; });
            case Op::maximum: return binary(n, out, [](double a, double b) { return std::max(a, b); });
            case Op::minimum: return binary(n, out, [](double a, double b) { return std::min(a, b); });
            case Op::greater: return binary(n, out, [](double a, double b) { return a > b ? 1.0 : 0.0; });
            case Op::where: return where(n, out);
            case Op::relu: return unary(n, out, [](double x) { return std::max(x, 0.0); });
            case Op::sigmoid: return unary(n, out, [](double x) { return 1 / (1 + std::exp(-x)); });
            case Op::tanh: return unary(n, out, [](double x) { return std::tanh(x); });
            case Op::gelu: return unary(n, out, [](double x) { return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))); });
            case Op::exp: return unary(n, out, [](double x) { return std::exp(x); });
            case Op::abs: return unary(n, out, [](double x) { return std::abs(x); });
            case Op::neg: return unary(n, out, [](double x) { return -x; });
            case Op::clip: {
                const double lo = graph::attribute_float(n, "min"), hi = graph::attribute_float(n, "max");
                return unary(n, out, [=](double x) { return std::min(std::max(x, lo), hi); });
            }
            case Op::softmax:
            case Op::log_softmax: return softmax(n, out);
            case Op::layer_norm: return layer_norm(n, out);
            case Op::lrn: return lrn(n, out);
            case Op::concat: return concat(n, out);
            case Op::gather: return gather(n, out);
            case Op::transpose: return transpose(n, out);
            case Op::slice: return slice(n, out);
            case Op::resize: return enlarge(n, out);
            case Op::reshape:
            case Op::flatten:
            case Op::squeeze:
            case Op::unsqueeze:
            case Op::identity: out.values = in(n, 0).values; return;
            default: throw std::logic_error("the reference does not know " + std::string(graph::op_name(n.op)));
        }
    }

    /// Over up to three axes; an axis that is not there has one element.
    void conv(const graph::Node& n, Dense& out) {
        const Dense &x = in(n, 0), &w = in(n, 1);
        const auto five = [](graph::Shape shape) {
            while (shape.size() < 5) shape.insert(shape.begin() + 2, 1);
            return shape;
        };
        const auto three = [&](const char* name, std::int64_t missing) {
            graph::Shape list = graph::attribute_ints(n, name);
            list.insert(list.begin(), 5 - x.shape.size(), missing);
            return list;
        };
        graph::Shape pads = graph::attribute_ints(n, "pads");
        pads.resize(x.shape.size() - 2);
        pads.insert(pads.begin(), 5 - x.shape.size(), 0);
        const graph::Shape s = three("strides", 1), d = three("dilations", 1), from = five(x.shape), f = five(w.shape),
                           to = five(out.shape);
        const std::int64_t outs = to[1] / graph::attribute_int(n, "group"), taps = f[2] * f[3] * f[4];
        for (std::int64_t i = 0; i < graph::element_count(to); ++i) {
            const std::int64_t col = i % to[4], row = i / to[4] % to[3], plane = i / (to[4] * to[3]) % to[2],
                               o = i / (to[4] * to[3] * to[2]) % to[1], image = i / (to[4] * to[3] * to[2] * to[1]);
            double sum = present(n, 2) ? in(n, 2).values[at(o)] : 0, magnitude = std::abs(sum);
            const double* weight = &w.values[at(o * f[1] * taps)];
            for (std::int64_t c = o / outs * f[1]; c < (o / outs + 1) * f[1]; ++c)
                for (std::int64_t t = 0; t < f[2] * f[3]; ++t) {
                    const std::int64_t z = plane * s[0] + t / f[3] * d[0] - pads[0],
                                       y = row * s[1] + t % f[3] * d[1] - pads[1];
                    const bool outside = z < 0 || z >= from[2] || y < 0 || y >= from[3];
                    const std::int64_t line = (((image * from[1] + c) * from[2] + z) * from[3] + y) * from[4];
                    for (std::int64_t j = 0; j < f[4]; ++j, ++weight) {
                        const std::int64_t v = col * s[2] + j * d[2] - pads[2];
                        if (outside || v < 0 || v >= from[4]) continue;
                        const double product = x.values[at(line + v)] * *weight;
                        sum += product;
                        magnitude += std::abs(product);
                    }
                }
            note(magnitude);
            out.values[at(i)] = sum;
        }
    }

    /// Every input element adds its filter to the output where it stands. Over two axes, of one image.
    void conv_transpose(const graph::Node& n, Dense& out) {
        const Dense &x = in(n, 0), &w = in(n, 1);
        const graph::Shape s = graph::attribute_ints(n, "strides"), d = graph::attribute_ints(n, "dilations"),
                           pads = graph::attribute_ints(n, "pads"), &from = x.shape, &f = w.shape, &to = out.shape;
        const std::int64_t of_group = from[1] / graph::attribute_int(n, "group"), taps = f[2] * f[3];
        std::vector<double> magnitude(out.values.size(), 0.0);
        std::fill(out.values.begin(), out.values.end(), 0.0);
        for (std::int64_t i = 0; i < graph::element_count(from); ++i)
            for (std::int64_t k = 0; k < f[1] * taps; ++k) {
                const std::int64_t c = i / (from[2] * from[3]), o = c / of_group * f[1] + k / taps;
                const std::int64_t row = i / from[3] % from[2] * s[0] + k / f[3] % f[2] * d[0] - pads[0],
                                   col = i % from[3] * s[1] + k % f[3] * d[1] - pads[1];
                if (row < 0 || row >= to[2] || col < 0 || col >= to[3]) continue;
                const double product = x.values[at(i)] * w.values[at(c * f[1] * taps + k)];
                out.values[at((o * to[2] + row) * to[3] + col)] += product;
                magnitude[at((o * to[2] + row) * to[3] + col)] += std::abs(product);
            }
        for (const double m : magnitude) note(m);
    }

    /// a[.., m, k] * b[.., k, n]; b without leading axes serves all.
    void matmul(const graph::Node& n, Dense& out) {
        const Dense &a = in(n, 0), &b = in(n, 1);
        const std::size_t ra = a.shape.size(), rb = b.shape.size();
        const std::int64_t m = a.shape[ra - 2], k = a.shape[ra - 1], c = b.shape[rb - 1];
        const std::int64_t many = graph::element_count(a.shape) / (m * k);
        for (std::int64_t h = 0; h < many; ++h)
            for (std::int64_t i = 0; i < m; ++i)
                for (std::int64_t j = 0; j < c; ++j) {
                    double sum = 0, magnitude = 0;
                    for (std::int64_t l = 0; l < k; ++l) {
                        const double v =
                            a.values[at((h * m + i) * k + l)] * b.values[at(((rb > 2 ? h : 0) * k + l) * c + j)];
                        sum += v;
                        magnitude += std::abs(v);
                    }
                    if (present(n, 2)) {
                        const Dense& bias = in(n, 2);
                        sum += bias.values[bias.values.size() == 1 ? 0 : at(j)];
                        magnitude += std::abs(sum);
                    }
                    note(magnitude);
                    out.values[at((h * m + i) * c + j)] = sum;
                }
    }

    void pool(const graph::Node& n, Dense& out) {
        const Dense& x = in(n, 0);
        const std::int64_t H = x.shape[2], W = x.shape[3];
        const bool average = n.op == graph::Op::average_pool || n.op == graph::Op::global_average_pool;
        std::vector<std::int64_t> k = {H, W}, s = {1, 1}, p = {0, 0, 0, 0}, d = {1, 1};
        if (graph::has_attribute(n, "kernel_shape")) {
            k = graph::attribute_ints(n, "kernel_shape");
            s = graph::attribute_ints(n, "strides");
            p = graph::attribute_ints(n, "pads");
            if (graph::has_attribute(n, "dilations")) d = graph::attribute_ints(n, "dilations");
        }
        const bool include =
            graph::has_attribute(n, "count_include_pad") && graph::attribute_int(n, "count_include_pad") != 0;
        for (std::int64_t ch = 0; ch < out.shape[1]; ++ch)
            for (std::int64_t r = 0; r < out.shape[2]; ++r)
                for (std::int64_t c = 0; c < out.shape[3]; ++c) {
                    double sum = 0, most = -std::numeric_limits<double>::infinity(), magnitude = 0;
                    std::int64_t valid = 0, padded = 0;
                    for (std::int64_t i = 0; i < k[0]; ++i)
                        for (std::int64_t j = 0; j < k[1]; ++j) {
                            const std::int64_t y = r * s[0] + i * d[0] - p[0], z = c * s[1] + j * d[1] - p[1];
                            if (y < H + p[2] && z < W + p[3]) ++padded;
                            if (y < 0 || y >= H || z < 0 || z >= W) continue;
                            ++valid;
                            const double v = x.values[at((ch * H + y) * W + z)];
                            sum += v;
                            magnitude += std::abs(v);
                            most = std::max(most, v);
                        }
                    note(magnitude);
                    const double value =
                        average ? sum / static_cast<double>(std::max<std::int64_t>(1, include ? padded : valid)) : most;
                    out.values[at((ch * out.shape[2] + r) * out.shape[3] + c)] = value;
                }
    }

    void unary(const graph::Node& n, Dense& out, const std::function<double(double)>& f) {
        std::transform(in(n, 0).values.begin(), in(n, 0).values.end(), out.values.begin(), f);
    }

    void binary(const graph::Node& n, Dense& out, const std::function<double(double, double)>& f) {
        const Dense &a = in(n, 0), &b = in(n, 1);
        for (std::size_t i = 0; i < out.values.size(); ++i) {
            out.values[i] = f(a.values[broadcast(i, out.shape, a.shape)], b.values[broadcast(i, out.shape, b.shape)]);
            note(std::abs(out.values[i]));
        }
    }

    void where(const graph::Node& n, Dense& out) {
        const Dense& condition = in(n, 0);
        for (std::size_t i = 0; i < out.values.size(); ++i) {
            const Dense& from = in(n, condition.values[broadcast(i, out.shape, condition.shape)] != 0 ? 1 : 2);
            out.values[i] = from.values[broadcast(i, out.shape, from.shape)];
        }
    }

    void softmax(const graph::Node& n, Dense& out) {
        lines(in(n, 0), graph::attribute_int(n, "axis"),
              [&](const std::vector<double>& x, std::size_t i, std::size_t at_out) {
                  const double most = *std::max_element(x.begin(), x.end());
                  double sum = 0;
                  for (double v : x) sum += std::exp(v - most);
                  out.values[at_out] =
                      n.op == graph::Op::softmax ? std::exp(x[i] - most) / sum : x[i] - most - std::log(sum);
              });
    }

    void layer_norm(const graph::Node& n, Dense& out) {
        const Dense& x = in(n, 0);
        std::int64_t axis = graph::attribute_int(n, "axis");
        if (axis < 0) axis += static_cast<std::int64_t>(x.shape.size());
        std::size_t width = 1;
        for (std::size_t a = at(axis); a < x.shape.size(); ++a) width *= static_cast<std::size_t>(x.shape[a]);
        for (std::size_t first = 0; first < x.values.size(); first += width) {
            double mean = 0, variance = 0;
            for (std::size_t i = 0; i < width; ++i) mean += x.values[first + i] / static_cast<double>(width);
            for (std::size_t i = 0; i < width; ++i)
                variance += std::pow(x.values[first + i] - mean, 2) / static_cast<double>(width);
            for (std::size_t i = 0; i < width; ++i)
                out.values[first + i] = (x.values[first + i] - mean) /
                                            std::sqrt(variance + graph::attribute_float(n, "epsilon")) *
                                            in(n, 1).values[i] +
                                        (present(n, 2) ? in(n, 2).values[i] : 0);
        }
    }

    void lrn(const graph::Node& n, Dense& out) {
        const std::int64_t size = graph::attribute_int(n, "size");
        const double alpha = graph::attribute_float(n, "alpha"), beta = graph::attribute_float(n, "beta"),
                     bias = graph::attribute_float(n, "bias");
        lines(in(n, 0), 1, [&](const std::vector<double>& x, std::size_t i, std::size_t at_out) {
            const auto channel = static_cast<std::int64_t>(i);
            double sum = 0;
            for (std::int64_t c = channel - (size - 1) / 2; c <= channel + size / 2; ++c)
                if (c >= 0 && c < static_cast<std::int64_t>(x.size())) sum += x[at(c)] * x[at(c)];
            out.values[at_out] = x[i] / std::pow(bias + alpha / static_cast<double>(size) * sum, beta);
        });
    }

    void concat(const graph::Node& n, Dense& out) {
        std::int64_t axis = graph::attribute_int(n, "axis");
        if (axis < 0) axis += static_cast<std::int64_t>(out.shape.size());
        std::size_t outer = 1, position = 0;
        for (std::size_t a = 0; a < at(axis); ++a) outer *= static_cast<std::size_t>(out.shape[a]);
        for (std::size_t o = 0; o < outer; ++o)
            for (std::size_t i = 0; i < n.inputs.size(); ++i) {
                const auto& v = in(n, i).values;
                const std::size_t run = v.size() / outer;
                std::copy_n(v.begin() + static_cast<std::ptrdiff_t>(o * run), run,
                            out.values.begin() + static_cast<std::ptrdiff_t>(position));
                position += run;
            }
    }

    /// Rows of a table.
    void gather(const graph::Node& n, Dense& out) {
        const Dense &table = in(n, 0), &index = in(n, 1);
        if (graph::attribute_int(n, "axis") != 0) throw std::logic_error("the reference gathers rows only");
        const std::size_t row = table.values.size() / at(table.shape[0]);
        for (std::size_t i = 0; i < index.values.size(); ++i)
            std::copy_n(table.values.begin() + static_cast<std::ptrdiff_t>(at(std::llround(index.values[i])) * row),
                        row, out.values.begin() + static_cast<std::ptrdiff_t>(i * row));
    }

    void transpose(const graph::Node& n, Dense& out) {
        const Dense& x = in(n, 0);
        const auto& perm = graph::attribute_ints(n, "perm");
        for (std::size_t i = 0; i < out.values.size(); ++i) {
            const std::vector<std::int64_t> index = unflatten(i, out.shape);
            std::vector<std::int64_t> from(index.size());
            for (std::size_t a = 0; a < perm.size(); ++a) from[at(perm[a])] = index[a];
            out.values[i] = x.values[flatten(from, x.shape)];
        }
    }

    /// With steps of 1.
    void slice(const graph::Node& n, Dense& out) {
        const Dense& x = in(n, 0);
        const auto &axes = graph::attribute_ints(n, "axes"), &starts = graph::attribute_ints(n, "starts");
        for (std::int64_t step : graph::attribute_ints(n, "steps"))
            if (step != 1) throw std::logic_error("the reference slices in steps of 1 only");
        for (std::size_t i = 0; i < out.values.size(); ++i) {
            std::vector<std::int64_t> from = unflatten(i, out.shape);
            for (std::size_t a = 0; a < axes.size(); ++a) from[at(axes[a])] += starts[a];
            out.values[i] = x.values[flatten(from, x.shape)];
        }
    }

    /// Every element several times, side by side: what all positions and roundings of "nearest" mean where axes grow by
    /// whole factors and ties do not arise.
    void enlarge(const graph::Node& n, Dense& out) {
        const Dense& x = in(n, 0);
        if (graph::attribute_string(n, "mode") != "nearest")
            throw std::logic_error("the reference enlarges by nearest only");
        for (std::size_t i = 0; i < out.values.size(); ++i) {
            std::vector<std::int64_t> from = unflatten(i, out.shape);
            for (std::size_t a = 0; a < from.size(); ++a) from[a] /= out.shape[a] / x.shape[a];
            out.values[i] = x.values[flatten(from, x.shape)];
        }
    }

    /// Calls f(line along `axis`, index in it, flat index) for every element of x.
    template <class F>
    void lines(const Dense& x, std::int64_t axis, F&& f) {
        const std::size_t a = at(axis < 0 ? axis + static_cast<std::int64_t>(x.shape.size()) : axis);
        for (std::size_t i = 0; i < x.values.size(); ++i) {
            std::vector<std::int64_t> index = unflatten(i, x.shape);
            const std::int64_t here = index[a];
            std::vector<double> line;
            for (index[a] = 0; index[a] < x.shape[a]; ++index[a]) line.push_back(x.values[flatten(index, x.shape)]);
            f(line, at(here), i);
        }
    }

    static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
    static std::vector<std::int64_t> unflatten(std::size_t flat, const graph::Shape& shape) {
        std::vector<std::int64_t> index(shape.size());
        auto rest = static_cast<std::int64_t>(flat);
        for (std::size_t a = shape.size(); a-- > 0; rest /= shape[a]) index[a] = rest % shape[a];
        return index;
    }
    static std::size_t flatten(const std::vector<std::int64_t>& index, const graph::Shape& shape) {
        std::int64_t flat = 0;
        for (std::size_t a = 0; a < shape.size(); ++a) flat = flat * shape[a] + index[a];
        return at(flat);
    }
    /// Flat index in `from` of the element that index `flat` of `shape` broadcasts.
    static std::size_t broadcast(std::size_t flat, const graph::Shape& shape, const graph::Shape& from) {
        const auto index = unflatten(flat, shape);
        const std::size_t lead = shape.size() - from.size();
        std::int64_t out = 0;
        for (std::size_t a = 0; a < from.size(); ++a) out = out * from[a] + (from[a] == 1 ? 0 : index[a + lead]);
        return at(out);
    }
};

}  // namespace infsim::test
