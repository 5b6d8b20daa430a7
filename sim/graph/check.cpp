#include "graph/check.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "graph/constants.hpp"
#include "graph/infer.hpp"
#include "graph/infer_rules.hpp"
#include "graph/op_spec.hpp"

namespace infsim::graph {
namespace {

class Checker {
public:
    explicit Checker(const Graph& graph) : graph_(graph) {}

    Problems run() {
        for (std::size_t i = 0; i < graph_.tensors.size(); ++i) check_tensor(static_cast<TensorId>(i));
        if (problems_.empty()) check_recipe_chains();
        check_ports();
        if (!problems_.empty()) return problems_;  // ids may be out of range: further checks are unsafe
        check_order();
        for (const auto& node : graph_.nodes) check_node(node);
        if (problems_.empty()) check_inference();
        return problems_;
    }

private:
    void tensor_problem(TensorId id, std::string what) {
        problems_.add(graph_.name, fmt::format("tensor '{}'", graph_.tensor(id).name), std::move(what));
    }
    void node_problem(const Node& node, std::string what) {
        problems_.add(graph_.name, fmt::format("node '{}' ({})", node.name, op_name(node.op)), std::move(what));
    }
    bool exists(TensorId id) const { return id >= 0 && id < static_cast<TensorId>(graph_.tensors.size()); }

    void check_tensor(TensorId id) {
        const auto& tensor = graph_.tensor(id);
        if (tensor.name.empty() || !tensor_names_.insert(tensor.name).second)
            tensor_problem(id, "its name is empty or not unique");
        if (std::any_of(tensor.shape.begin(), tensor.shape.end(), [](std::int64_t e) { return e < 0; }))
            tensor_problem(id, "has a negative extent");
        if ((tensor.kind == TensorKind::constant) != tensor.constant.has_value())
            tensor_problem(id, "is a constant without a value, or has a value but is not a constant");
        else if (tensor.constant) check_constant(id, *tensor.constant);
        if (tensor.kind == TensorKind::constant && tensor.batched)
            tensor_problem(id, "is a constant that differs from item to item");
    }

    void check_constant(TensorId id, const Constant& constant) {
        const auto& tensor = graph_.tensor(id);
        const auto count = element_count(tensor.shape);
        if (const auto* list = std::get_if<Inline>(&constant)) {
            if (static_cast<std::int64_t>(list->values.size()) != count)
                tensor_problem(id, fmt::format("has {} values for {} elements", list->values.size(), count));
        } else if (const auto* file = std::get_if<FileRef>(&constant)) {
            if (file->bytes != count * dtype_bytes(file->dtype))
                tensor_problem(id, fmt::format("refers to {} bytes for {} elements", file->bytes, count));
        } else if (const auto* recipe = std::get_if<Recipe>(&constant)) {
            check_recipe(id, *recipe);
        }
    }

    static std::size_t source_count(Recipe::Kind kind) {
        switch (kind) {
            case Recipe::Kind::conv_bn_weight:
            case Recipe::Kind::dequantize: return 3;
            case Recipe::Kind::conv_bn_bias: return 5;
            case Recipe::Kind::channel_scale:
            case Recipe::Kind::sum: return 2;
            default: return 1;
        }
    }

    void check_recipe(TensorId id, const Recipe& recipe) {
        using Kind = Recipe::Kind;
        const std::size_t wanted = source_count(recipe.kind);
        if (recipe.sources.size() != wanted)
            return tensor_problem(id,
                                  fmt::format("its recipe takes {} sources, not {}", wanted, recipe.sources.size()));
        for (std::size_t i = 0; i < wanted; ++i) {
            const auto source = recipe.sources[i];
            if (source == kNoTensor &&
                (recipe.kind == Kind::conv_bn_bias ? i == 0 : recipe.kind == Kind::dequantize && i == 2))
                continue;
            if (!exists(source) || source == id || graph_.tensor(source).kind != TensorKind::constant)
                return tensor_problem(id, "a source of its recipe is not a constant");
        }
        if (!recipe_fits(recipe, graph_.tensor(id).shape))
            tensor_problem(id, "the sources of its recipe do not fit its shape");
    }

