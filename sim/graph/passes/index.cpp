#include "graph/passes/index.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace infsim::graph::passes {

Index::Index(const Graph& graph)
    : graph_(graph),
      producer_(graph.tensors.size(), -1),
      uses_(graph.tensors.size(), 0),
      output_(graph.tensors.size(), false) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        for (const auto id : graph.nodes[i].outputs) producer_.at(slot(id)) = static_cast<int>(i);
        for (const auto id : graph.nodes[i].inputs)
            if (id != kNoTensor) ++uses_.at(slot(id));
    }
    for (const auto id : graph.outputs) {
        ++uses_.at(slot(id));
        output_.at(slot(id)) = true;
    }
}

const Node* Index::producer(TensorId id) const {
    if (id == kNoTensor || producer_.at(slot(id)) < 0) return nullptr;
    return &graph_.nodes[static_cast<std::size_t>(producer_[slot(id)])];
}

const Node* Index::producer(TensorId id, Op op) const {
    const auto* node = producer(id);
    return node != nullptr && node->op == op ? node : nullptr;
}

std::optional<double> Index::number(TensorId id) const {
    if (!is_constant(id) || element_count(graph_.tensor(id).shape) != 1) return std::nullopt;
    const auto& constant = *graph_.tensor(id).constant;
    if (const auto* splat = std::get_if<Splat>(&constant)) return splat->value;
    if (const auto* list = std::get_if<Inline>(&constant)) return list->values.at(0);
    return std::nullopt;
}

bool Index::is_number(TensorId id, double wanted) const {
    const auto value = number(id);
    return value && std::abs(*value - wanted) <= 1e-5 * std::max(1.0, std::abs(wanted));
}

TensorId add_constant(Graph& graph, const std::string& name, const Shape& shape, DType dtype, Constant value) {
    const auto taken = [&](const std::string& n) {
        return std::any_of(graph.tensors.begin(), graph.tensors.end(), [&](const Tensor& t) { return t.name == n; });
    };
    Tensor tensor;
    tensor.name = name;
    for (int i = 2; taken(tensor.name); ++i) tensor.name = fmt::format("{}#{}", name, i);
    tensor.shape = shape;
    tensor.dtype = dtype;
    tensor.kind = TensorKind::constant;
    tensor.constant = std::move(value);
    graph.tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(graph.tensors.size()) - 1;
}

}  // namespace infsim::graph::passes
