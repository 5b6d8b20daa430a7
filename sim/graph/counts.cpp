#include "graph/counts.hpp"

#include <algorithm>
#include <map>

#include "graph/einsum.hpp"

namespace infsim::graph {
namespace {

std::int64_t einsum_macs(const Graph& graph, const Node& node) {
    if (node.inputs.size() < 2) return 0;
    std::vector<Shape> shapes;
    for (const auto id : node.inputs) shapes.push_back(graph.tensor(id).shape);
    std::int64_t product = static_cast<std::int64_t>(node.inputs.size()) - 1;
    for (const auto& [label, extent] : parse_einsum(attribute_string(node, "equation"), shapes).extents)
        product *= extent;
    return product;
}

/// The constant that the elements come from.
TensorId original(const Graph& graph, TensorId id) {
    const auto* recipe = std::get_if<Recipe>(&*graph.tensor(id).constant);
    const bool same = recipe && (recipe->kind == Recipe::Kind::transpose || recipe->kind == Recipe::Kind::reshape);
    return same ? original(graph, recipe->sources.front()) : id;
}

bool is_parameter(const Graph& graph, TensorId id) {
    if (id == kNoTensor || graph.tensor(id).kind != TensorKind::constant) return false;
    const DType t = graph.tensor(id).dtype;
    return t == DType::fp32 || t == DType::fp16 || t == DType::bf16 || t == DType::fp64;
}

}  // namespace

std::int64_t macs(const Graph& graph, const Node& node) {
    const auto in = [&](std::size_t i) -> const Shape& { return graph.tensor(node.inputs[i]).shape; };
    const auto out = element_count(graph.tensor(node.outputs[0]).shape);
    switch (node.op) {
        // Weights are [out, in / group, taps...] and [in, out / group, taps...].
        case Op::conv: return in(1)[0] == 0 ? 0 : out * (element_count(in(1)) / in(1)[0]);
        case Op::conv_transpose: return in(1)[0] == 0 ? 0 : element_count(in(0)) * (element_count(in(1)) / in(1)[0]);
        case Op::gemm:
        case Op::matmul: return out * in(0).back();
        case Op::einsum: return einsum_macs(graph, node);
        default: return 0;
    }
}

std::int64_t total_macs(const Graph& graph) {
    std::int64_t total = 0;
    for (const auto& node : graph.nodes) total += macs(graph, node);
    return total;
}

std::int64_t parameters_read(const Graph& graph, int items) {
    std::map<TensorId, std::int64_t> read;
    for (const auto& node : graph.nodes)
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            if (!is_parameter(graph, node.inputs[i])) continue;
            const TensorId id = original(graph, node.inputs[i]);
            const std::int64_t all = element_count(graph.tensor(id).shape);
            const Tensor& out = graph.tensor(node.outputs[0]);
            const bool lookup = node.op == Op::gather && i == 0;
            const std::int64_t wanted = lookup ? element_count(out.shape) * (out.batched ? items : 1) : all;
            read[id] = std::min(all, read[id] + wanted);
        }
    std::int64_t total = 0;
    for (const auto& [id, elements] : read) total += elements;
    return total;
}

}  // namespace infsim::graph