    bool recipe_fits(const Recipe& recipe, const Shape& shape) const {
        using Kind = Recipe::Kind;
        const auto rows = shape.empty() ? 0 : shape[0];
        const auto count = [&](std::size_t i) { return element_count(graph_.tensor(recipe.sources[i]).shape); };
        bool fits = true;
        switch (recipe.kind) {
            case Kind::conv_bn_weight:
                fits = count(0) == element_count(shape) && count(1) == rows && count(2) == rows;
                break;
            case Kind::conv_bn_bias:
                fits = recipe.sources[0] == kNoTensor || count(0) == rows;
                for (std::size_t i = 1; i < 5; ++i) fits = fits && count(i) == rows;
                break;
            case Kind::transpose: fits = transposed_fits(recipe, shape); break;
            case Kind::reshape:
            case Kind::scale: fits = count(0) == element_count(shape); break;
            case Kind::channel_scale: fits = count(0) == element_count(shape) && count(1) == rows; break;
            case Kind::slice: fits = sliced_fits(recipe, shape); break;
            case Kind::dequantize: fits = dequantized_fits(recipe, shape); break;
            case Kind::sum: fits = count(0) == element_count(shape) && (count(1) == count(0) || count(1) == 1); break;
        }
        return fits;
    }

    /// A recipe's sources may be recipes, but no tensor may depend on itself.
    void check_recipe_chains() {
        enum class State : std::uint8_t { unseen, open, done };
        std::vector<State> state(graph_.tensors.size(), State::unseen);
        const std::function<bool(TensorId)> ends = [&](TensorId id) {
            auto& own = state[static_cast<std::size_t>(id)];
            if (own != State::unseen) return own == State::done;
            own = State::open;
            bool all = true;
            if (const auto* recipe = std::get_if<Recipe>(&*graph_.tensor(id).constant))
                for (const auto source : recipe->sources) all = all && (source == kNoTensor || ends(source));
            own = all ? State::done : State::open;
            return all;
        };
        for (std::size_t i = 0; i < graph_.tensors.size(); ++i)
            if (graph_.tensors[i].constant && !ends(static_cast<TensorId>(i)))
                tensor_problem(static_cast<TensorId>(i), "its recipe leads back to itself");
    }

    bool transposed_fits(const Recipe& recipe, const Shape& shape) const {
        const auto& source = graph_.tensor(recipe.sources[0]).shape;
        auto sorted = recipe.perm;
        std::sort(sorted.begin(), sorted.end());
        for (std::size_t i = 0; i < sorted.size(); ++i)
            if (sorted[i] != static_cast<std::int64_t>(i)) return false;
        if (source.size() != shape.size() || recipe.perm.size() != shape.size()) return false;
        for (std::size_t i = 0; i < shape.size(); ++i)
            if (source[static_cast<std::size_t>(recipe.perm[i])] != shape[i]) return false;
        return true;
    }

    /// Whether every element taken is inside the source.
    bool sliced_fits(const Recipe& recipe, const Shape& shape) const {
        const auto& source = graph_.tensor(recipe.sources[0]).shape;
        if (source.size() != shape.size() || recipe.perm.size() != 2 * shape.size()) return false;
        for (std::size_t a = 0; a < shape.size(); ++a) {
            const auto first = recipe.perm[2 * a], last = first + (shape[a] - 1) * recipe.perm[2 * a + 1];
            if (shape[a] > 0 && (first < 0 || first >= source[a] || last < 0 || last >= source[a])) return false;
        }
        return true;
    }

    bool dequantized_fits(const Recipe& recipe, const Shape& shape) const {
        const auto count = [&](std::size_t i) { return element_count(graph_.tensor(recipe.sources[i]).shape); };
        if (recipe.perm.size() != 2 || recipe.perm[1] < 1 || count(0) != element_count(shape)) return false;
        const auto axis = static_cast<std::size_t>(recipe.perm[0]);
        const auto all = axis < shape.size() ? dequantize_scales(shape, axis, recipe.perm[1]) : 1;
        return (count(1) == 1 || count(1) == all) && (recipe.sources[2] == kNoTensor || count(2) == count(1));
    }

