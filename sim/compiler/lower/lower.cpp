#include "compiler/lower/lower.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/operators.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::TensorId;

namespace {

/// Stands for a node where the compiler adds a layer of its own.
Node named(const std::string& name) {
    Node node;
    node.name = name;
    return node;
}

// --- inputs and outputs -----------------------------------------------------------------------------

/// Rows of a token tensor lie in DRAM one after the other: they arrive with tokens on partitions, in whole rows, and
/// the PE array turns them. Element by element into hidden on partitions would take a DMA run for each.
bool arrives_as_tokens(const SourceGraph& source, TensorId id) {
    const auto& shape = source.shape(id);
    if (shape.size() != 3 || shape[1] < 2 || shape[2] < 2 || source.chip_dtype(id) != source.dtype) return false;
    const auto& readers = source.consumers(id);
    return std::any_of(readers.begin(), readers.end(), [&](NodeId n) {
        return is_weighted(source.graph, source.node(n)) || source.node(n).op == Op::layer_norm;
    });
}

Layout arrival_layout(const SourceGraph& source, TensorId id) {
    const auto& shape = source.shape(id);
    if (!arrives_as_tokens(source, id)) return default_layout(shape, source.columns);
    return {{split_channels(static_cast<int>(shape[1]), source.columns), 1, static_cast<int>(shape[2])},
            {{}, {{Dim::channel, shape[1]}}, {{Dim::col, shape[2]}}}};
}

void lower_input(Lowering& low, std::size_t position) {
    const TensorId id = low.source.graph.inputs[position];
    const auto& shape = low.source.shape(id);
    low.at.strided[id] = {Strided::Source::input, static_cast<int>(position), 0, row_major_axes(shape)};
    if (shape.size() < 2 || shape.size() > 4 || shape[0] != 1) {  // fetched as each reader wants it
        low.net.inputs.push_back(View{});
        return;
    }
    const Layout layout = arrival_layout(low.source, id);
    const ValueId value = low.new_value(low.source.name(id), layout.phys, low.source.chip_dtype(id));
    low.net.values[value].input = id;
    const View view = low.whole(value, layout.axes);
    low.net.inputs.push_back(view);
    low.at.views[id] = view;
    if (arrives_as_tokens(low.source, id))
        low.at.views[id] = transposed_lanes(low, named(low.source.name(id)), view, 1);
}

void lower_inputs(Lowering& low) {
    const graph::Graph& g = low.source.graph;
    for (std::size_t i = 0; i < g.inputs.size(); ++i) {
        const auto& t = g.tensor(g.inputs[i]);
        if (g.batchable && t.batched && (t.shape.empty() || t.shape[0] != 1))
            throw InputError(g.name, "input " + t.name, "the leading axis is not the batch");
        if (graph::element_count(t.shape) == 0) throw InputError(g.name, "input " + t.name, "has no elements");
        lower_input(low, i);
    }
}

bool leaves_as_tokens(const Prospect& p) {
    const auto& axes = p.view.axes;
    return axes.size() == 3 && p.full.rows == 1 && p.fills_value() && is_tokens(p.view) &&
           is_whole(p.view, 1, Dim::col, p.full) && !axes[1].empty() && !axes[2].empty();
}

void lower_outputs(Lowering& low) {
    const graph::Graph& g = low.source.graph;
    for (const TensorId id : g.outputs) {
        const std::string& name = low.source.name(id);
        if (low.source.is_constant(id))
            throw InputError(g.name, "output " + name, "is a constant; nothing would run on the chip");
        View out = view_of(low, id);
        const Value& value = low.value(out);
        if (value.input != graph::kNoTensor || value.scratch_elements > 0)  // stored by the layer that writes it
            out = fetched(low, strided_of(low, id), default_layout(low.source.shape(id), low.source.columns),
                          low.source.chip_dtype(id));
        else if (leaves_as_tokens(prospect_of(low, out)))
            out = transposed_lanes(low, named(name), out, 1);  // whole rows leave, as they arrived
        if (low.refusal) throw InputError(g.name, "output " + name, *low.refusal);
        low.net.outputs.push_back(out);
    }
}

// --- nodes ------------------------------------------------------------------------------------------

bool has_no_elements(const Lowering& low, const Node& node) {
    return std::any_of(node.outputs.begin(), node.outputs.end(), [&](TensorId out) {
        return out != graph::kNoTensor && graph::element_count(low.source.shape(out)) == 0;
    });
}

void lower_general(Lowering& low, const Node& node) {
    const GeneralWay way = operator_for(node.op).general;
    low.node = &node;
    if (way.lower == nullptr)
        return low.refuse("operator " + std::string(graph::op_name(node.op)) +
                          " is not supported by the compiler in this form");
    if (way.refusal != nullptr)
        if (const auto why = way.refusal(low, node)) return low.refuse(*why);
    way.lower(low, node);
}

/// The nodes of a fusion one by one. What lies between them in the graph has been lowered, or waits for them.
void lower_unfused(Lowering& low, const Fusion& fusion, const FusionPlan& plan) {
    for (const NodeId n : IdRange<NodeId>(fusion.head, fusion.last.next())) {
        const Node& node = low.source.node(n);
        const bool chained =
            n == fusion.head || n == fusion.last || (plan.covered[n] && !low.at.knows(node.outputs[0]));
        const bool ready = std::all_of(node.inputs.begin(), node.inputs.end(), [&](TensorId id) {
            return id == graph::kNoTensor || low.source.is_constant(id) || low.at.knows(id);
        });
        if (chained && ready && !low.refusal) lower_general(low, node);
    }
}

void lower_node(Lowering& low, NodeId id, const FusionPlan& plan) {
    const Node& node = low.source.node(id);
    low.node = &node;
    if (plan.covered[id]) return;
    if (has_no_elements(low, node)) return low.refuse("a tensor without elements");
    const Fusion* fusion = plan.by_last[id] ? &*plan.by_last[id] : nullptr;
    const Task task{fusion != nullptr ? low.source.node(fusion->head) : node, node, fusion};
    const DirectWay way = operator_for(task.node.op).direct;
    if (way.can != nullptr && way.can(low, task)) {
        way.lower(low, task);
        INFSIM_CHECK(!low.refusal, "a direct way that cannot what it said it can");
        return;
    }
    if (fusion != nullptr && fusion->head != fusion->last) lower_unfused(low, *fusion, plan);
    else lower_general(low, node);
}

void lower_nodes(Lowering& low) {
    const graph::Graph& g = low.source.graph;
    const FusionPlan plan = plan_fusion(g);
    for (const NodeId id : plan.covered.ids()) {
        lower_node(low, id, plan);
        if (!low.refusal) continue;  // later nodes would only complain about its missing output
        const Node& node = low.source.node(id);
        Problems problems;
        problems.add(g.name, "node " + node.name + " (" + std::string(graph::op_name(node.op)) + ")", *low.refusal);
        problems.throw_if_any();
    }
}

}  // namespace

Network lower(const graph::Graph& graph, DType dtype, int pe_columns) {
    Lowering low(graph, dtype, pe_columns);
    lower_inputs(low);
    lower_nodes(low);
    lower_outputs(low);
    return std::move(low.net);
}

}  // namespace infsim::compiler
