#include "compiler/lower/fuse.hpp"

#include <algorithm>

namespace infsim::compiler {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::TensorId;
using program::ActFunction;

namespace {

bool is_constant(const Graph& g, TensorId id) {
    return id != graph::kNoTensor && g.tensor(id).kind == graph::TensorKind::constant;
}

/// What of the graph the planner asks for again and again.
struct Uses {
    std::vector<std::vector<int>> consumers;  ///< node indices by tensor
    std::vector<int> producer;                ///< node index by tensor, -1 for none
    std::vector<bool> is_output;
    std::vector<int> depth;  ///< longest chain of weighted nodes up to and including the producer
};

Uses uses_of(const Graph& g) {
    Uses u;
    u.consumers.resize(g.tensors.size());
    u.producer.assign(g.tensors.size(), -1);
    u.is_output.assign(g.tensors.size(), false);
    u.depth.assign(g.tensors.size(), 0);
    for (TensorId id : g.outputs) u.is_output[static_cast<std::size_t>(id)] = true;
    for (std::size_t n = 0; n < g.nodes.size(); ++n) {
        int depth = 0;
        for (TensorId in : g.nodes[n].inputs)
            if (in != graph::kNoTensor) {
                u.consumers[static_cast<std::size_t>(in)].push_back(static_cast<int>(n));
                depth = std::max(depth, u.depth[static_cast<std::size_t>(in)]);
            }
        for (TensorId out : g.nodes[n].outputs)
            if (out != graph::kNoTensor) {
                u.producer[static_cast<std::size_t>(out)] = static_cast<int>(n);
                u.depth[static_cast<std::size_t>(out)] = depth + (is_weighted(g, g.nodes[n]) ? 1 : 0);
            }
    }
    return u;
}

/// A constant that is one value per output channel of `node` (or one for all): the bias of its evacuation.
bool is_channel_constant(const Graph& g, const Node& node, TensorId id, const graph::Shape& out) {
    if (!is_constant(g, id)) return false;
    const auto& shape = g.tensor(id).shape;
    const std::size_t channel_axis = node.op == Op::conv ? 1 : out.size() - 1;
    if (shape.size() > out.size() || graph::element_count(shape) != out.at(channel_axis)) return false;
    const std::size_t lead = out.size() - shape.size();
    return channel_axis >= lead && shape[channel_axis - lead] == out[channel_axis];
}

/// Follows the single-consumer chain behind a weighted node and takes what fits into one evacuation.
Fusion chain_behind(const Graph& g, const Uses& uses, int head, const std::vector<int>& add_owner) {
    Fusion f;
    f.head = f.last = head;
    const Node& node = g.nodes[static_cast<std::size_t>(head)];
    TensorId current = node.outputs[0];
    bool bias_taken =
        (node.op == Op::conv || node.op == Op::gemm) && node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor;
    while (true) {
        const auto& consumers = uses.consumers[static_cast<std::size_t>(current)];
        if (consumers.size() != 1 || uses.is_output[static_cast<std::size_t>(current)]) return f;
        const int next = consumers[0];
        const Node& n = g.nodes[static_cast<std::size_t>(next)];
        if (n.op == Op::add) {
            const TensorId other = n.inputs[0] == current ? n.inputs[1] : n.inputs[0];
            if (!bias_taken && f.residual == graph::kNoTensor &&
                is_channel_constant(g, node, other, g.tensor(current).shape)) {
                f.bias = other;
                bias_taken = true;
            } else if (f.residual == graph::kNoTensor && other != current && !is_constant(g, other) &&
                       g.tensor(other).shape == g.tensor(current).shape &&
                       add_owner[static_cast<std::size_t>(next)] == head) {
                f.residual = other;
                bias_taken = true;
            } else {
                return f;
            }
        } else if (const auto function = act_function(n); function && f.residual == graph::kNoTensor) {
            f.function = *function;
            f.last = next;
            return f;
        } else if (n.op == Op::relu && f.residual != graph::kNoTensor) {
            f.relu_after_add = true;
            f.last = next;
            return f;
        } else {
            return f;
        }
        f.last = next;
        current = n.outputs[0];
    }
}

/// For every add of two activations: the weighted node that may take it over. The deeper producer wins, because
/// the shallower one (a projection shortcut) can run earlier and its output be added into in place.
std::vector<int> owners_of_adds(const Graph& g, const Uses& uses) {
    std::vector<int> owner(g.nodes.size(), -1);
    for (std::size_t n = 0; n < g.nodes.size(); ++n) {
        if (g.nodes[n].op != Op::add) continue;
        int best_depth = -1;
        for (TensorId in : g.nodes[n].inputs) {
            // step back over a bias add to the weighted node itself
            int p = uses.producer[static_cast<std::size_t>(in)];
            if (p >= 0 && g.nodes[static_cast<std::size_t>(p)].op == Op::add) {
                const Node& add = g.nodes[static_cast<std::size_t>(p)];
                const TensorId data = is_constant(g, add.inputs[0]) ? add.inputs[1] : add.inputs[0];
                if (is_constant(g, add.inputs[0]) != is_constant(g, add.inputs[1]))
                    p = uses.producer[static_cast<std::size_t>(data)];
            }
            if (p < 0 || !is_weighted(g, g.nodes[static_cast<std::size_t>(p)])) continue;
            const int depth = uses.depth[static_cast<std::size_t>(in)];
            if (depth > best_depth) {
                best_depth = depth;
                owner[n] = p;
            }
        }
    }
    return owner;
}

}  // namespace

bool is_weighted(const Graph& g, const Node& node) {
    if (node.op == Op::conv) return is_constant(g, node.inputs[1]);
    if (node.op == Op::gemm || node.op == Op::matmul)
        return is_constant(g, node.inputs[1]) && !is_constant(g, node.inputs[0]);
    return false;
}

std::optional<ActFunction> act_function(const Node& node) {
    switch (node.op) {
        case Op::relu: return ActFunction::relu;
        case Op::sigmoid: return ActFunction::sigmoid;
        case Op::tanh: return ActFunction::tanh;
        case Op::gelu: return ActFunction::gelu;
        case Op::gelu_tanh: return ActFunction::gelu_tanh;
        case Op::erf: return ActFunction::erf;
        case Op::exp: return ActFunction::exp;
        case Op::log: return ActFunction::log;
        case Op::sqrt: return ActFunction::sqrt;
        case Op::reciprocal: return ActFunction::reciprocal;
        case Op::abs: return ActFunction::abs;
        case Op::sign: return ActFunction::sign;
        case Op::floor: return ActFunction::floor;
        case Op::ceil: return ActFunction::ceil;
        case Op::round: return ActFunction::round;
        case Op::sin: return ActFunction::sin;
        case Op::cos: return ActFunction::cos;
        case Op::softplus: return ActFunction::softplus;
        case Op::softsign: return ActFunction::softsign;
        default: return std::nullopt;
    }
}

FusionPlan plan_fusion(const Graph& g) {
    const Uses uses = uses_of(g);
    const std::vector<int> owners = owners_of_adds(g, uses);
    FusionPlan plan;
    plan.covered.assign(g.nodes.size(), false);
    for (std::size_t n = 0; n < g.nodes.size(); ++n) {
        if (!is_weighted(g, g.nodes[n])) continue;
        const Fusion f = chain_behind(g, uses, static_cast<int>(n), owners);
        for (TensorId t = g.nodes[n].outputs[0]; f.last != f.head;) {
            const int producer = uses.producer[static_cast<std::size_t>(t)];
            if (producer == f.last) break;
            plan.covered[static_cast<std::size_t>(producer)] = true;
            t = g.nodes[static_cast<std::size_t>(uses.consumers[static_cast<std::size_t>(t)][0])].outputs[0];
        }
        plan.by_last[f.last] = f;
    }
    return plan;
}

}  // namespace infsim::compiler
