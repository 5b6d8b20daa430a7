#include "graph/onnx/subgraph.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "graph/elements.hpp"

namespace infsim::graph::onnx_import {
namespace {

using Names = std::map<std::string, std::string>;
using Node = ::onnx::NodeProto;
using SubGraph = ::onnx::GraphProto;

/// Nesting depth of functions and subgraphs: deeper is a mistake or malicious.
constexpr int kDeepest = 32;
/// Nodes of subgraphs, counted each time they are converted.
constexpr int kMostInlined = 20'000;

void rename(std::string& name, const Names& names) {
    const auto found = names.find(name);
    if (found != names.end()) name = found->second;
}

/// Renames what a node reads and computes, also in subgraphs, where an inner definition hides an outer name.
void rename_all(Node& node, const Names& names);

void rename_graph(SubGraph& graph, Names names) {
    for (const auto& input : graph.input()) names.erase(input.name());
    for (const auto& tensor : graph.initializer()) names.erase(tensor.name());
    for (const auto& node : graph.node())
        for (const auto& output : node.output()) names.erase(output);
    for (auto& node : *graph.mutable_node()) rename_all(node, names);
    for (auto& output : *graph.mutable_output()) rename(*output.mutable_name(), names);
}

void rename_all(Node& node, const Names& names) {
    for (auto& input : *node.mutable_input()) rename(input, names);
    for (auto& output : *node.mutable_output()) rename(output, names);
    for (auto& attribute : *node.mutable_attribute()) {
        if (attribute.has_g()) rename_graph(*attribute.mutable_g(), names);
        for (auto& graph : *attribute.mutable_graphs()) rename_graph(graph, names);
    }
}

/// Counts nesting depth and converted nodes, and refuses endless inlining; sets the `opset` of the nodes inside.
class Inlining {
public:
    Inlining(Import& import, int nodes, std::int64_t opset) : import_(import), outside_(import.opset) {
        import_.opset = opset;
        import_.inlined += nodes;
        if (++import_.depth > kDeepest || import_.inlined > kMostInlined) {
            close();
            throw ShapeError(fmt::format("its graphs have more than {} nodes, or are nested more than {} deep",
                                         kMostInlined, kDeepest));
        }
    }
    ~Inlining() { close(); }
    Inlining(const Inlining&) = delete;
    Inlining& operator=(const Inlining&) = delete;

private:
    void close() {
        --import_.depth;
        import_.opset = outside_;
    }

