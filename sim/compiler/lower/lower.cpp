#include "compiler/lower/lower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

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

/// A stand-in node, for layers that the compiler adds itself.
Node named(const std::string& name) {
    Node node;
    node.name = name;
    return node;
}

// --- inputs and outputs -----------------------------------------------------------------------------

/// Rows of a token tensor are contiguous in DRAM: whole rows arrive with tokens on partitions, and the PE array
/// transposes them. Loading with the hidden axis on partitions would take a DMA run per element.
bool arrives_as_tokens(const SourceGraph& source, TensorId id) {
    const auto& shape = source.shape(id);
    if (shape.size() != 3 || shape[1] < 2 || shape[2] < 2 || shape[1] > kLongPlane || shape[2] > kLongPlane ||
        source.chip_dtype(id) != source.dtype)
        return false;
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
    if (shape.size() < 2 || shape.size() > 4 || shape[0] != 1) {  // fetched in the layout that each reader wants
        low.net.inputs.push_back(View{});
        return;
    }
    const Layout layout = arrival_layout(low.source, id);
    if (shape.size() < 4 && layout.phys.plane() > kLongPlane) {  // also fetched: then it may lie in bands
        low.net.inputs.push_back(View{});
        return;
    }
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
           is_whole(p.view, 1, Dim::col, p.full) && !axes[1].empty() && !axes[2].empty() &&
           axes[1][0].extent <= kLongPlane && axes[2][0].extent <= kLongPlane;
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
        else if (value.dtype != DType::i32 && leaves_as_tokens(prospect_of(low, out)))
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

/// By its operator's direct way, if that is possible; otherwise returns false and does nothing.
bool lower_direct(Lowering& low, const Task& task) {
    const DirectWay way = operator_for(task.node.op).direct;
    if (way.can == nullptr || !way.can(low, task)) return false;
    low.node = &task.last;
    way.lower(low, task);
    INFSIM_CHECK(!low.refusal, "a direct way failed although it said it could");
    return true;
}

void lower_general(Lowering& low, const Node& node) {
    const GeneralWay way = operator_for(node.op).general;
    low.node = &node;
    if (way.refusal != nullptr)
        if (const auto why = way.refusal(low, node)) return low.refuse(*why);
    if (way.lower == nullptr) return low.refuse("no on-chip layout that suits this operator can hold these tensors");
    way.lower(low, node);
}

void lower_alone(Lowering& low, const Node& node) {
    if (!lower_direct(low, {node, node, nullptr})) lower_general(low, node);
}

/// The nodes of a fusion, in order: each but the last has one reader, the next.
std::vector<NodeId> chain_of(const SourceGraph& source, const Fusion& fusion) {
    std::vector<NodeId> chain = {fusion.head};
    while (chain.back() != fusion.last) chain.push_back(source.consumers(source.node(chain.back()).outputs[0]).at(0));
    return chain;
}

/// A fusion that no layer can take is split: as much of its beginning as one layer can take, then node by node.
void lower_fusion(Lowering& low, const Fusion& whole) {
    const std::vector<NodeId> chain = chain_of(low.source, whole);
    const Node& head = low.source.node(whole.head);
    Fusion fusion = whole;
    std::size_t taken = chain.size();
    while (!lower_direct(low, {head, low.source.node(fusion.last), &fusion})) {
        if (--taken == 0) break;
        fusion = without(fusion, low.source.node(fusion.last).op, chain[taken - 1]);
    }
    if (taken == 0) {
        lower_general(low, head);
        taken = 1;
    }
    for (; taken < chain.size() && !low.refusal; ++taken) lower_alone(low, low.source.node(chain[taken]));
}

void lower_node(Lowering& low, NodeId id, const FusionPlan& plan) {
    const Node& node = low.source.node(id);
    low.node = &node;
    if (plan.covered[id]) return;
    if (has_no_elements(low, node)) return low.refuse("a tensor without elements");
    if (plan.by_last[id]) lower_fusion(low, *plan.by_last[id]);
    else lower_alone(low, node);
}

std::string shapes_of(const SourceGraph& source, const std::vector<TensorId>& tensors) {
    std::string text;
    for (const TensorId id : tensors) {
        if (id == graph::kNoTensor) continue;
        text += fmt::format("{}[{}]", text.empty() ? "" : ", ", fmt::join(source.shape(id), ","));
    }
    return text;
}

/// Reports the node, its operator and shapes, and what about it is not supported.
[[noreturn]] void throw_refusal(const Lowering& low) {
    const Node& node = *low.node;
    throw InputError(
        low.source.graph.name, "node " + node.name + " (" + std::string(graph::op_name(node.op)) + ")",
        *low.refusal + "; " + shapes_of(low.source, node.inputs) + " -> " + shapes_of(low.source, node.outputs));
}

void lower_nodes(Lowering& low) {
    const FusionPlan plan = plan_fusion(low.source.graph);
    for (const NodeId id : plan.covered.ids()) {
        lower_node(low, id, plan);
        if (low.refusal) throw_refusal(low);  // later nodes would only complain about its missing output
    }
}

}  // namespace

Network lower(const graph::Graph& graph, DType dtype, const SlotGeometry& slots, const CompileOptions& options) {
    Lowering low(graph, dtype, slots, options);
    lower_inputs(low);
    lower_nodes(low);
    lower_outputs(low);
    return std::move(low.net);
}

}  // namespace infsim::compiler
