#include "compiler/lower/fuse.hpp"

#include <algorithm>
#include <vector>

#include "program/names.hpp"

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

/// What the planner repeatedly asks about the graph.
class Uses {
public:
    explicit Uses(const Graph& g);

    const Graph& graph;
    const Node& node(NodeId id) const { return graph.nodes[id.index()]; }
    const std::vector<NodeId>& consumers(TensorId id) const { return of(id).consumers; }
    /// No node for constants and inputs.
    NodeId producer(TensorId id) const { return of(id).producer; }
    bool is_output(TensorId id) const { return of(id).is_output; }
    /// Longest chain of weighted nodes up to and including the producer.
    int depth(TensorId id) const { return of(id).depth; }

private:
    struct Use {
        std::vector<NodeId> consumers;
        NodeId producer;
        bool is_output = false;
        int depth = 0;
    };
    std::vector<Use> by_tensor_;

    const Use& of(TensorId id) const { return by_tensor_[static_cast<std::size_t>(id)]; }
    Use& of(TensorId id) { return by_tensor_[static_cast<std::size_t>(id)]; }
};

IdRange<NodeId> node_ids(const Graph& g) { return {NodeId(0), NodeId(static_cast<std::int32_t>(g.nodes.size()))}; }

Uses::Uses(const Graph& g) : graph(g), by_tensor_(g.tensors.size()) {
    for (const TensorId id : g.outputs) of(id).is_output = true;
    for (const NodeId n : node_ids(g)) {
        int depth = 0;
        for (const TensorId in : node(n).inputs)
            if (in != graph::kNoTensor) {
                of(in).consumers.push_back(n);
                depth = std::max(depth, of(in).depth);
            }
        for (const TensorId out : node(n).outputs)
            if (out != graph::kNoTensor) {
                of(out).producer = n;
                of(out).depth = depth + (is_weighted(g, node(n)) ? 1 : 0);
            }
    }
}

/// A constant with one value per output channel of `node` (or one for all): the bias of its evacuation.
bool is_channel_constant(const Graph& g, const Node& node, TensorId id, const graph::Shape& out) {
    if (!is_constant(g, id)) return false;
    const auto& shape = g.tensor(id).shape;
    const std::size_t channel_axis = node.op == Op::conv ? 1 : out.size() - 1;
    if (shape.size() > out.size() || graph::element_count(shape) != out.at(channel_axis)) return false;
    const std::size_t lead = out.size() - shape.size();
    return channel_axis >= lead && shape[channel_axis - lead] == out[channel_axis];
}

using Owners = IdVector<NodeId, NodeId>;

/// A fusion on its way down the chain of nodes after its head.
struct Chain {
    const Uses& uses;
    const Owners& owners;
    Fusion fusion;
    bool bias_taken = false;

    bool has_residual() const { return fusion.residual != graph::kNoTensor; }
    /// Takes an add of a bias or a residual after `current`; false if it is neither.
    bool take_add(NodeId next, TensorId current);
    /// Takes a function, which ends the chain; false if there is none.
    bool take_function(const Node& node);
};

bool Chain::take_add(NodeId next, TensorId current) {
    const Node& n = uses.node(next);
    const Graph& g = uses.graph;
    const TensorId other = n.inputs[0] == current ? n.inputs[1] : n.inputs[0];
    const graph::Shape& shape = g.tensor(current).shape;
    if (has_residual()) return false;
    if (!bias_taken && is_channel_constant(g, uses.node(fusion.head), other, shape)) {
        fusion.bias = other;
    } else if (other != current && !is_constant(g, other) && g.tensor(other).shape == shape &&
               owners[next] == fusion.head) {
        fusion.residual = other;
    } else {
        return false;
    }
    bias_taken = true;
    return true;
}

bool Chain::take_function(const Node& node) {
    if (has_residual()) {
        fusion.relu_after_add = node.op == Op::relu;
        return fusion.relu_after_add;
    }
    const auto function = act_function(node.op);
    if (function) fusion.function = *function;
    return function.has_value();
}