    Import& import_;
    std::int64_t outside_;
};

/// The tensor of an ONNX name. Throws LostInput or ShapeError if there is none.
TensorId tensor_named(const Import& import, const std::string& name) {
    const auto found = import.tensors.find(name);
    if (found != import.tensors.end()) return found->second;
    if (import.lost.count(name) != 0) throw LostInput{};
    throw ShapeError(fmt::format("its graph's '{}' is not defined", name));
}

/// Marks everything that the nodes read as used, then renames and converts them.
void convert_nodes(Import& import, std::vector<Node> nodes, const Names& names, const std::string& prefix) {
    for (auto& node : nodes) {
        rename_all(node, names);
        if (!node.name().empty()) node.set_name(prefix + node.name());
        for (const auto& input : node.input()) import.used.insert(input);
        for (const auto& attribute : node.attribute())
            if (attribute.has_g()) collect_used(attribute.g(), import.used);
    }
    int position = 0;
    for (const auto& node : nodes) import.convert(node, position++);
}

/// Converts the nodes of a subgraph; `given` are the tensors of its inputs. Returns the tensors of its outputs.
std::vector<TensorId> run_graph(Import& import, const SubGraph& graph, const std::string& prefix,
                                const std::vector<TensorId>& given) {
    const Inlining inlining(import, graph.node_size(), import.opset);
    if (static_cast<std::size_t>(graph.input_size()) != given.size())
        throw ShapeError(fmt::format("its graph takes {} inputs, not {}", graph.input_size(), given.size()));
    Names names;
    const auto own = [&](const std::string& name) { return names[name] = prefix + name; };
    for (int i = 0; i < graph.input_size(); ++i)
        import.tensors[own(graph.input(i).name())] = given[static_cast<std::size_t>(i)];
    for (const auto& tensor : graph.initializer()) {
        auto loaded = load_tensor(import.file, tensor);
        const auto name = own(tensor.name());
        import.tensors[name] = import.builder.constant(name, loaded.shape, loaded.dtype, std::move(loaded.value));
    }
    for (const auto& node : graph.node())
        for (const auto& output : node.output())
            if (!output.empty()) own(output);
    for (const auto& output : graph.output()) {
        auto name = output.name();
        rename(name, names);
        import.used.insert(name);
    }
    convert_nodes(import, {graph.node().begin(), graph.node().end()}, names, prefix);
    std::vector<TensorId> results;
    for (const auto& output : graph.output()) {
        auto name = output.name();
        rename(name, names);
        results.push_back(tensor_named(import, name));
    }
    return results;
}

/// An If with a known condition: converts the nodes of that branch.
void if_node(OnnxNode& n) {
    const auto condition = n.builder().values(n.in(0));
    if (!condition || condition->size() != 1)
        throw ShapeError("its condition is computed from the inputs; only one known at compile time is supported");
    const auto& branch = n.graph(condition->front() != 0 ? "then_branch" : "else_branch");
    n.ignore("then_branch");
    n.ignore("else_branch");
    const auto results = run_graph(n.import(), branch, label_of(n.proto()) + "/", {});
    for (std::size_t i = 0; i < n.output_count() && i < results.size(); ++i) n.bind(i, results[i]);
}

/// The maximum trip count of a Loop. Throws ShapeError if it is not known.
std::int64_t trip_count(OnnxNode& n) {
    if (!n.has(0)) throw ShapeError("has no trip count; a loop that ends on computed data is not supported");
    const auto count = n.builder().values(n.in(0));
    if (!count || count->size() != 1)
        throw ShapeError("its trip count is computed from the inputs; only a constant one is supported");
    return bounded_integer(count->front());
}

/// The scan outputs of a Loop, stacked along a new leading axis.
TensorId stacked(OnnxNode& n, const std::vector<TensorId>& steps) {
    if (steps.empty()) throw ShapeError("collects results but runs no step");
    std::vector<TensorId> rows;
    for (const auto step : steps) rows.push_back(n.make(Op::unsqueeze, {step}, {{"axes", Ints{0}}}));
    return rows.size() == 1 ? rows[0] : n.make(Op::concat, rows, {{"axis", std::int64_t{0}}});
}

/// Whether a Loop continues. Throws ShapeError if that is not known.
bool goes_on(OnnxNode& n, TensorId condition) {
    const auto value = n.builder().values(condition);
    if (!value || value->size() != 1)
        throw ShapeError("ends on a condition that is computed from the inputs; that is not supported");
    return value->front() != 0;
}

/// A Loop with a constant number of steps: converts its nodes once per step.
void loop(OnnxNode& n) {
    const auto& body = n.graph("body");
    const auto trips = trip_count(n);
    std::vector<TensorId> state;
    for (std::size_t i = 2; i < n.input_count(); ++i) state.push_back(n.in(i));
    const auto scans = body.output_size() - 1 - static_cast<int>(state.size());
    if (scans < 0) throw ShapeError("its body has fewer outputs than loop-carried values");
    std::vector<std::vector<TensorId>> collected(static_cast<std::size_t>(scans));
    TensorId condition = n.has(1) ? n.in(1) : n.number(1, DType::boolean);
    for (std::int64_t step = 0; step < trips && goes_on(n, condition); ++step) {
        std::vector<TensorId> given = {n.number(static_cast<double>(step), DType::i64), condition};
        given.insert(given.end(), state.begin(), state.end());
        const auto results = run_graph(n.import(), body, fmt::format("{}/{}/", label_of(n.proto()), step), given);
        condition = results[0];
        const auto carried = static_cast<std::ptrdiff_t>(state.size());
        state.assign(results.begin() + 1, results.begin() + 1 + carried);
        for (std::size_t s = 0; s < collected.size(); ++s) collected[s].push_back(results[1 + state.size() + s]);
    }
    for (std::size_t i = 0; i < state.size(); ++i) n.bind(i, state[i]);
    for (std::size_t s = 0; s < collected.size(); ++s)
        if (n.output_used(state.size() + s)) n.bind(state.size() + s, stacked(n, collected[s]));
}

/// Attributes of a function's node that refer to one of the call take its value; without one they are removed.
void resolve_references(Node& node, const Node& call) {
    auto* attributes = node.mutable_attribute();
    for (int i = attributes->size(); i-- > 0;) {
        auto& attribute = *attributes->Mutable(i);
        if (attribute.has_g())
            for (auto& inner : *attribute.mutable_g()->mutable_node()) resolve_references(inner, call);
        if (attribute.ref_attr_name().empty()) continue;
        const auto name = attribute.name();
        const auto given = std::find_if(call.attribute().begin(), call.attribute().end(),
                                        [&](const auto& a) { return a.name() == attribute.ref_attr_name(); });
        if (given == call.attribute().end()) {
            attributes->DeleteSubrange(i, 1);
        } else {
            attribute = *given;
            attribute.set_name(name);
        }
    }
}

/// The opset of a function's nodes, or `fallback` if it declares none.
std::int64_t opset_of(const ::onnx::FunctionProto& function, std::int64_t fallback) {
    for (const auto& import : function.opset_import())
        if (import.domain().empty() || import.domain() == "ai.onnx") return import.version();
    return fallback;
}

}  // namespace

void collect_used(const SubGraph& graph, std::set<std::string>& used) {
    for (const auto& node : graph.node()) {
        for (const auto& name : node.input()) used.insert(name);
        for (const auto& attribute : node.attribute()) {
            if (attribute.has_g()) collect_used(attribute.g(), used);
            for (const auto& inner : attribute.graphs()) collect_used(inner, used);
        }
    }
    for (const auto& output : graph.output()) used.insert(output.name());
}

const ::onnx::FunctionProto* find_function(const OnnxFile& file, const Node& node) {
    for (const auto& function : file.model.functions())
        if (function.name() == node.op_type() && function.domain() == node.domain()) return &function;
    return nullptr;
}

void inline_function(Import& import, const Node& call, const ::onnx::FunctionProto& function) {
    const Inlining inlining(import, function.node_size(), opset_of(function, import.opset));
    const auto prefix = label_of(call) + "/";
    Names names;
    for (int i = 0; i < function.input_size(); ++i)
        names[function.input(i)] = i < call.input_size() ? call.input(i) : "";
    for (const auto& node : function.node())
        for (const auto& output : node.output())
            if (!output.empty()) names[output] = prefix + output;
    for (const auto& output : function.output()) {
        auto name = output;
        rename(name, names);
        import.used.insert(name);
    }
    std::vector<Node> nodes(function.node().begin(), function.node().end());
    for (auto& node : nodes) resolve_references(node, call);
    convert_nodes(import, std::move(nodes), names, prefix);
    for (int i = 0; i < function.output_size() && i < call.output_size(); ++i) {
        auto name = function.output(i);
        rename(name, names);
        if (!call.output(i).empty()) import.tensors[call.output(i)] = tensor_named(import, name);
    }
}

void add_control(ConverterTable& t) {
    t["If"] = if_node;
    t["Loop"] = loop;
}

}  // namespace infsim::graph::onnx_import
