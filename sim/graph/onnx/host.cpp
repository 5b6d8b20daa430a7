#include "graph/onnx/host.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/problems.hpp"
#include "graph/constants.hpp"
#include "graph/evaluate.hpp"
#include "graph/infer_rules.hpp"
#include "graph/onnx/subgraph.hpp"

namespace infsim::graph::onnx_import {
namespace {

using Node = ::onnx::NodeProto;

/// All outer names that a node reads, including those read in its subgraphs.
std::set<std::string> read_names(const Node& node) {
    std::set<std::string> names(node.input().begin(), node.input().end());
    for (const auto& attribute : node.attribute())
        if (attribute.has_g()) collect_used(attribute.g(), names);
    names.erase("");
    return names;
}

bool is_host_operator(const Node& node) {
    const auto& all = host_operators();
    return (node.domain().empty() || node.domain() == "ai.onnx") &&
           std::find(all.begin(), all.end(), node.op_type()) != all.end();
}

/// Operators that only change the shape or return it.
bool is_view(const std::string& type) {
    static const std::set<std::string> views = {"Reshape",  "Flatten", "Squeeze", "Unsqueeze",
                                                "Identity", "Dropout", "Shape",   "Size"};
    return views.count(type) != 0;
}

bool is_gather(const std::string& type) {
    return type == "Gather" || type == "GatherElements" || type == "GatherND" || type == "Slice";
}

/// Nodes that stand for other nodes; those count separately.
bool stands_for_others(const Node& node, const OnnxFile& file) {
    return node.op_type() == "If" || node.op_type() == "Loop" || find_function(file, node) != nullptr;
}

}  // namespace

HostPart::HostPart(const OnnxFile& file, std::int64_t opset, const std::set<std::string>& operators,
                   const SourceValues* values)
    : operators_(operators), values_(values), tail_{file, opset, GraphBuilder("host", 1, false), {}, {}, {}, {},
                                                    {},   {}} {
    tail_.on_host = true;
    if (values_ != nullptr) tail_.builder.evaluate_all();
    tail_.convert = [this](const Node& node, int) { convert_inner(node); };
    collect_used(file.model.graph(), tail_.used);
}

bool HostPart::takes(const Node& node, const Import& chip) const {
    if (chip.depth > 0) return false;
    if (!made_.empty()) {
        const auto names = read_names(node);
        if (std::any_of(names.begin(), names.end(), [&](const auto& name) { return makes(name); })) return true;
    }
    if (!is_host_operator(node) || operators_.count(node.op_type()) == 0) return false;
    return std::any_of(node.input().begin(), node.input().end(), [&](const std::string& name) {
        const auto found = chip.tensors.find(name);
        return found != chip.tensors.end() && !chip.builder.is_constant(found->second);
    });
}

void HostPart::convert(const Node& node, const std::string& label, const Import& chip) {
    std::string origin = label;
    bool open = node.op_type() == "NonZero" || node.op_type() == "NonMaxSuppression";
    for (const auto& name : read_names(node)) {
        if (const auto made = made_.find(name); made != made_.end()) origin = made->second;
        else bring(name, chip);
        open = open || this->open(name);
    }
    // The k of a TopK may be computed too.
    if (node.op_type() == "TopK" && node.input_size() > 1 && tail_.tensors.count(node.input(1)) != 0)
        open = open || !tail_.builder.is_constant(tail_.tensors.at(node.input(1)));
    const auto before = elements_;
    const auto first = tail_.builder.graph().nodes.size();
    convert_one(node);
    check_runs(node.op_type(), first, origin);
    steps_.push_back({label_of(node), node.op_type(), elements_ - before});
    for (const auto& output : node.output()) {
        if (output.empty()) continue;
        made_[output] = origin;
        if (open) open_.insert(output);
    }
}

void HostPart::convert_one(const Node& node) {
    if (const auto* function = find_function(tail_.file, node)) {
        inline_function(tail_, node, *function);
    } else {
        if (const auto why = unsupported(node, tail_.opset); !why.empty()) throw ShapeError(why);
        OnnxNode converted(tail_, node);
        converter_of(node)(converted);
        converted.check_attributes_known();
    }
    if (!stands_for_others(node, tail_.file)) elements_ += elements_read(node);
}

void HostPart::convert_inner(const Node& node) {
    try {
        convert_one(node);
    } catch (const ShapeError& error) {
        throw ShapeError(fmt::format("in it, node '{}' ({}): {}", node.name(), node.op_type(), error.what()));
    }
}

/// Makes a tensor of the chip's import one of the tail. Names inside subgraphs do not exist there and are not outer
/// names.
void HostPart::bring(const std::string& name, const Import& chip) {
    if (tail_.tensors.count(name) != 0) return;
    if (chip.lost.count(name) != 0) throw LostInput{};
    const auto found = chip.tensors.find(name);
    if (found == chip.tensors.end()) return;
    const TensorId id = found->second;
    if (chip.builder.is_constant(id)) return bring_constant(name, id, chip);
    const auto& facts = chip.builder.facts(id);
    sources_.push_back(name);
    if (values_ == nullptr) {
        tail_.tensors[name] = tail_.builder.input(name, facts.shape, facts.dtype, -1);
        return;
    }
    const auto& values = values_->at(name);
    if (static_cast<std::int64_t>(values.size()) != element_count(facts.shape))
        throw ShapeError(
            fmt::format("'{}' has {} values and the shape {}", name, values.size(), rules::to_text(facts.shape)));
    tail_.tensors[name] = tail_.builder.small(name, facts.shape, facts.dtype, values);
}

void HostPart::bring_constant(const std::string& name, TensorId id, const Import& chip) {
    const auto& tensor = chip.builder.graph().tensor(id);
    auto& mine = tail_.tensors[name];
    if (const auto values = chip.builder.values(id)) {
        mine = tail_.builder.small(name, tensor.shape, tensor.dtype, *values);
    } else if (std::holds_alternative<Splat>(*tensor.constant)) {
        mine = tail_.builder.constant(name, tensor.shape, tensor.dtype, *tensor.constant);
    } else if (values_ == nullptr) {
        mine = tail_.builder.constant(name, tensor.shape, tensor.dtype, Absent{});
    } else {
        const auto expanded = evaluate_constant(chip.builder.graph(), id);
        mine = tail_.builder.small(name, tensor.shape, tensor.dtype, {expanded.begin(), expanded.end()});
    }
}

/// With values, no node may remain; otherwise only nodes that the host can compute.
void HostPart::check_runs(const std::string& type, std::size_t first, const std::string& origin) const {
    const auto& nodes = tail_.builder.graph().nodes;
    if (values_ != nullptr && nodes.size() > first)
        throw ShapeError("has no result for these values: an index outside its axis, or the maximum of no elements");
    for (std::size_t i = first; i < nodes.size(); ++i)
        if (!evaluates(nodes[i].op))
            throw ShapeError(
                fmt::format("needs the result of {}, which the host computes; the host does not run {}, and its "
                            "results do not go back to the chip",
                            origin, type));
}

std::int64_t HostPart::elements(const std::string& name) const {
    const auto found = tail_.tensors.find(name);
    return found == tail_.tensors.end() ? 0 : element_count(tail_.builder.shape(found->second));
}

std::int64_t HostPart::elements_read(const Node& node) const {
    if (is_view(node.op_type())) return 0;
    std::int64_t sum = is_gather(node.op_type()) ? elements(node.output(0)) : 0;
    for (int i = is_gather(node.op_type()) ? 1 : 0; i < node.input_size(); ++i) {
        const auto found = tail_.tensors.find(node.input(i));
        if (found != tail_.tensors.end() && !tail_.builder.is_constant(found->second)) sum += elements(node.input(i));
    }
    return sum;
}

std::vector<HostTail::Step> HostPart::steps(std::int64_t extent) const {
    auto steps = steps_;
    for (auto& step : steps) step.elements = (step.elements + extent - 1) / extent;
    return steps;
}

HostResult HostPart::result(const std::string& name) const {
    const auto id = tail_.tensors.at(name);
    const auto values = tail_.builder.values(id);
    if (!values) throw ShapeError(fmt::format("'{}' is too large to compute", name));
    return {name, tail_.builder.shape(id), tail_.builder.facts(id).dtype, *values};
}

}  // namespace infsim::graph::onnx_import
