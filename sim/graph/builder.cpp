#include "graph/builder.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/check.hpp"
#include "graph/constants.hpp"
#include "graph/evaluate.hpp"
#include "graph/fold.hpp"
#include "graph/infer_rules.hpp"

namespace infsim::graph {
namespace {

/// `base`, with the first free suffix from `next` on if the name is taken; `next` remembers where to continue.
std::string free_name(const std::set<std::string>& taken, std::map<std::string, int>& next, const std::string& base) {
    if (taken.count(base) == 0) return base;
    int& suffix = next.emplace(base, 2).first->second;
    std::string name;
    do name = fmt::format("{}#{}", base, suffix++);
    while (taken.count(name) != 0);
    --suffix;  // still free until it is taken
    return name;
}

std::string fresh(std::set<std::string>& taken, std::map<std::string, int>& next, const std::string& base) {
    auto name = free_name(taken, next, base);
    taken.insert(name);
    return name;
}

std::string described(const Node& node) { return fmt::format("node '{}' ({})", node.name, op_name(node.op)); }

}  // namespace

GraphBuilder::GraphBuilder(std::string name, std::int64_t batch, bool track) : batch_(batch), track_(track) {
    graph_.name = std::move(name);
    if (!track) {
        graph_.batchable = false;
        graph_.why_not_batchable = "it was taken as one whole";
    }
}

TensorId GraphBuilder::add_tensor(const std::string& name, Facts facts, TensorKind kind,
                                  std::optional<Constant> constant) {
    Tensor tensor;
    tensor.name = fresh(tensor_names_, next_tensor_, name);
    tensor.shape = facts.shape;
    tensor.dtype = facts.dtype;
    tensor.kind = kind;
    tensor.batched = facts.batched;
    tensor.constant = std::move(constant);
    graph_.tensors.push_back(std::move(tensor));
    facts_.push_back(std::move(facts));
    return static_cast<TensorId>(graph_.tensors.size()) - 1;
}

namespace {

/// The permutation that moves axis `from` of `rank` to position `to` and keeps the order of the others.
std::vector<std::int64_t> moved_axis(std::size_t rank, int from, int to) {
    std::vector<std::int64_t> perm(rank);
    std::iota(perm.begin(), perm.end(), 0);
    perm.erase(perm.begin() + from);
    perm.insert(perm.begin() + to, from);
    return perm;
}

}  // namespace

TensorId GraphBuilder::input(const std::string& name, const Shape& shape, DType dtype, int batch_axis) {
    rules::require_sane(shape);
    INFSIM_CHECK(batch_axis <= 0 || static_cast<std::size_t>(batch_axis) < shape.size(),
                 "an input lacks its batch axis");
    Shape in_front = shape;
    if (batch_axis > 0) std::rotate(in_front.begin(), in_front.begin() + batch_axis, in_front.begin() + batch_axis + 1);
    Facts facts{in_front, dtype, batch_axis >= 0, std::nullopt};
    if (facts.batched && track_ && !shape.empty()) facts.place = BatchPlace{0, 1};
    const auto id = add_tensor(name, facts, TensorKind::input, std::nullopt);
    graph_.tensor(id).batch_axis = std::max(batch_axis, 0);
    graph_.inputs.push_back(id);
    if (batch_axis <= 0) return id;
    return node(Op::transpose, "", {id}, {{"perm", moved_axis(shape.size(), 0, batch_axis)}},
                fresh_tensor_name(name + "/batch"));
}

TensorId GraphBuilder::constant(const std::string& name, const Shape& shape, DType dtype, Constant value) {
    rules::require_sane(shape);
    return add_tensor(name, Facts{shape, dtype, false, std::nullopt}, TensorKind::constant, std::move(value));
}

TensorId GraphBuilder::small(const std::string& name, const Shape& shape, DType dtype, std::vector<double> values) {
    INFSIM_CHECK(element_count(shape) == static_cast<std::int64_t>(values.size()),
                 "constant '" + name + "' has a number of values that does not match its shape");
    return constant(name, shape, dtype, Inline{std::move(values)});
}

std::string GraphBuilder::fresh_tensor_name(const std::string& base) {
    return free_name(tensor_names_, next_tensor_, base);
}

std::string GraphBuilder::fresh_node_name(Op op, const std::string& name) {
    if (!name.empty()) return fresh(node_names_, next_node_, name);
    return fresh(node_names_, next_node_, fmt::format("{}_{}", op_name(op), graph_.nodes.size()));
}

std::optional<std::vector<double>> GraphBuilder::values(TensorId id) const {
    const auto& tensor = graph_.tensor(id);
    if (tensor.kind != TensorKind::constant || element_count(tensor.shape) > fold_limit()) return std::nullopt;
    if (const auto* list = std::get_if<Inline>(&*tensor.constant)) return list->values;
    // A large splat of real numbers stands for weights that random ones may replace: it is not expanded.
    const bool real = tensor.dtype == DType::fp32 || tensor.dtype == DType::fp16 || tensor.dtype == DType::bf16;
    const auto* splat = std::get_if<Splat>(&*tensor.constant);
    if (splat != nullptr && (!real || evaluating_ || element_count(tensor.shape) == 1))
        return std::vector<double>(static_cast<std::size_t>(element_count(tensor.shape)), splat->value);
    if (!evaluating_) return std::nullopt;
    const auto expanded = evaluate_constant(graph_, id);
    return std::vector<double>(expanded.begin(), expanded.end());
}

void GraphBuilder::note_mixing(const Node& node, const std::string& why) {
    if (!track_ || why.empty() || !graph_.batchable) return;
    graph_.batchable = false;
    graph_.why_not_batchable = described(node) + ": " + why;
}

std::optional<TensorId> GraphBuilder::fold(const Node& node, const Facts& result, const std::string& output) {
    std::vector<ConstantView> operands;
    bool all_small = element_count(result.shape) <= fold_limit();
    for (const auto id : node.inputs) {
        if (id == kNoTensor || !is_constant(id)) return std::nullopt;
        auto list = values(id);
        if (!list) all_small = false;
        operands.push_back({shape(id), facts(id).dtype, list.value_or(std::vector<double>{})});
    }
    if (all_small) {
        const auto compute = evaluating_ ? evaluate_node : fold_node;
        if (auto folded = compute(node, operands, result.shape, result.dtype))
            return constant(output, result.shape, result.dtype, Inline{std::move(*folded)});
    }
    const auto& source = graph_.tensor(node.inputs[0]);
    const bool splat = std::holds_alternative<Splat>(*source.constant);
    switch (node.op) {
        case Op::reshape:
        case Op::flatten:
        case Op::squeeze:
        case Op::unsqueeze:
        case Op::cast:
            return constant(output, result.shape, result.dtype, Recipe{Recipe::Kind::reshape, {node.inputs[0]}});
        case Op::transpose: {
            Recipe recipe{Recipe::Kind::transpose, {node.inputs[0]}};
            recipe.perm = attribute_ints(node, "perm");
            return constant(output, result.shape, result.dtype, recipe);
        }
        case Op::slice: {
            Recipe recipe{Recipe::Kind::slice, {node.inputs[0]}};
            for (std::size_t a = 0; a < source.shape.size(); ++a) recipe.perm.insert(recipe.perm.end(), {0, 1});
            const auto& axes = attribute_ints(node, "axes");
            for (std::size_t i = 0; i < axes.size(); ++i) {
                const auto a = static_cast<std::size_t>(axes[i]);
                recipe.perm[2 * a] = attribute_ints(node, "starts")[i];
                recipe.perm[2 * a + 1] = attribute_ints(node, "steps")[i];
            }
            return constant(output, result.shape, result.dtype, recipe);
        }
        case Op::expand:
            if (splat) return constant(output, result.shape, result.dtype, Constant(*source.constant));
            return std::nullopt;
        default: return std::nullopt;
    }
}

/// The axis of `output` that grew with the batch; empty if none or several did, or nothing is known.
std::optional<int> GraphBuilder::expected_axis(const std::string& output, const Shape& shape) const {
    const auto found = expected_.find(output);
    if (found == expected_.end() || found->second.size() != shape.size()) return std::nullopt;
    std::optional<int> axis;
    for (std::size_t a = 0; a < shape.size(); ++a) {
        if (found->second[a] == shape[a]) continue;
        if (axis || found->second[a] != shape[a] * expected_extent_) return std::nullopt;
        axis = static_cast<int>(a);
    }
    return axis;
}

TensorId GraphBuilder::node(Op op, const std::string& name, const std::vector<TensorId>& inputs, Attributes attributes,
                            const std::string& output) {
    return nodes(op, name, inputs, std::move(attributes), {output}).front();
}

std::vector<TensorId> GraphBuilder::nodes(Op op, const std::string& name, const std::vector<TensorId>& inputs,
                                          Attributes attributes, const std::vector<std::string>& outputs) {
    Node node;
    node.op = op;
    node.inputs = inputs;
    node.attributes = std::move(attributes);
    std::vector<const Facts*> operands;
    for (const auto id : inputs) operands.push_back(id == kNoTensor ? nullptr : &facts(id));
    auto result = infer_node(node, operands, batch_);
    const bool view = op == Op::reshape || op == Op::flatten || op == Op::squeeze || op == Op::unsqueeze;
    if (view && result.outputs[0].place && !expected_.empty())
        if (const auto axis = expected_axis(outputs[0], result.outputs[0].shape))
            result = infer_node(node, operands, batch_, axis);
    if (result.outputs.size() != outputs.size())
        throw ShapeError(fmt::format("has {} outputs, not {}", result.outputs.size(), outputs.size()));
    if (evaluating_ && op == Op::split && values(inputs[0])) return evaluated_parts(node, result.outputs, outputs);
    if (outputs.size() == 1)
        if (const auto folded = fold(node, result.outputs[0], outputs[0])) return {*folded};
    node.name = fresh_node_name(op, name);
    note_mixing(node, result.mixing);
    std::vector<TensorId> ids;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!track_) result.outputs[i].place.reset();
        ids.push_back(add_tensor(outputs[i], result.outputs[i], TensorKind::intermediate, std::nullopt));
    }
    node.outputs = ids;
    graph_.nodes.push_back(std::move(node));
    return ids;
}

