// LSTM, GRU and RNN, step by step. The inputs' contribution to the gates of all steps is one product, the state's
// contribution one per step; all steps use the same constant weights.
#include <algorithm>

#include <fmt/format.h>

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

constexpr std::int64_t kMostSteps = 4096;

/// Weights of one direction: `input` [I, G * H], `state` [H, G * H]; biases [G * H] or nothing.
struct Weights {
    TensorId input = kNoTensor, state = kNoTensor, input_bias = kNoTensor, state_bias = kNoTensor;
};

/// h and, for an LSTM, c, both [B, H]; kNoTensor: zeros.
struct State {
    TensorId h = kNoTensor, c = kNoTensor;
};

class Recurrence {
public:
    Recurrence(OnnxNode& n, std::int64_t gates) : n_(n), gates_(gates) {
        layout_ = n.integer("layout", 0);
        hidden_ = n.integer("hidden_size", 0);
        direction_ = n.text("direction", "forward");
        if (direction_ != "forward" && direction_ != "reverse" && direction_ != "bidirectional")
            throw ShapeError(fmt::format("direction '{}' is unknown", direction_));
        if (n.has_attribute("clip")) throw ShapeError("clipped gates are not supported");
        x_ = layout_ == 0 ? n.in(0) : n.make(Op::transpose, {n.in(0)}, {{"perm", Ints{1, 0, 2}}});
        const auto& shape = n.builder().shape(x_);
        if (shape.size() != 3)
            throw ShapeError(fmt::format("takes [steps, batch, features], not a rank of {}", shape.size()));
        steps_ = shape[0];
        if (steps_ < 1 || steps_ > kMostSteps)
            throw ShapeError(fmt::format("{} steps are not supported; 1 to {} are", steps_, kMostSteps));
        const auto& r = n.shape(2);
        if (r.size() != 3 || r[0] != directions() || (hidden_ != 0 && r[2] != hidden_) || r[1] != gates * r[2])
            throw ShapeError("its recurrent weights do not fit its direction and hidden_size");
        hidden_ = r[2];
        check_lengths();
    }

    std::int64_t directions() const { return direction_ == "bidirectional" ? 2 : 1; }
    std::int64_t hidden() const { return hidden_; }

    /// The attribute, if present, must name the activations `each` for every direction.
    void require_activations(const std::vector<std::string>& each) {
        const auto given = n_.texts("activations");
        if (n_.has_attribute("activation_alpha") || n_.has_attribute("activation_beta"))
            throw ShapeError("activations with parameters are not supported");
        if (!given) return;
        for (std::size_t i = 0; i < given->size(); ++i)
            if ((*given)[i] != each[i % each.size()])
                throw ShapeError(
                    fmt::format("activation '{}' instead of {} is not supported", (*given)[i], each[i % each.size()]));
    }

    /// Runs all directions. `step(projected, state, weights)` computes the next state from the inputs' contribution
    /// to one step, [B, G * H]. Binds Y, Y_h and, if there is a cell, Y_c.
    template <class Step>
    void run(bool cell, Step step) {
        std::vector<TensorId> outputs, last_h, last_c;
        for (std::int64_t d = 0; d < directions(); ++d) {
            const bool reverse = direction_ == "reverse" || d == 1;
            const auto weights = weights_of(d);
            const auto all = projection(weights);
            State state = initial(d, cell);
            std::vector<TensorId> rows(static_cast<std::size_t>(steps_));
            for (std::int64_t s = 0; s < steps_; ++s) {
                const auto t = reverse ? steps_ - 1 - s : s;
                const auto now = n_.make(Op::squeeze, {n_.part(all, 0, t, t + 1)}, {{"axes", Ints{0}}});
                state = step(now, state, weights);
                if (n_.output_used(0))
                    rows[static_cast<std::size_t>(t)] = n_.make(Op::unsqueeze, {state.h}, {{"axes", Ints{0, 1}}});
            }
            if (n_.output_used(0)) outputs.push_back(joined(rows, 0));
            last_h.push_back(state.h);
            last_c.push_back(state.c);
        }
        if (n_.output_used(0)) bind_all(outputs);
        if (n_.output_used(1)) bind_last(1, last_h);
        if (cell && n_.output_used(2)) bind_last(2, last_c);
    }

