// Folds batch normalisation and per-channel scales into the weights before them, as recipes: nothing is
// computed here, a recipe is evaluated when data are needed.
#include <optional>

#include <fmt/format.h>

#include "graph/passes.hpp"
#include "graph/passes/index.hpp"

namespace infsim::graph {
namespace {

using passes::Index;
using Kind = Recipe::Kind;

/// Position of the conv or gemm that computes `input`, if it has constant weights and bias and no other reader.
std::optional<std::size_t> linear_in_front(const Graph& graph, const Index& index, TensorId input) {
    const auto* producer = index.producer(input);
    if (producer == nullptr || (producer->op != Op::conv && producer->op != Op::gemm)) return std::nullopt;
    if (index.uses(input) != 1 || !index.is_constant(producer->inputs[1])) return std::nullopt;
    if (producer->inputs.size() > 2 && producer->inputs[2] != kNoTensor && !index.is_constant(producer->inputs[2]))
        return std::nullopt;
    return static_cast<std::size_t>(producer - graph.nodes.data());
}

TensorId bias_of(const Node& node) { return node.inputs.size() > 2 ? node.inputs[2] : kNoTensor; }

void set_bias(Node& node, TensorId bias) {
    node.inputs.resize(3, kNoTensor);
    node.inputs[2] = bias;
}

/// Passes weights with one row per output channel through `recipe` (and makes them its first source); those of a
/// gemm have a column per output and are transposed before and after.
void rewrite_weights(Graph& graph, std::size_t position, Recipe recipe) {
    const auto weight = graph.nodes[position].inputs[1];
    const auto name = graph.tensor(weight).name;
    const auto shape = graph.tensor(weight).shape;
    const auto dtype = graph.tensor(weight).dtype;
    const bool turned = graph.nodes[position].op == Op::gemm;
    const auto transposed = [&](TensorId id, const Shape& to, const char* suffix) {
        Recipe turn{Kind::transpose, {id}};
        turn.perm = {1, 0};
        return passes::add_constant(graph, name + suffix, to, dtype, turn);
    };
    const Shape rows = turned ? Shape{shape[1], shape[0]} : shape;
    recipe.sources.insert(recipe.sources.begin(), turned ? transposed(weight, rows, "/rows") : weight);
    auto scaled = passes::add_constant(graph, name + "/folded", rows, dtype, recipe);
    if (turned) scaled = transposed(scaled, shape, "/columns");
    graph.nodes[position].inputs[1] = scaled;
}

/// The node `front` takes over the result of the one at `position`, which is removed.
void absorb(Graph& graph, std::size_t front, std::size_t position) {
    graph.nodes[front].outputs[0] = graph.nodes[position].outputs[0];
    graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(position));
}

bool fold_one_batch_norm(Graph& graph, const Index& index, std::size_t position) {
    const Node bn = graph.nodes[position];
    for (std::size_t i = 1; i < 5; ++i)
        if (!index.is_constant(bn.inputs[i])) return false;
    const auto front = linear_in_front(graph, index, bn.inputs[0]);
    if (!front) return false;
    const double epsilon = attribute_float(bn, "epsilon");
    const auto gamma = bn.inputs[1], beta = bn.inputs[2], mean = bn.inputs[3], variance = bn.inputs[4];
    Recipe bias{Kind::conv_bn_bias, {bias_of(graph.nodes[*front]), gamma, beta, mean, variance}};
    bias.epsilon = epsilon;
    const auto weight = graph.nodes[*front].inputs[1];
    const auto folded_bias = passes::add_constant(graph, graph.tensor(weight).name + "/bias", graph.tensor(beta).shape,
                                                  graph.tensor(weight).dtype, bias);
    Recipe weights{Kind::conv_bn_weight, {gamma, variance}};
    weights.epsilon = epsilon;
    rewrite_weights(graph, *front, weights);
    set_bias(graph.nodes[*front], folded_bias);
    absorb(graph, *front, position);
    return true;
}

/// Whether `shape`, broadcast to `result`, is one value per channel (axis 1) or a single one.
bool per_channel(const Shape& shape, const Shape& result) {
    if (element_count(shape) == 1) return shape.size() <= result.size();
    if (element_count(shape) != result[1] || shape.size() > result.size()) return false;
    const auto axis = shape.size() + 1 - result.size();  // the result's channel axis in `shape`
    return shape.size() + 1 >= result.size() && axis < shape.size() && shape[axis] == result[1];
}

void fold_factor(Graph& graph, std::size_t front, TensorId factor, std::optional<double> number) {
    Recipe recipe{number ? Kind::scale : Kind::channel_scale, {}};
    recipe.factor = number.value_or(1);
    const std::vector<TensorId> scales = number ? std::vector<TensorId>{} : std::vector<TensorId>{factor};
    recipe.sources = scales;
    const auto bias = bias_of(graph.nodes[front]);
    if (bias != kNoTensor) {
        auto bias_recipe = recipe;
        bias_recipe.sources.insert(bias_recipe.sources.begin(), bias);
        const Tensor old = graph.tensor(bias);
        set_bias(graph.nodes[front],
                 passes::add_constant(graph, old.name + "/folded", old.shape, old.dtype, bias_recipe));
    }
    rewrite_weights(graph, front, recipe);
}

void fold_summand(Graph& graph, std::size_t front, TensorId summand, std::optional<double> number,
                  std::int64_t channels) {
    const auto bias = bias_of(graph.nodes[front]);
    const Tensor old = graph.tensor(summand);
    Constant value = Recipe{Kind::reshape, {summand}};
    if (bias != kNoTensor) value = Recipe{Kind::sum, {bias, summand}};
    else if (number) value = Inline{std::vector<double>(static_cast<std::size_t>(channels), *number)};
    set_bias(graph.nodes[front], passes::add_constant(graph, old.name + "/bias", {channels}, old.dtype, value));
}

bool fold_one_affine(Graph& graph, const Index& index, std::size_t position) {
    const Node node = graph.nodes[position];
    for (const std::size_t side : {0, 1}) {
        const auto data = node.inputs[side];
        const auto constant = node.inputs[1 - side];
        if (!index.is_constant(constant) || index.is_constant(data)) continue;
        const auto front = linear_in_front(graph, index, data);
        const auto& result = graph.tensor(data).shape;
        if (!front || graph.tensor(node.outputs[0]).shape != result) continue;
        if (!per_channel(graph.tensor(constant).shape, result)) continue;
        const auto number = index.number(constant);
        const bool single = element_count(graph.tensor(constant).shape) == 1;
        if (single && !number && result[1] != 1) continue;
        if (result[1] > (1 << 20)) continue;  // a new bias is kept in memory
        const auto channels = result[1];
        if (node.op == Op::mul) fold_factor(graph, *front, constant, single ? number : std::nullopt);
        else fold_summand(graph, *front, constant, single ? number : std::nullopt, channels);
        absorb(graph, *front, position);
        return true;
    }
    return false;
}

template <class Fold>
int fold_all(Graph& graph, Op first, Op second, Fold fold) {
    int changed = 0;
    std::optional<Index> index;  // rebuilt only after a change
    for (std::size_t i = 0; i < graph.nodes.size();) {
        const auto op = graph.nodes[i].op;
        if (op == first || op == second) {
            if (!index) index.emplace(graph);
            if (fold(graph, *index, i)) {
                index.reset();
                ++changed;
                continue;  // another node is at i now
            }
        }
        ++i;
    }
    return changed;
}

}  // namespace

int fold_batch_norm(Graph& graph) { return fold_all(graph, Op::batch_norm, Op::batch_norm, fold_one_batch_norm); }
int fold_channel_affine(Graph& graph) { return fold_all(graph, Op::mul, Op::add, fold_one_affine); }

}  // namespace infsim::graph
