#include "compiler/lower/source_graph.hpp"

#include <algorithm>

#include "compiler/lower/layouts.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::TensorId;

SourceGraph::SourceGraph(const graph::Graph& g, DType computed_in, int slot_width, bool masks)
    : graph(g), dtype(computed_in), columns(slot_width), masks_(masks), consumers_(g.tensors.size()) {
    NodeId id(0);
    for (const Node& n : g.nodes) {
        for (const TensorId in : n.inputs)
            if (in != graph::kNoTensor) consumers_[static_cast<std::size_t>(in)].push_back(id);
        ++id;
    }
}

bool SourceGraph::is_constant(TensorId id) const {
    return id != graph::kNoTensor && graph.tensor(id).kind == graph::TensorKind::constant;
}

bool SourceGraph::is_output(TensorId id) const {
    return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
}

std::optional<double> SourceGraph::scalar_constant(TensorId id) const {
    if (!is_constant(id)) return std::nullopt;
    const auto& t = graph.tensor(id);
    if (graph::element_count(t.shape) != 1 || !t.constant) return std::nullopt;
    if (const auto* splat = std::get_if<graph::Splat>(&*t.constant)) return splat->value;
    if (const auto* list = std::get_if<graph::Inline>(&*t.constant)) return list->values.at(0);
    return std::nullopt;
}

DType SourceGraph::chip_dtype(TensorId id) const {
    switch (const DType t = graph.tensor(id).dtype) {
        case DType::i64:
        case DType::i32: return DType::i32;
        case DType::u8:
        case DType::i8:
        case DType::boolean: return t;
        default: return dtype;
    }
}

const std::vector<NodeId>& SourceGraph::consumers(TensorId id) const {
    return consumers_.at(static_cast<std::size_t>(id));
}

int SourceGraph::preferred_width(TensorId id, std::int64_t channels) const {
    for (const NodeId n : consumers(id)) {
        if (node(n).op != Op::reshape) continue;
        const auto& to = shape(node(n).outputs[0]);
        if (to.size() <= shape(id).size() || to.empty()) continue;
        const std::int64_t inner = to.back();
        if (inner > 1 && inner < columns && channels % inner == 0) return static_cast<int>(inner);
    }
    return columns;
}

bool SourceGraph::consumed_along_columns(TensorId id) const {
    const std::size_t rank = shape(id).size();
    for (const NodeId n : consumers(id)) {
        const Node& reader = node(n);
        const Op op = reader.op;
        if ((op == Op::softmax || op == Op::log_softmax) &&
            axis_index(graph::attribute_int(reader, "axis"), rank) + 1 == rank)
            return true;
        const bool passes_on =
            op == Op::add || op == Op::mul || op == Op::div || op == Op::sub || (masks_ && op == Op::where);
        if (passes_on && shape(reader.outputs[0]) == shape(id) && consumed_along_columns(reader.outputs[0]))
            return true;
    }
    return false;
}

}  // namespace infsim::compiler