    /// matmul(h, weights), or kNoTensor if the state is zero.
    TensorId product(TensorId h, TensorId weights) {
        return h == kNoTensor ? kNoTensor : n_.make(Op::matmul, {h, weights});
    }
    /// a + b; either may be kNoTensor.
    TensorId sum(TensorId a, TensorId b) {
        if (a == kNoTensor) return b;
        return b == kNoTensor ? a : n_.make(Op::add, {a, b});
    }

private:
    void check_lengths() {
        if (!n_.has(4)) return;
        const auto lengths = n_.builder().values(n_.in(4));
        if (!lengths || std::any_of(lengths->begin(), lengths->end(),
                                    [&](double l) { return static_cast<std::int64_t>(l) != steps_; }))
            throw ShapeError("sequence_lens that differ from the number of steps are not supported");
    }

    /// Direction `d` of an operand [D, ...], without that axis.
    TensorId of_direction(TensorId all, std::int64_t d) {
        const auto own = directions() == 1 ? all : n_.part(all, 0, d, d + 1);
        return n_.make(Op::squeeze, {own}, {{"axes", Ints{0}}});
    }

    Weights weights_of(std::int64_t d) {
        Weights w;
        const Attributes swapped = {{"perm", Ints{1, 0}}};
        w.input = n_.make(Op::transpose, {of_direction(n_.in(1), d)}, swapped);
        w.state = n_.make(Op::transpose, {of_direction(n_.in(2), d)}, swapped);
        if (!n_.has(3)) return w;
        const auto both = of_direction(n_.in(3), d);
        w.input_bias = n_.part(both, 0, 0, gates_ * hidden_);
        w.state_bias = n_.part(both, 0, gates_ * hidden_, 2 * gates_ * hidden_);
        return w;
    }

    /// [S, B, G * H]
    TensorId projection(const Weights& w) { return sum(n_.make(Op::matmul, {x_, w.input}), w.input_bias); }

    bool is_zero(TensorId id) {
        const auto& tensor = n_.builder().graph().tensor(id);
        if (!tensor.constant) return false;
        if (const auto* splat = std::get_if<Splat>(&*tensor.constant)) return splat->value == 0;
        const auto values = n_.builder().values(id);
        return values && std::all_of(values->begin(), values->end(), [](double v) { return v == 0; });
    }

    TensorId initial_of(std::size_t input, std::int64_t d) {
        if (!n_.has(input) || is_zero(n_.in(input))) return kNoTensor;
        const auto all =
            layout_ == 0 ? n_.in(input) : n_.make(Op::transpose, {n_.in(input)}, {{"perm", Ints{1, 0, 2}}});
        return of_direction(all, d);
    }

    State initial(std::int64_t d, bool cell) { return {initial_of(5, d), cell ? initial_of(6, d) : kNoTensor}; }

    TensorId joined(const std::vector<TensorId>& operands, std::int64_t axis) {
        return operands.size() == 1 ? operands[0] : n_.make(Op::concat, operands, {{"axis", axis}});
    }

    /// Y [S, D, B, H], with the batch in front [B, S, D, H].
    void bind_all(const std::vector<TensorId>& outputs) {
        const auto y = joined(outputs, 1);
        n_.bind(0, layout_ == 0 ? y : n_.make(Op::transpose, {y}, {{"perm", Ints{2, 0, 1, 3}}}));
    }

    /// [D, B, H], with the batch in front [B, D, H].
    void bind_last(std::size_t output, const std::vector<TensorId>& states) {
        std::vector<TensorId> rows;
        const std::int64_t axis = layout_ == 0 ? 0 : 1;
        for (const auto state : states) rows.push_back(n_.make(Op::unsqueeze, {state}, {{"axes", Ints{axis}}}));
        n_.bind(output, joined(rows, axis));
    }

    OnnxNode& n_;
    std::int64_t gates_, layout_ = 0, hidden_ = 0, steps_ = 0;
    std::string direction_;
    TensorId x_ = kNoTensor;
};

/// Gates i, o, f, c: c' = f * c + i * tanh(c~), h' = o * tanh(c').
void lstm(OnnxNode& n) {
    Recurrence r(n, 4);
    r.require_activations({"Sigmoid", "Tanh", "Tanh"});
    if (n.has(7)) throw ShapeError("peephole weights are not supported");
    if (n.integer("input_forget", 0) != 0) throw ShapeError("coupled input and forget gates are not supported");
    const auto h = r.hidden();
    r.run(true, [&](TensorId now, const State& state, const Weights& w) {
        const auto gates = r.sum(now, r.sum(r.product(state.h, w.state), w.state_bias));
        const auto open = n.parts(n.make(Op::sigmoid, {n.part(gates, 1, 0, 3 * h)}), 1, {h, h, h});
        const auto candidate = n.make(Op::tanh, {n.part(gates, 1, 3 * h, 4 * h)});
        const auto fresh = n.make(Op::mul, {open[0], candidate});
        const auto kept = state.c == kNoTensor ? kNoTensor : n.make(Op::mul, {open[2], state.c});
        const auto c = r.sum(fresh, kept);
        return State{n.make(Op::mul, {open[1], n.make(Op::tanh, {c})}), c};
    });
}

