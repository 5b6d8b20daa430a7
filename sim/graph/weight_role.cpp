#include "graph/weight_role.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"

namespace infsim::graph {
namespace {

using Kind = WeightRole::Kind;

/// Whether a result is added to another computed tensor: halving its variance keeps residual chains of
/// order 1.
bool feeds_residual(const Graph& graph, TensorId result) {
    for (const auto& node : graph.nodes) {
        if (std::count(node.inputs.begin(), node.inputs.end(), result) == 0) continue;
        if (node.op == Op::batch_norm) return feeds_residual(graph, node.outputs[0]);
        if (node.op != Op::add) continue;
        const auto other = node.inputs[0] == result ? node.inputs[1] : node.inputs[0];
        if (graph.tensor(other).kind != TensorKind::constant) return true;
    }
    return false;
}

WeightRole linear(const Graph& graph, const Node& node, double terms, double gain) {
    const double halved = feeds_residual(graph, node.outputs[0]) ? 0.5 : 1.0;
    return {Kind::weight, std::sqrt(gain * halved / std::max(1.0, terms))};
}

WeightRole role_in_node(const Graph& graph, const Node& node, std::size_t operand, TensorId id) {
    const auto& shape = graph.tensor(id).shape;
    const auto elements = static_cast<double>(element_count(shape));
    switch (node.op) {
        // He scaling (gain 2): the inputs of convolutions and gemms mostly come from a ReLU.
        case Op::conv:
            if (operand == 1)
                return linear(graph, node, elements / static_cast<double>(std::max<std::int64_t>(1, shape[0])), 2);
            return {Kind::bias};
        case Op::conv_transpose:
            if (operand == 1) return linear(graph, node, static_cast<double>(shape[0]), 2);
            return {Kind::bias};
        case Op::gemm:
            if (operand == 1) return linear(graph, node, static_cast<double>(shape[0]), 2);
            return {Kind::bias};
        case Op::matmul: {
            const auto terms = operand == 0 || shape.size() < 2 ? shape.back() : shape[shape.size() - 2];
            return linear(graph, node, static_cast<double>(terms), 1);
        }
        case Op::batch_norm: {
            constexpr Kind kinds[] = {Kind::other, Kind::scale, Kind::bias, Kind::mean, Kind::variance};
            return {kinds[operand]};
        }
        case Op::layer_norm:
        case Op::instance_norm: return {operand == 1 ? Kind::scale : Kind::bias};
        case Op::gather: return {Kind::table};
        case Op::mul: return {Kind::scale};
        case Op::div: return {Kind::variance};
        case Op::add:
        case Op::sub: return {Kind::bias};
        default: return {Kind::other};
    }
}

WeightRole role_in_recipe(const Graph& graph, TensorId result, const Recipe& recipe, std::size_t source) {
    constexpr Kind bias_sources[] = {Kind::bias, Kind::scale, Kind::bias, Kind::mean, Kind::variance};
    switch (recipe.kind) {
        case Recipe::Kind::conv_bn_weight:
            if (source == 0) return weight_role(graph, result);
            return {source == 1 ? Kind::scale : Kind::variance};
        case Recipe::Kind::conv_bn_bias: return {bias_sources[source]};
        case Recipe::Kind::channel_scale:
            if (source == 1) return {Kind::scale};
            return weight_role(graph, result);
        default: return weight_role(graph, result);
    }
}

double draw(const WeightRole& role, RandomStream& stream) {
    switch (role.kind) {
        case Kind::weight: return stream.normal(0, role.deviation);
        case Kind::table: return stream.normal(0, 1);
        case Kind::scale:
        case Kind::variance: return stream.uniform(0.8, 1.2);
        case Kind::mean:
        case Kind::bias:
        case Kind::other: return stream.uniform(-0.1, 0.1);
    }
    return 0;
}

double draw_integer(const WeightRole& role, RandomStream& stream) {
    if (role.kind == Kind::scale || role.kind == Kind::variance) return static_cast<double>(stream.uniform_int(1, 2));
    return static_cast<double>(stream.uniform_int(-2, 2));
}

}  // namespace

WeightRole weight_role(const Graph& graph, TensorId id) {
    for (const auto& node : graph.nodes)
        for (std::size_t i = 0; i < node.inputs.size(); ++i)
            if (node.inputs[i] == id) return role_in_node(graph, node, i, id);
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
        if (!graph.tensors[t].constant) continue;
        const auto* recipe = std::get_if<Recipe>(&*graph.tensors[t].constant);
        if (recipe == nullptr) continue;
        for (std::size_t i = 0; i < recipe->sources.size(); ++i)
            if (recipe->sources[i] == id) return role_in_recipe(graph, static_cast<TensorId>(t), *recipe, i);
    }
    return {};
}

std::vector<float> random_values(const Graph& graph, TensorId id, std::uint64_t seed, bool small_integers) {
    const auto& tensor = graph.tensor(id);
    const auto role = weight_role(graph, id);
    RandomStream stream(seed, tensor.name);
    std::vector<float> out(static_cast<std::size_t>(element_count(tensor.shape)));
    for (auto& x : out) x = static_cast<float>(small_integers ? draw_integer(role, stream) : draw(role, stream));
    return out;
}

}  // namespace infsim::graph