/// Follows the single-consumer chain after a weighted node and takes what fits into one evacuation.
Fusion chain_behind(const Uses& uses, NodeId head, const Owners& owners) {
    const Node& node = uses.node(head);
    Chain chain{uses, owners, {}, false};
    chain.fusion.head = chain.fusion.last = head;
    chain.bias_taken =
        (node.op == Op::conv || node.op == Op::gemm) && node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor;
    for (TensorId current = node.outputs[0];;) {
        const auto& consumers = uses.consumers(current);
        if (consumers.size() != 1 || uses.is_output(current)) return chain.fusion;
        const NodeId next = consumers[0];
        const bool add = uses.node(next).op == Op::add;
        if (!(add ? chain.take_add(next, current) : chain.take_function(uses.node(next)))) return chain.fusion;
        chain.fusion.last = next;
        if (!add) return chain.fusion;
        current = uses.node(next).outputs[0];
    }
}

/// The node that made `id`, looking through the add of a constant (a bias).
NodeId producer_behind_bias(const Uses& uses, TensorId id) {
    const NodeId producer = uses.producer(id);
    if (!producer.exists() || uses.node(producer).op != Op::add) return producer;
    const Node& add = uses.node(producer);
    const bool left = is_constant(uses.graph, add.inputs[0]), right = is_constant(uses.graph, add.inputs[1]);
    return left != right ? uses.producer(add.inputs[left ? 1 : 0]) : producer;
}

/// For every add of two activations: the weighted node that may take it over. The deeper producer wins, because the
/// shallower one (a projection shortcut) can run earlier, and the sum can overwrite its output in place.
Owners owners_of_adds(const Uses& uses) {
    Owners owners(uses.graph.nodes.size());
    for (const NodeId n : node_ids(uses.graph)) {
        if (uses.node(n).op != Op::add) continue;
        int best_depth = -1;
        for (const TensorId in : uses.node(n).inputs) {
            const NodeId p = producer_behind_bias(uses, in);
            if (!p.exists() || !is_weighted(uses.graph, uses.node(p)) || uses.depth(in) <= best_depth) continue;
            best_depth = uses.depth(in);
            owners[n] = p;
        }
    }
    return owners;
}

}  // namespace

bool is_weighted(const Graph& g, const Node& node) {
    if (node.op == Op::conv) return is_constant(g, node.inputs[1]);
    if (node.op == Op::gemm || node.op == Op::matmul)
        return is_constant(g, node.inputs[1]) && !is_constant(g, node.inputs[0]);
    return false;
}

std::optional<ActFunction> act_function(Op op) {
    if (op == Op::identity) return std::nullopt;  // moves nothing; ACT's identity copies
    return program::parse_act_function(graph::op_name(op));
}

Fusion without(const Fusion& fusion, Op op, NodeId last) {
    Fusion shorter = fusion;
    shorter.last = last;
    if (op != Op::add) {
        shorter.function = ActFunction::identity;
        shorter.relu_after_add = false;
    } else if (fusion.residual != graph::kNoTensor) {
        shorter.residual = graph::kNoTensor;
    } else {
        shorter.bias = graph::kNoTensor;
    }
    return shorter;
}

FusionPlan plan_fusion(const Graph& g) {
    const Uses uses(g);
    const Owners owners = owners_of_adds(uses);
    FusionPlan plan;
    plan.by_last.resize(g.nodes.size());
    plan.covered.assign(g.nodes.size(), false);
    for (const NodeId n : node_ids(g)) {
        if (!is_weighted(g, uses.node(n))) continue;
        const Fusion f = chain_behind(uses, n, owners);
        for (NodeId at = n; at != f.last; at = uses.consumers(uses.node(at).outputs[0])[0]) plan.covered[at] = true;
        plan.by_last[f.last] = f;
    }
    return plan;
}

}  // namespace infsim::compiler