/// The parts of a GRU's weights per gate, made once for all steps.
struct GruWeights {
    TensorId zr = kNoTensor, h = kNoTensor, bias_zr = kNoTensor, bias_h = kNoTensor;
};

/// Gates z, r, h: h' = h~ + z * (h - h~), with h~ from the state after the reset gate.
class Gru {
public:
    explicit Gru(OnnxNode& n) : n_(n), rec_(n, 3), h_(rec_.hidden()) {
        rec_.require_activations({"Sigmoid", "Tanh"});
        before_reset_ = n.integer("linear_before_reset", 0) != 0;
    }
    void run() {
        rec_.run(false,
                 [&](TensorId now, const State& state, const Weights& w) { return step(now, state, weights(w)); });
    }

private:
    TensorId cut(TensorId t, std::int64_t axis, bool gates) {
        if (t == kNoTensor) return t;
        return gates ? n_.part(t, axis, 0, 2 * h_) : n_.part(t, axis, 2 * h_, 3 * h_);
    }

    const GruWeights& weights(const Weights& w) {
        const auto [found, fresh] = parts_.emplace(w.state, GruWeights{});
        if (fresh)
            found->second = {before_reset_ ? w.state : cut(w.state, 1, true),
                             before_reset_ ? kNoTensor : cut(w.state, 1, false), cut(w.state_bias, 0, true),
                             cut(w.state_bias, 0, false)};
        return found->second;
    }

    State step(TensorId now, const State& state, const GruWeights& w) {
        const auto x = n_.parts(now, 1, {2 * h_, h_});
        const auto product = rec_.product(state.h, w.zr);
        const auto of_zr = before_reset_ ? cut(product, 1, true) : product;
        const auto gates = n_.make(Op::sigmoid, {rec_.sum(x[0], rec_.sum(of_zr, w.bias_zr))});
        const auto zr = n_.parts(gates, 1, {h_, h_});
        TensorId of_h = w.bias_h;
        if (before_reset_) {
            of_h = rec_.sum(cut(product, 1, false), of_h);
            if (of_h != kNoTensor) of_h = n_.make(Op::mul, {zr[1], of_h});
        } else if (state.h != kNoTensor) {
            of_h = rec_.sum(rec_.product(n_.make(Op::mul, {zr[1], state.h}), w.h), of_h);
        }
        const auto fresh = n_.make(Op::tanh, {rec_.sum(x[1], of_h)});
        const auto distance = state.h == kNoTensor ? n_.make(Op::neg, {fresh}) : n_.make(Op::sub, {state.h, fresh});
        return {n_.make(Op::add, {fresh, n_.make(Op::mul, {zr[0], distance})}), kNoTensor};
    }

    OnnxNode& n_;
    Recurrence rec_;
    std::int64_t h_;
    bool before_reset_ = false;
    std::map<TensorId, GruWeights> parts_;
};

void gru(OnnxNode& n) { Gru(n).run(); }

void rnn(OnnxNode& n) {
    Recurrence r(n, 1);
    Op activation = Op::tanh;
    if (const auto given = n.texts("activations"); given && !given->empty()) {
        const auto& name = given->front();
        if (name == "Relu") activation = Op::relu;
        else if (name == "Sigmoid") activation = Op::sigmoid;
        r.require_activations({name == "Relu" || name == "Sigmoid" ? name : "Tanh"});
    }
    r.run(false, [&](TensorId now, const State& state, const Weights& w) {
        const auto gates = r.sum(now, r.sum(r.product(state.h, w.state), w.state_bias));
        return State{n.make(activation, {gates}), kNoTensor};
    });
}

}  // namespace

void add_recurrent(ConverterTable& t) {
    t["LSTM"] = lstm;
    t["GRU"] = gru;
    t["RNN"] = rnn;
}

}  // namespace infsim::graph::onnx_import
