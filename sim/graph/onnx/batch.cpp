#include "graph/onnx/batch.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/text.hpp"
#include "graph/elements.hpp"
#include "graph/infer.hpp"
#include "graph/infer_rules.hpp"

namespace infsim::graph::onnx_import {
namespace {

using Dimension = ::onnx::TensorShapeProto::Dimension;

/// Old exporters write 0, others -1, for an extent that is not known.
bool is_open(const Dimension& d) { return !d.has_dim_value() || d.dim_value() <= 0; }

const std::string& name_of(const Dimension& d) { return d.dim_param(); }

/// The extent of an axis in the file or in the options, if known.
std::optional<std::int64_t> extent_of(const ::onnx::ValueInfoProto& input, int axis, const ImportOptions& options) {
    const auto& d = input.type().tensor_type().shape().dim(axis);
    if (!is_open(d)) return d.dim_value();
    const auto shape = options.input_shapes.find(input.name());
    if (shape != options.input_shapes.end() && static_cast<std::size_t>(axis) < shape->second.size())
        return shape->second[static_cast<std::size_t>(axis)];
    const auto named = options.dims.find(name_of(d));
    if (!name_of(d).empty() && named != options.dims.end()) return named->second;
    return std::nullopt;
}

bool called_like_a_batch(const std::string& name) {
    std::string low;
    for (const char ch : name) low += static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
    return low.find("batch") != std::string::npos || low == "n" || low == "b" || low == "bs" || low == "none";
}

using Inputs = std::vector<const ::onnx::ValueInfoProto*>;

const ::onnx::TensorShapeProto& shape_of(const ::onnx::ValueInfoProto& input) {
    return input.type().tensor_type().shape();
}

/// The first open axis of the input for which `is_it(name)` holds; -1 if none.
template <class Is>
int open_axis(const ::onnx::ValueInfoProto& input, Is is_it) {
    for (int a = 0; a < shape_of(input).dim_size(); ++a)
        if (is_open(shape_of(input).dim(a)) && is_it(name_of(shape_of(input).dim(a)))) return a;
    return -1;
}

/// The open batch axis of an input, looked at alone; -1 if it has none.
int own_batch_axis(const ::onnx::ValueInfoProto& input) {
    const int called = open_axis(input, called_like_a_batch);
    if (called >= 0) return called;
    return shape_of(input).dim_size() > 0 && is_open(shape_of(input).dim(0)) ? 0 : -1;
}

/// The batch axis of an input that has no open one of its own, while other inputs have one.
int batch_axis_beside(const ::onnx::ValueInfoProto& input) {
    const auto& shape = shape_of(input);
    if (shape.dim_size() == 0) return -1;
    if (shape.dim(0).dim_value() == 1) return 0;
    const auto unnamed = [](const std::string& name) { return name.empty(); };
    return open_axis(input, unnamed);
}

/// For a model with an open batch axis: the name of the first one identifies those of the other inputs.
void plan_open(const Inputs& inputs, BatchPlan& plan) {
    std::string name;
    for (const auto* input : inputs)
        if (const int axis = own_batch_axis(*input); axis >= 0 && name.empty())
            name = name_of(shape_of(*input).dim(axis));
    for (const auto* input : inputs) {
        int axis = name.empty() ? -1 : open_axis(*input, [&](const std::string& other) { return other == name; });
        if (axis < 0) axis = own_batch_axis(*input);
        if (axis < 0) axis = batch_axis_beside(*input);
        if (axis >= 0) plan.axes[input->name()] = axis;
    }
}

BatchPlan one_whole(std::string why) {
    BatchPlan plan;
    plan.items = false;
    plan.why_whole = std::move(why);
    return plan;
}

void plan_fixed(const Inputs& inputs, BatchPlan& plan) {
    for (const auto* input : inputs)
        if (shape_of(*input).dim_size() > 0) plan.axes[input->name()] = 0;
}

}  // namespace

Inputs true_inputs(const OnnxFile& file) {
    std::set<std::string> initializers;
    for (const auto& tensor : file.model.graph().initializer()) initializers.insert(tensor.name());
    Inputs inputs;
    for (const auto& input : file.model.graph().input())
        if (initializers.count(input.name()) == 0) inputs.push_back(&input);
    return inputs;
}

BatchPlan plan_batch(const OnnxFile& file, const ImportOptions& options) {
    BatchPlan plan;
    plan.items = options.batch == ImportOptions::Batch::auto_leading;
    if (!plan.items) return plan;
    Inputs inputs;
    for (const auto* input : true_inputs(file))
        if (options.bound_inputs.count(input->name()) == 0 && input->type().has_tensor_type()) inputs.push_back(input);
    plan.open = std::any_of(inputs.begin(), inputs.end(), [](const auto* i) { return own_batch_axis(*i) >= 0; });
    if (plan.open) plan_open(inputs, plan);
    else plan_fixed(inputs, plan);
    if (!inputs.empty() && plan.axes.empty())
        return one_whole(fmt::format("input '{}' has no batch axis", inputs.front()->name()));
    const ::onnx::ValueInfoProto* first = nullptr;
    for (const auto* input : inputs) {
        if (plan.axes.count(input->name()) == 0) continue;
        const auto extent = extent_of(*input, plan.axes[input->name()], options);
        if (!extent) continue;
        if (first == nullptr) plan.extent = *extent;
        if (*extent != plan.extent)
            return one_whole(fmt::format("the leading axes of inputs '{}' and '{}' differ ({} and {})", first->name(),
                                         input->name(), plan.extent, *extent));
        first = first == nullptr ? input : first;
    }
    if (plan.extent < 1) return one_whole("the leading axis of its inputs has no extent");
    return plan;
}

namespace {

/// A new outer tensor in place of `id`; `id` becomes an intermediate tensor under another name.
TensorId replaced(Graph& graph, TensorId id, std::set<std::string>& names) {
    Tensor outer = graph.tensor(id);
    outer.shape.insert(outer.shape.begin(), 1);
    auto& inner = graph.tensor(id);
    inner.kind = TensorKind::intermediate;
    while (!names.insert(inner.name += "/item").second) {}
    graph.tensors.push_back(std::move(outer));
    return static_cast<TensorId>(graph.tensors.size() - 1);
}

Node reshape_of(const Graph& graph, TensorId from, TensorId to) {
    return {graph.tensor(from).name + "/whole", Op::reshape, {from}, {to}, {{"shape", graph.tensor(to).shape}}};
}

}  // namespace

void batch_of_wholes(Graph& graph, bool open) {
    std::set<std::string> names;
    for (const auto& tensor : graph.tensors) names.insert(tensor.name);
    const auto lacks_front = [&](TensorId id) {
        const auto& tensor = graph.tensor(id);
        return tensor.batched && (tensor.shape.empty() || tensor.shape[0] != 1);
    };
    std::vector<Node> front;
    for (auto& id : graph.inputs) {
        if (!lacks_front(id)) continue;
        const auto inner = id;
        id = replaced(graph, inner, names);
        front.push_back(reshape_of(graph, id, inner));
    }
    graph.nodes.insert(graph.nodes.begin(), front.begin(), front.end());
    for (auto& id : graph.outputs) {
        if (!lacks_front(id)) continue;
        const auto inner = id;
        id = replaced(graph, inner, names);
        graph.nodes.push_back(reshape_of(graph, inner, id));
    }
    if (open || !front.empty())
        graph.notices.push_back(
            fmt::format("{}: a batch is several runs of the whole model: {}", graph.name, graph.why_not_batchable));
    graph.batchable = true;
    graph.why_not_batchable.clear();
}

void check_extents(const OnnxFile& file, const ImportOptions& options, Problems& problems) {
    std::vector<std::string> axes, inputs;
    for (const auto* input : true_inputs(file)) {
        inputs.push_back(input->name());
        for (const auto& d : shape_of(*input).dim())
            if (!name_of(d).empty() && std::count(axes.begin(), axes.end(), name_of(d)) == 0)
                axes.push_back(name_of(d));
    }
    for (const auto& [name, extent] : options.dims)
        if (std::count(axes.begin(), axes.end(), name) == 0)
            problems.add(file.path, fmt::format("dim '{}'", name),
                         "is not an axis of an input" +
                             (axes.empty() ? std::string("; this model names none") : suggestion(name, axes)));
    for (const auto& [name, shape] : options.input_shapes)
        if (std::count(inputs.begin(), inputs.end(), name) == 0)
            problems.add(file.path, fmt::format("input '{}'", name),
                         "is not an input of the model" + suggestion(name, inputs));
}

Shape input_shape(const ::onnx::ValueInfoProto& input, const BatchPlan& plan, const ImportOptions& options) {
    if (!input.type().tensor_type().has_shape() && options.input_shapes.count(input.name()) == 0)
        throw ShapeError(fmt::format("has no shape; --input {}=1x3x224x224 gives it one", input.name()));
    const auto given = options.input_shapes.find(input.name());
    if (!input.type().tensor_type().has_shape()) return given->second;
    const auto& dims = shape_of(input);
    if (given != options.input_shapes.end() && static_cast<int>(given->second.size()) != dims.dim_size())
        throw ShapeError(
            fmt::format("is given the shape {} but has {} axes", rules::to_text(given->second), dims.dim_size()));
    Shape shape;
    const auto batch = plan.axes.find(input.name());
    for (int a = 0; a < dims.dim_size(); ++a) {
        const auto& d = dims.dim(a);
        auto extent = extent_of(input, a, options);
        if (given != options.input_shapes.end() && extent != given->second[static_cast<std::size_t>(a)])
            throw ShapeError(fmt::format("is given {} for axis {}, which has {}",
                                         given->second[static_cast<std::size_t>(a)], a, *extent));
        if (!extent && ((batch != plan.axes.end() && batch->second == a) || (!plan.items && a == 0)))
            extent = plan.extent;
        if (!extent && !name_of(d).empty())
            throw ShapeError(
                fmt::format("axis {} of '{}' has no extent, only the name '{}'; --dim {}=VALUE gives it one", a,
                            input.name(), name_of(d), name_of(d)));
        if (!extent)
            throw ShapeError(
                fmt::format("axis {} of '{}' has no extent and no name; --input {}=1x3x224x224 gives the "
                            "input a shape",
                            a, input.name(), input.name()));
        if (*extent < 0 || *extent > kMostExtent) throw ShapeError(fmt::format("an extent of {}", *extent));
        shape.push_back(*extent);
    }
    if (plan.forced && batch != plan.axes.end()) shape[static_cast<std::size_t>(batch->second)] = plan.extent;
    return shape;
}

}  // namespace infsim::graph::onnx_import