/// The outputs of a split of known values, each as a slice.
std::vector<TensorId> GraphBuilder::evaluated_parts(const Node& node, const std::vector<Facts>& results,
                                                    const std::vector<std::string>& outputs) {
    using Ints = std::vector<std::int64_t>;
    const auto axis = attribute_int(node, "axis");
    std::vector<TensorId> parts;
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto end = begin + results[i].shape[static_cast<std::size_t>(axis)];
        const Attributes part = {
            {"axes", Ints{axis}}, {"starts", Ints{begin}}, {"ends", Ints{end}}, {"steps", Ints{1}}};
        parts.push_back(this->node(Op::slice, "", {node.inputs[0]}, part, outputs[i]));
        begin = end;
    }
    return parts;
}

/// An output with its batch moved to the front; batch_axis keeps the axis that the model gives it, for files.
TensorId GraphBuilder::with_batch_in_front(TensorId id, const std::string& name) {
    const auto place = facts(id).place;
    if (!graph_.batchable || !place || place->axis == 0 || place->before != 1 ||
        shape(id)[static_cast<std::size_t>(place->axis)] != batch_)
        return id;
    if (graph_.tensor(id).name == name) graph_.tensor(id).name = fresh(tensor_names_, next_tensor_, name + "/batch");
    const auto moved = node(Op::transpose, "", {id}, {{"perm", moved_axis(shape(id).size(), place->axis, 0)}}, name);
    graph_.tensor(moved).batch_axis = place->axis;
    return moved;
}

