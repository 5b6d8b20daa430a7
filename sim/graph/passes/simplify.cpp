// Simplifies views, pools and transposes; removes dead nodes.
#include <algorithm>
#include <numeric>

#include "base/check.hpp"
#include "graph/check.hpp"
#include "graph/passes.hpp"

namespace infsim::graph {
namespace {

bool is_view(Op op) { return op == Op::reshape || op == Op::flatten || op == Op::squeeze || op == Op::unsqueeze; }

void make_reshape(Graph& graph, Node& node) {
    node.op = Op::reshape;
    node.attributes.clear();
    node.attributes["shape"] = graph.tensor(node.outputs[0]).shape;
}

}  // namespace

int simplify_views(Graph& graph) {
    int changed = 0;
    for (auto& node : graph.nodes) {
        if (!is_view(node.op) || node.op == Op::reshape) continue;
        make_reshape(graph, node);
        ++changed;
    }
    // One pass in topological order: what a node reads is already simplified.
    std::vector<TensorId> same_as(graph.tensors.size());  // replacement of each tensor
    std::iota(same_as.begin(), same_as.end(), 0);
    std::vector<TensorId> reshaped_from(graph.tensors.size(), kNoTensor);
    std::vector<bool> is_output(graph.tensors.size(), false);
    for (const auto id : graph.outputs) is_output[static_cast<std::size_t>(id)] = true;
    std::vector<Node> kept;
    for (auto& node : graph.nodes) {
        for (auto& id : node.inputs)
            if (id != kNoTensor) id = same_as[static_cast<std::size_t>(id)];
        if (node.op != Op::reshape && node.op != Op::identity) {
            kept.push_back(std::move(node));
            continue;
        }
        auto& from = node.inputs[0];
        const auto out = static_cast<std::size_t>(node.outputs[0]);
        if (const auto before = reshaped_from[static_cast<std::size_t>(from)];
            before != kNoTensor && node.op == Op::reshape) {
            from = before;
            ++changed;
        }
        if (graph.tensor(from).shape == graph.tensors[out].shape && !is_output[out]) {
            same_as[out] = from;
            ++changed;
            continue;
        }
        if (node.op == Op::reshape) reshaped_from[out] = from;
        kept.push_back(std::move(node));
    }
    graph.nodes = std::move(kept);
    return changed;
}

int simplify_pools(Graph& graph) {
    int changed = 0;
    for (auto& node : graph.nodes) {
        if (node.op != Op::average_pool && node.op != Op::max_pool) continue;
        const auto& in = graph.tensor(node.inputs[0]).shape;
        const auto& out = graph.tensor(node.outputs[0]).shape;
        const auto& pads = attribute_ints(node, "pads");
        const bool padded = std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p != 0; });
        const bool one_window = std::all_of(out.begin() + 2, out.end(), [](std::int64_t e) { return e == 1; });
        if (padded || !one_window || attribute_ints(node, "kernel_shape") != Shape(in.begin() + 2, in.end())) continue;
        node.op = node.op == Op::average_pool ? Op::global_average_pool : Op::global_max_pool;
        node.attributes.clear();
        ++changed;
    }
    return changed;
}

int simplify_transposes(Graph& graph) {
    int changed = 0;
    for (auto& node : graph.nodes) {
        if (node.op != Op::transpose) continue;
        const auto& shape = graph.tensor(node.inputs[0]).shape;
        std::int64_t last = -1;
        bool moves_data = false;
        for (const auto axis : attribute_ints(node, "perm")) {
            if (shape[static_cast<std::size_t>(axis)] == 1) continue;
            moves_data = moves_data || axis < last;
            last = axis;
        }
        if (moves_data) continue;
        make_reshape(graph, node);
        ++changed;
    }
    return changed;
}

namespace {

void mark_constant(const Graph& graph, TensorId id, std::vector<bool>& live) {
    if (id == kNoTensor) return;
    live[static_cast<std::size_t>(id)] = true;
    if (!graph.tensor(id).constant) return;
    if (const auto* recipe = std::get_if<Recipe>(&*graph.tensor(id).constant))
        for (const auto source : recipe->sources) mark_constant(graph, source, live);
}

/// Drops the nodes that compute no needed tensor; returns the tensors to keep.
std::vector<bool> drop_dead_nodes(Graph& graph) {
    std::vector<bool> live(graph.tensors.size(), false);
    for (const auto id : graph.inputs) live[static_cast<std::size_t>(id)] = true;
    for (const auto id : graph.outputs) mark_constant(graph, id, live);
    std::vector<Node> kept;
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        const bool needed = std::any_of(node->outputs.begin(), node->outputs.end(),
                                        [&](TensorId id) { return live[static_cast<std::size_t>(id)]; });
        if (!needed) continue;
        for (const auto id : node->inputs) mark_constant(graph, id, live);
        for (const auto id : node->outputs) live[static_cast<std::size_t>(id)] = true;
        kept.push_back(std::move(*node));
    }
    std::reverse(kept.begin(), kept.end());
    graph.nodes = std::move(kept);
    return live;
}

}  // namespace

int remove_dead(Graph& graph) {
    const auto before = graph.nodes.size() + graph.tensors.size();
    const auto live = drop_dead_nodes(graph);
    std::vector<TensorId> moved(graph.tensors.size(), kNoTensor);
    std::vector<Tensor> tensors;
    for (std::size_t i = 0; i < live.size(); ++i) {
        if (!live[i]) continue;
        moved[i] = static_cast<TensorId>(tensors.size());
        tensors.push_back(std::move(graph.tensors[i]));
    }
    graph.tensors = std::move(tensors);
    const auto renumber = [&](std::vector<TensorId>& ids) {
        for (auto& id : ids)
            if (id != kNoTensor) id = moved[static_cast<std::size_t>(id)];
    };
    for (auto& node : graph.nodes) {
        renumber(node.inputs);
        renumber(node.outputs);
    }
    renumber(graph.inputs);
    renumber(graph.outputs);
    for (auto& tensor : graph.tensors)
        if (tensor.constant)
            if (auto* recipe = std::get_if<Recipe>(&*tensor.constant)) renumber(recipe->sources);
    return static_cast<int>(before - graph.nodes.size() - graph.tensors.size());
}

void optimize(Graph& graph) {
    for (const auto pass : {simplify_views, recognise_softmax, recognise_layer_norm, recognise_gelu, fold_batch_norm,
                            fold_channel_affine, simplify_pools, simplify_transposes, simplify_views, remove_dead}) {
        pass(graph);
        const auto problems = check(graph);
        INFSIM_CHECK(problems.empty(), "a pass broke the graph: " + to_text(problems.list().front()));
    }
}

}  // namespace infsim::graph
