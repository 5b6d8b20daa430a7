// Recognises operators that exporters write as formulas. A match replaces the last node of a formula;
// remove_dead removes what is no longer read.
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "graph/passes.hpp"
#include "graph/passes/index.hpp"

namespace infsim::graph {
namespace {

using passes::Index;

/// The operand of a binary node that is not `one`, or kNoTensor.
TensorId other_operand(const Node& node, TensorId one) {
    if (node.inputs[0] == one) return node.inputs[1];
    return node.inputs[1] == one ? node.inputs[0] : kNoTensor;
}

/// The x in pow(x, exponent) or in x * x (exponent 2).
TensorId power_base(const Index& index, TensorId id, double exponent) {
    const auto* node = index.producer(id);
    if (node == nullptr) return kNoTensor;
    if (node->op == Op::pow && index.is_number(node->inputs[1], exponent)) return node->inputs[0];
    if (node->op == Op::mul && exponent == 2 && node->inputs[0] == node->inputs[1]) return node->inputs[0];
    return kNoTensor;
}

/// The first axis of a keepdims mean over the last axes; -1 for other means.
std::int64_t trailing_axis(const Graph& graph, const Node& mean) {
    if (attribute_int(mean, "keepdims") == 0) return -1;
    const auto rank = static_cast<std::int64_t>(graph.tensor(mean.inputs[0]).shape.size());
    const auto& axes = attribute_ints(mean, "axes");
    const auto first = rank - static_cast<std::int64_t>(axes.size());
    for (std::size_t i = 0; i < axes.size(); ++i)
        if (axes[i] != first + static_cast<std::int64_t>(i)) return -1;
    return axes.empty() ? -1 : first;
}

struct Centred {
    TensorId x = kNoTensor;
    std::int64_t axis = -1;
};

/// The x in x - mean(x).
Centred centred(const Graph& graph, const Index& index, TensorId id) {
    const auto* sub = index.producer(id, Op::sub);
    if (sub == nullptr) return {};
    const auto* mean = index.producer(sub->inputs[1], Op::reduce_mean);
    if (mean == nullptr || mean->inputs[0] != sub->inputs[0]) return {};
    return {sub->inputs[0], trailing_axis(graph, *mean)};
}

struct Deviation {
    Centred of;
    double epsilon = 0;
};

/// sqrt(mean(centred^2) + epsilon)
Deviation deviation(const Graph& graph, const Index& index, TensorId id) {
    const auto* root = index.producer(id, Op::sqrt);
    const auto* add = root == nullptr ? nullptr : index.producer(root->inputs[0], Op::add);
    if (add == nullptr) return {};
    for (const std::size_t side : {0, 1}) {
        const auto epsilon = index.number(add->inputs[1 - side]);
        const auto* mean = index.producer(add->inputs[side], Op::reduce_mean);
        if (!epsilon || mean == nullptr) continue;
        const auto base = power_base(index, mean->inputs[0], 2);
        if (base == kNoTensor) continue;
        const auto of = centred(graph, index, base);
        if (of.axis >= 0 && trailing_axis(graph, *mean) == of.axis) return {of, *epsilon};
    }
    return {};
}

/// The normalised part: centred / deviation, or centred * reciprocal(deviation).
Deviation normalised(const Graph& graph, const Index& index, const Node& node) {
    const auto match = [&](TensorId numerator, TensorId denominator) -> Deviation {
        const auto d = deviation(graph, index, denominator);
        const auto c = centred(graph, index, numerator);
        return d.of.axis >= 0 && c.x == d.of.x && c.axis == d.of.axis ? d : Deviation{};
    };
    if (node.op == Op::div) return match(node.inputs[0], node.inputs[1]);
    if (node.op != Op::mul) return {};
    for (const std::size_t side : {0, 1})
        if (const auto* inverse = index.producer(node.inputs[side], Op::reciprocal))
            if (const auto d = match(node.inputs[1 - side], inverse->inputs[0]); d.of.axis >= 0) return d;
    return {};
}

/// The only consumer of a tensor, if it has that operator and its other operand is a constant that fits
/// `shape`.
Node* affine_consumer(Graph& graph, const Index& index, TensorId id, Op op, const Shape& shape, TensorId& constant) {
    if (index.uses(id) != 1) return nullptr;
    for (auto& node : graph.nodes) {
        if (node.op != op || std::count(node.inputs.begin(), node.inputs.end(), id) != 1) continue;
        constant = other_operand(node, id);
        const bool fits = index.is_constant(constant) && graph.tensor(constant).shape == shape;
        return fits ? &node : nullptr;
    }
    return nullptr;
}

bool layer_norm_at(Graph& graph, const Index& index, std::size_t position) {
    const auto found = normalised(graph, index, graph.nodes[position]);
    if (found.of.axis < 0) return false;
    const auto& x = graph.tensor(found.of.x);
    const Shape shape(x.shape.begin() + found.of.axis, x.shape.end());
    if (element_count(shape) > (1 << 20)) return false;  // a scale of ones may be needed, and it is kept in memory
    const auto dtype = x.dtype;
    Node* last = &graph.nodes[position];
    TensorId scale = kNoTensor, bias = kNoTensor;
    if (auto* mul = affine_consumer(graph, index, last->outputs[0], Op::mul, shape, scale)) last = mul;
    else scale = kNoTensor;
    if (auto* add = affine_consumer(graph, index, last->outputs[0], Op::add, shape, bias)) last = add;
    else bias = kNoTensor;
    if (scale == kNoTensor) {
        const auto ones = Inline{std::vector<double>(static_cast<std::size_t>(element_count(shape)), 1.0)};
        scale = passes::add_constant(graph, last->name + "/ones", shape, dtype, ones);
    }
    last->op = Op::layer_norm;
    last->inputs = {found.of.x, scale};
    if (bias != kNoTensor) last->inputs.push_back(bias);
    last->attributes = {{"axis", found.of.axis}, {"epsilon", found.epsilon}};
    return true;
}

/// Leaves of the tree of products above a tensor; inner products must have no other readers.
void factors(const Index& index, TensorId id, bool root, std::vector<TensorId>& out) {
    const auto* node = index.producer(id, Op::mul);
    if (node == nullptr || (!root && index.uses(id) != 1) || out.size() > 8) return out.push_back(id);
    for (const auto operand : node->inputs) factors(index, operand, false, out);
}

std::vector<TensorId> factors(const Index& index, TensorId id) {
    std::vector<TensorId> out;
    factors(index, id, true, out);
    return out;
}

/// Removes the first factor that satisfies `wanted` from the list; kNoTensor if there is none.
template <class Wanted>
TensorId take(std::vector<TensorId>& list, Wanted wanted) {
    const auto found = std::find_if(list.begin(), list.end(), wanted);
    if (found == list.end()) return kNoTensor;
    const auto id = *found;
    list.erase(found);
    return id;
}

/// The argument in 1 + f(argument), or kNoTensor.
TensorId one_plus(const Index& index, TensorId id, Op f) {
    const auto* add = index.producer(id, Op::add);
    if (add == nullptr) return kNoTensor;
    for (const std::size_t side : {0, 1})
        if (const auto* inner = index.producer(add->inputs[side], f))
            if (index.is_number(add->inputs[1 - side], 1)) return inner->inputs[0];
    return kNoTensor;
}

/// Whether u is x / sqrt 2.
bool is_over_root_two(const Index& index, TensorId u, TensorId x) {
    const auto* node = index.producer(u);
    if (node == nullptr) return false;
    if (node->op == Op::div) return node->inputs[0] == x && index.is_number(node->inputs[1], std::sqrt(2.0));
    return node->op == Op::mul && other_operand(*node, x) != kNoTensor &&
           index.is_number(other_operand(*node, x), std::sqrt(0.5));
}

/// Whether v is sqrt(2 / pi) * (x + 0.044715 x^3).
bool is_tanh_argument(const Index& index, TensorId v, TensorId x) {
    auto list = factors(index, v);
    if (list.size() != 2) return false;
    if (take(list, [&](TensorId id) { return index.is_number(id, std::sqrt(2.0 / 3.14159265358979)); }) == kNoTensor)
        return false;
    const auto* add = index.producer(list[0], Op::add);
    if (add == nullptr || other_operand(*add, x) == kNoTensor) return false;
    auto cubic = factors(index, other_operand(*add, x));
    if (take(cubic, [&](TensorId id) { return index.is_number(id, 0.044715); }) == kNoTensor) return false;
    if (cubic.size() == 1) return power_base(index, cubic[0], 3) == x;
    return cubic.size() == 3 && std::count(cubic.begin(), cubic.end(), x) == 3;
}

bool gelu_at(Graph& graph, const Index& index, std::size_t position) {
    auto& node = graph.nodes[position];
    auto list = factors(index, node.outputs[0]);
    if (list.size() != 3 || take(list, [&](TensorId id) { return index.is_number(id, 0.5); }) == kNoTensor)
        return false;
    for (const std::size_t side : {0, 1}) {
        const auto x = list[side];
        const auto u = one_plus(index, list[1 - side], Op::erf);
        const auto v = one_plus(index, list[1 - side], Op::tanh);
        const bool exact = u != kNoTensor && is_over_root_two(index, u, x);
        const bool by_tanh = v != kNoTensor && is_tanh_argument(index, v, x);
        if (!exact && !by_tanh) continue;
        node.op = exact ? Op::gelu : Op::gelu_tanh;
        node.inputs = {x};
        return true;
    }
    return false;
}

bool hard_swish_at(Graph& graph, const Index& index, std::size_t position) {
    auto& node = graph.nodes[position];
    for (const std::size_t side : {0, 1}) {
        const auto* gate = index.producer(node.inputs[side], Op::hard_sigmoid);
        if (gate == nullptr || gate->inputs[0] != node.inputs[1 - side]) continue;
        if (std::abs(attribute_float(*gate, "alpha") - 1.0 / 6) > 1e-6 || attribute_float(*gate, "beta") != 0.5)
            continue;
        node.op = Op::hard_swish;
        node.inputs = {gate->inputs[0]};
        return true;
    }
    return false;
}

/// The axis of a keepdims reduction over one axis, or -1.
std::int64_t single_axis(const Node& node) {
    const auto& axes = attribute_ints(node, "axes");
    return axes.size() == 1 && attribute_int(node, "keepdims") != 0 ? axes[0] : -1;
}

bool softmax_at(Graph& graph, const Index& index, std::size_t position) {
    auto& node = graph.nodes[position];
    const auto* sum = index.producer(node.inputs[1], Op::reduce_sum);
    const auto* exp = index.producer(node.inputs[0], Op::exp);
    if (sum == nullptr || exp == nullptr || sum->inputs[0] != node.inputs[0]) return false;
    const auto* sub = index.producer(exp->inputs[0], Op::sub);
    const auto* max = sub == nullptr ? nullptr : index.producer(sub->inputs[1], Op::reduce_max);
    if (max == nullptr || max->inputs[0] != sub->inputs[0]) return false;
    const auto axis = single_axis(*sum);
    if (axis < 0 || single_axis(*max) != axis) return false;
    node.op = Op::softmax;
    node.inputs = {sub->inputs[0]};
    node.attributes = {{"axis", axis}};
    return true;
}

/// Tries `rewrite` at every node of these operators. The index is rebuilt only after a change, since building it
/// takes time proportional to the graph.
template <class Rewrite>
int at_each(Graph& graph, const std::set<Op>& ops, Rewrite rewrite) {
    int changed = 0;
    std::optional<Index> index;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        if (ops.count(graph.nodes[i].op) == 0) continue;
        if (!index) index.emplace(graph);
        if (!rewrite(graph, *index, i)) continue;
        index.reset();
        ++changed;
    }
    return changed;
}

}  // namespace

int recognise_layer_norm(Graph& graph) { return at_each(graph, {Op::div, Op::mul}, layer_norm_at); }

int recognise_gelu(Graph& graph) {
    return at_each(graph, {Op::mul}, [](Graph& g, const Index& index, std::size_t i) {
        return gelu_at(g, index, i) || hard_swish_at(g, index, i);
    });
}

int recognise_softmax(Graph& graph) { return at_each(graph, {Op::div}, softmax_at); }

}  // namespace infsim::graph