    void check_ports() {
        for (const auto& node : graph_.nodes) {
            if (node.name.empty() || !node_names_.insert(node.name).second)
                node_problem(node, "its name is empty or not unique");
            for (const auto id : node.inputs)
                if (id != kNoTensor && !exists(id)) node_problem(node, "reads a tensor that does not exist");
            for (const auto id : node.outputs)
                if (!exists(id) || graph_.tensor(id).kind != TensorKind::intermediate)
                    node_problem(node, "computes something that is not an intermediate tensor");
        }
        for (const auto id : graph_.inputs)
            if (!exists(id) || graph_.tensor(id).kind != TensorKind::input)
                problems_.add(graph_.name, "inputs", "an input of the graph is not an input tensor");
        for (const auto id : graph_.outputs)
            if (!exists(id) || graph_.tensor(id).kind != TensorKind::intermediate)
                problems_.add(graph_.name, "outputs", "an output of the graph is not computed by a node");
        if (graph_.outputs.empty()) problems_.add(graph_.name, "outputs", "the graph has no outputs");
    }

    void check_order() {
        std::set<TensorId> defined;
        for (std::size_t i = 0; i < graph_.tensors.size(); ++i)
            if (graph_.tensors[i].kind != TensorKind::intermediate) defined.insert(static_cast<TensorId>(i));
        for (const auto& node : graph_.nodes) {
            for (const auto id : node.inputs)
                if (id != kNoTensor && defined.count(id) == 0)
                    node_problem(node, fmt::format("reads '{}' before it is computed", graph_.tensor(id).name));
            for (const auto id : node.outputs)
                if (!defined.insert(id).second)
                    node_problem(node, fmt::format("computes '{}' a second time", graph_.tensor(id).name));
        }
        for (const auto id : graph_.outputs)
            if (defined.count(id) == 0) tensor_problem(id, "is an output that no node computes");
    }

    void check_node(const Node& node) {
        const auto& spec = op_spec(node.op);
        const auto inputs = static_cast<int>(node.inputs.size());
        if (inputs < spec.min_inputs || inputs > spec.max_inputs)
            node_problem(node, fmt::format("has {} inputs", inputs));
        if (node.outputs.empty() || (node.outputs.size() > 1 && !spec.many_outputs))
            node_problem(node, fmt::format("has {} outputs", node.outputs.size()));
        for (const auto& wanted : spec.attributes) {
            const auto found = node.attributes.find(wanted.name);
            if (found == node.attributes.end()) node_problem(node, fmt::format("lacks attribute '{}'", wanted.name));
            else if (type_of(found->second) != wanted.type)
                node_problem(
                    node, fmt::format("attribute '{}' must be of type {}, not {}", wanted.name,
                                      attribute_type_name(wanted.type), attribute_type_name(type_of(found->second))));
        }
        if (node.attributes.size() <= spec.attributes.size()) return;
        for (const auto& [name, value] : node.attributes)
            if (std::none_of(spec.attributes.begin(), spec.attributes.end(),
                             [&, &n = name](const auto& a) { return a.name == n; }))
                node_problem(node, fmt::format("attribute '{}' is not one of {}'s", name, spec.name));
    }

    void check_inference() {
        Graph again = graph_;
        infer_graph(again, problems_);
        for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
            const auto& ours = graph_.tensors[i];
            const auto& theirs = again.tensors[i];
            const auto id = static_cast<TensorId>(i);
            if (ours.shape != theirs.shape)
                tensor_problem(id, fmt::format("has shape {}, inference says {}", rules::to_text(ours.shape),
                                               rules::to_text(theirs.shape)));
            if (ours.dtype != theirs.dtype)
                tensor_problem(id, fmt::format("has element type {}, inference says {}", dtype_name(ours.dtype),
                                               dtype_name(theirs.dtype)));
            if (ours.batched != theirs.batched) tensor_problem(id, "its `batched` differs from inference");
        }
    }

    const Graph& graph_;
    Problems problems_;
    std::set<std::string> tensor_names_, node_names_;
};

}  // namespace

Problems check(const Graph& graph) { return Checker(graph).run(); }

}  // namespace infsim::graph
