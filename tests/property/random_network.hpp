// Random networks: of images, attention blocks, recurrent cells over a few steps, large dense layers.
#pragma once

#include "random_layers.hpp"
#include "random_options.hpp"

namespace infsim::test {

class RandomNetwork : RandomLayers {
public:
    RandomNetwork(std::uint64_t seed, Numbers numbers) : RandomLayers(seed, numbers) {}

    graph::Graph draw() {
        if (!exact_ && chance(6)) return chance(4) ? windows() : tokens();
        if (chance(8)) return recurrent();
        return chance(12) ? perceptron() : images();
    }

private:
    graph::Graph images() {
        const std::int64_t channels =
            chance(3) ? prime() : pick<std::int64_t>({1, 3, 3, 3, 4, 48, 64, 65, 96, 130, 200});
        const std::vector<std::int64_t> sides = {1, 2, 5, 7, 8, 13, 17, 24};
        TensorId x = chance(10) ? net_.input({1, pick<std::int64_t>({channels, 509, 1009}), 1, 1})
                                : net_.input({1, channels, pick(sides), chance(12) ? 530 : pick(sides)});
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

    /// Dense layers whose weights are large beside a small state buffer, now and then beside that of the chip.
    graph::Graph perceptron() {
        const bool huge = chance(8);
        TensorId x = chance(3) ? net_.flatten(net_.input({1, pick<std::int64_t>({16, 61, 128}), number(1, 3), 4}))
                               : net_.input({1, pick<std::int64_t>({509, 784, 997, 1500})});
        const std::int64_t layers = huge ? 1 : number(1, 3);
        if (huge) x = net_.dense(net_.relu(net_.dense(x, 2003)), 1601);
        for (std::int64_t l = 0; l < layers; ++l) {
            const std::int64_t out = pick<std::int64_t>({10, 128, 257, 509, 1000});
            x = net_.dense(x, out, !chance(4));
            if (l + 1 < layers || chance(2)) x = exact_ || chance(2) ? net_.relu(x) : net_.unary(graph::Op::sigmoid, x);
        }
        return net_.finish({x});
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
        y = biased(net_.project(net_.reshape(y, {1, length, width}), width));
        if (chance(2)) y = net_.add(in, y);
        if (chance(2)) y = net_.layer_norm(y);
        if (chance(2)) y = biased(net_.project(net_.unary(graph::Op::gelu, biased(net_.project(y, 2 * width))), width));
        return net_.finish({y});
    }

    /// Attention within windows of a sequence, as within those of an image: heads and windows are two axes, scores get
    /// a constant of every head and one of every window.
    graph::Graph windows() {
        const std::int64_t many = number(1, 4), length = pick<std::int64_t>({4, 7, 16, 65}), heads = number(1, 3),
                           width = heads * pick<std::int64_t>({5, 16, 32});
        const TensorId in = net_.input({1, many * length, width}), x = chance(2) ? net_.layer_norm(in) : in;
        const auto split = [&](const std::vector<std::int64_t>& perm) {
            return net_.transpose(net_.reshape(biased(net_.project(x, width)), {many, length, heads, width / heads}),
                                  perm);
        };
        TensorId scores = net_.binary(graph::Op::matmul, split({0, 2, 1, 3}), split({0, 2, 3, 1}));
        if (chance(2)) scores = net_.binary(graph::Op::mul, scores, net_.number(0.25));
        if (chance(2)) scores = net_.add(scores, net_.constant({1, heads, length, length}));
        scores = net_.reshape(scores, {1, many, heads, length, length});
        if (chance(2)) scores = net_.add(scores, net_.constant({1, many, 1, length, length}));
        if (chance(2)) scores = net_.reshape(scores, {many, heads, length, length});
        const TensorId attention = net_.softmax(scores, static_cast<std::int64_t>(shape(scores).size()) - 1);
        const TensorId mixed =
            net_.binary(graph::Op::matmul, net_.reshape(attention, {many, heads, length, length}), split({0, 2, 1, 3}));
        const TensorId y = net_.reshape(net_.transpose(mixed, {0, 2, 1, 3}), {1, many * length, width});
        std::vector<TensorId> outputs = {net_.add(in, biased(net_.project(y, width)))};
        if (chance(3)) outputs.push_back(net_.reshape(attention, {1, many * heads * length, length}));
        return net_.finish(outputs);
    }

    TensorId biased(TensorId x) { return chance(2) ? x : net_.add(x, net_.constant({shape(x).back()})); }

    // Recurrent cells, unrolled: gates of what a step brings and of the state, the same weights in every step.

    TensorId part(TensorId x, std::int64_t axis, std::int64_t begin, std::int64_t end) {
        using Ints = std::vector<std::int64_t>;
        return net_.op(graph::Op::slice, {x},
                       {{"axes", Ints{axis}}, {"starts", Ints{begin}}, {"ends", Ints{end}}, {"steps", Ints{1}}});
    }
    TensorId squashed(TensorId x) { return exact_ ? net_.clip(x, -2, 2) : net_.unary(graph::Op::tanh, x); }
    TensorId times(TensorId a, TensorId b) { return net_.binary(graph::Op::mul, a, b); }
    TensorId product(TensorId a, TensorId b) { return net_.binary(graph::Op::matmul, a, b); }

    struct Cell {
        TensorId weights, bias, candidate;  ///< of the state; of a GRU's candidate
        std::int64_t width;
    };
    struct State {
        TensorId h = graph::kNoTensor, c = graph::kNoTensor;  ///< nothing in the first step: zeros
    };

    State lstm(TensorId now, const State& s, const Cell& cell) {
        const std::int64_t w = cell.width;
        if (s.h != graph::kNoTensor) now = net_.add(now, product(s.h, cell.weights));
        now = net_.add(now, cell.bias);
        const TensorId open = gate(part(now, 1, 0, 3 * w));
        TensorId c = times(part(open, 1, 0, w), squashed(part(now, 1, 3 * w, 4 * w)));
        if (s.c != graph::kNoTensor) c = net_.add(c, times(part(open, 1, 2 * w, 3 * w), s.c));
        return {times(part(open, 1, w, 2 * w), squashed(c)), c};
    }
    State gru(TensorId now, const State& s, const Cell& cell) {
        const std::int64_t w = cell.width;
        TensorId gates = part(now, 1, 0, 2 * w), fresh = part(now, 1, 2 * w, 3 * w);
        if (s.h == graph::kNoTensor) return {times(gate(part(gates, 1, 0, w)), squashed(fresh)), graph::kNoTensor};
        gates = gate(net_.add(net_.add(gates, product(s.h, cell.weights)), cell.bias));
        const TensorId kept = times(part(gates, 1, w, 2 * w), s.h);
        fresh = squashed(net_.add(fresh, product(kept, cell.candidate)));
        return {net_.add(fresh, times(part(gates, 1, 0, w), net_.binary(graph::Op::sub, s.h, fresh))),
                graph::kNoTensor};
    }
    State plain(TensorId now, const State& s, const Cell& cell) {
        if (s.h != graph::kNoTensor) now = net_.add(now, product(s.h, cell.weights));
        return {squashed(net_.add(now, cell.bias)), graph::kNoTensor};
    }

    /// What each step brings, [1, gates]: one product for all steps, as the ONNX importer makes it of a sequence in
    /// front of the batch, or of a sequence behind it.
    std::vector<TensorId> brought(std::int64_t steps, std::int64_t gates) {
        const std::int64_t features = pick<std::int64_t>({1, 5, 16, 31, 64, 130});
        const TensorId x = net_.input({1, steps, features});
        const bool in_front = chance(2);
        const TensorId all =
            biased(product(in_front ? net_.transpose(x, {1, 0, 2}) : x, net_.constant({features, gates})));
        std::vector<TensorId> rows;
        for (std::int64_t s = 0; s < steps; ++s)
            rows.push_back(net_.op(graph::Op::squeeze, {part(all, in_front ? 0 : 1, s, s + 1)},
                                   {{"axes", std::vector<std::int64_t>{in_front ? 0 : 1}}}));
        return rows;
    }

    graph::Graph recurrent() {
        const std::int64_t steps = number(1, 5), width = pick<std::int64_t>({5, 16, 31, 64, 67, 128, 130});
        const std::int64_t kind = number(0, 2),
                           gates = std::vector<std::int64_t>{4, 3, 1}.at(static_cast<std::size_t>(kind));
        const auto rows = brought(steps, gates * width);
        const std::int64_t of_state = (kind == 1 ? 2 : gates) * width;
        const Cell cell{net_.constant({width, of_state}), net_.constant({of_state}), net_.constant({width, width}),
                        width};
        const bool backwards = chance(4);
        std::vector<TensorId> all(rows.size());
        State state;
        for (std::size_t s = 0; s < rows.size(); ++s) {
            const std::size_t t = backwards ? rows.size() - 1 - s : s;
            state = kind == 0   ? lstm(rows[t], state, cell)
                    : kind == 1 ? gru(rows[t], state, cell)
                                : plain(rows[t], state, cell);
            all[t] = net_.op(graph::Op::unsqueeze, {state.h}, {{"axes", std::vector<std::int64_t>{1}}});
        }
        std::vector<TensorId> outputs;
        if (chance(2)) outputs.push_back(all.size() == 1 ? all[0] : net_.concat(all));
        if (outputs.empty() || chance(2)) outputs.push_back(net_.dense(state.h, pick<std::int64_t>({10, 17, 64})));
        return net_.finish(outputs);
    }
};

}  // namespace infsim::test