Graph GraphBuilder::finish(const std::vector<std::pair<TensorId, std::string>>& outputs) {
    std::set<TensorId> used;
    for (const auto& [given, name] : outputs) {
        const auto id = with_batch_in_front(given, name);
        auto& tensor = graph_.tensor(id);
        if (tensor.kind == TensorKind::intermediate && used.insert(id).second) {
            if (tensor.name != name && given == id) tensor.name = fresh(tensor_names_, next_tensor_, name);
            graph_.outputs.push_back(id);
            continue;
        }
        const auto copy = add_tensor(name, facts(id), TensorKind::intermediate, std::nullopt);
        Node node;
        node.op = Op::identity;
        node.name = fresh_node_name(Op::identity, "");
        node.inputs = {id};
        node.outputs = {copy};
        graph_.nodes.push_back(std::move(node));
        graph_.outputs.push_back(copy);
    }
    if (graph_.batchable) {
        graph_.why_not_batchable = output_mixing(graph_, {facts_.begin(), facts_.end()}, batch_);
        graph_.batchable = graph_.why_not_batchable.empty();
    }
    if (graph_.batchable && batch_ != 1) shrink_to_item();
    return std::move(graph_);
}

/// Removes the batch factor from every batched tensor and from attributes that contain a shape.
void GraphBuilder::shrink_to_item() {
    for (std::size_t i = 0; i < facts_.size(); ++i)
        if (facts_[i].place) graph_.tensors[i].shape[static_cast<std::size_t>(facts_[i].place->axis)] /= batch_;
    for (auto& node : graph_.nodes) {
        const auto& shape = graph_.tensor(node.outputs[0]).shape;
        if (node.op == Op::reshape || node.op == Op::expand) node.attributes["shape"] = shape;
        if (node.op == Op::resize) node.attributes["sizes"] = shape;
        if (node.op != Op::slice || !facts(node.inputs[0]).place) continue;
        // A sliced batch is taken whole (or the graph would not be batchable): drop it from the lists.
        const auto axis = facts(node.inputs[0]).place->axis;
        auto axes = attribute_ints(node, "axes");
        for (std::size_t k = axes.size(); k-- > 0;) {
            if (axes[k] != axis) continue;
            for (const char* list : {"axes", "starts", "ends", "steps"}) {
                auto& values = std::get<std::vector<std::int64_t>>(node.attributes[list]);
                values.erase(values.begin() + static_cast<std::ptrdiff_t>(k));
            }
        }
    }
}

}  // namespace infsim::graph
