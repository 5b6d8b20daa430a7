#include "graph/onnx/run.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.hpp"
#include "graph/external_file.hpp"
#include "graph/onnx/subgraph.hpp"

namespace infsim::graph::onnx_import {
namespace {

constexpr std::int64_t kOldestOpset = 6;  // before it, shapes were attributes of Reshape
constexpr std::int64_t kNewestOpset = 26;

/// The name of the graph's output for this tensor; adds one called `name` if there is none yet.
std::string output_of(TensorId id, const std::string& name, std::vector<std::pair<TensorId, std::string>>& outputs) {
    const auto same = std::find_if(outputs.begin(), outputs.end(), [&](const auto& o) { return o.first == id; });
    if (same != outputs.end()) return same->second;
    outputs.emplace_back(id, name);
    return name;
}

std::string host_notice(const HostTail& tail) {
    constexpr std::size_t kMostNamed = 8;
    std::vector<std::string> names;
    for (const auto& step : tail.steps)
        if (names.size() < kMostNamed) names.push_back(fmt::format("'{}' ({})", step.name, step.op));
    const auto more = tail.steps.size() - names.size();
    return fmt::format("{}: {} {} on the host, which read {} elements per item: {}{}", tail.file, tail.steps.size(),
                       tail.steps.size() == 1 ? "node runs" : "nodes run", tail.elements(), join(names, ", "),
                       more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

std::string located(const ::onnx::NodeProto& node, int position) {
    const auto name = !node.name().empty() ? node.name() : fmt::format("number {}", position);
    return fmt::format("node '{}' ({})", name, node.op_type());
}

std::int64_t opset_of(const OnnxFile& file) {
    for (const auto& import : file.model.opset_import()) {
        if (!import.domain().empty() && import.domain() != "ai.onnx") continue;
        if (import.version() < kOldestOpset || import.version() > kNewestOpset)
            throw InputError(
                file.path, "",
                fmt::format("has opset {}; supported: {} to {}", import.version(), kOldestOpset, kNewestOpset));
        return import.version();
    }
    throw InputError(file.path, "", "names no opset of the default domain");
}

Run::Run(const OnnxFile& file, const ImportOptions& options, const BatchPlan& plan, Problems& problems,
         const SourceValues* values)
    : file_(file),
      options_(options),
      plan_(plan),
      problems_(problems),
      import_{file,
              opset_of(file),
              GraphBuilder(std::filesystem::path(file.path).stem().string(), plan.extent, plan.items),
              {},
              {},
              {},
              {},
              {}},
      host_(file, import_.opset, options.host_operators, values) {
    import_.convert = [this](const ::onnx::NodeProto& node, int position) { convert(node, position); };
}

std::map<std::string, Shape> Run::shapes() const {
    std::map<std::string, Shape> all;
    for (const auto& tensor : import_.builder.graph().tensors) all[tensor.name] = tensor.shape;
    return all;
}

void Run::convert_all() {
    collect_used(file_.model.graph(), import_.used);
    add_initializers();
    for (const auto* input : true_inputs(file_)) add_input(*input);
    const auto& nodes = file_.model.graph().node();
    for (int i = 0; i < nodes.size(); ++i) convert(nodes[i], i);
}

Graph Run::graph() {
    convert_all();
    std::vector<std::pair<TensorId, std::string>> outputs;
    for (const auto& output : file_.model.graph().output()) {
        if (host_.makes(output.name())) continue;
        const auto found = import_.tensors.find(output.name());
        if (found != import_.tensors.end()) outputs.emplace_back(found->second, output.name());
        else if (import_.lost.count(output.name()) == 0)
            problems_.add(file_.path, fmt::format("output '{}'", output.name()), "no node computes it");
    }
    if (!problems_.empty()) return {};
    auto tail = host_.empty() ? std::nullopt : std::optional(host_tail(outputs));
    auto graph = import_.builder.finish(outputs);
    if (tail) {
        graph.notices.push_back(host_notice(*tail));
        graph.host = std::make_shared<const HostTail>(std::move(*tail));
    }
    if (absent_ > 0) graph.notices.push_back(absent_notice(file_.path, absent_, absent_location_));
    auto notes = import_.notes;
    notes.insert(host_.notes().begin(), host_.notes().end());
    for (const auto& note : notes) graph.notices.push_back(fmt::format("{}: {}", file_.path, note));
    return graph;
}

std::vector<HostResult> Run::host_results() {
    convert_all();
    std::vector<HostResult> results;
    if (!problems_.empty()) return results;
    for (const auto& output : file_.model.graph().output())
        if (host_.makes(output.name())) results.push_back(host_.result(output.name()));
    return results;
}

/// The tail; makes its sources outputs of the graph, unless they are outputs or inputs already.
HostTail Run::host_tail(Outputs& outputs) const {
    HostTail tail;
    tail.file = file_.path;
    tail.options = options_;
    tail.steps = host_.steps(plan_.extent);
    for (const auto& output : file_.model.graph().output())
        tail.results.push_back({output.name(), host_.makes(output.name()), host_.open(output.name())});
    for (const auto& name : host_.sources()) {
        const auto id = import_.tensors.at(name);
        const auto& tensor = import_.builder.graph().tensor(id);
        HostTail::Source source{name, tensor.name, tensor.kind == TensorKind::input, 1};
        if (const auto place = import_.builder.facts(id).place) {
            source.rows = place->before;
            for (int a = 0; a < place->axis; ++a) source.rows *= tensor.shape[static_cast<std::size_t>(a)];
        }
        if (!source.input) source.tensor = output_of(id, name, outputs);
        tail.sources.push_back(std::move(source));
    }
    return tail;
}

void Run::add_initializers() {
    if (file_.model.graph().sparse_initializer_size() > 0)
        problems_.add(file_.path, "", "sparse initializers are not supported");
    for (const auto& tensor : file_.model.graph().initializer()) {
        if (import_.used.count(tensor.name()) == 0) continue;
        try {
            auto loaded = load_tensor(file_, tensor, true);
            if (std::holds_alternative<Absent>(loaded.value)) note_absent(tensor);
            import_.tensors[tensor.name()] =
                import_.builder.constant(tensor.name(), loaded.shape, loaded.dtype, std::move(loaded.value));
        } catch (const ShapeError& error) {
            problems_.add(file_.path, fmt::format("initializer '{}'", tensor.name()), error.what());
            import_.lost.insert(tensor.name());
        }
    }
}

void Run::note_absent(const ::onnx::TensorProto& tensor) {
    if (++absent_ > 1) return;
    for (const auto& entry : tensor.external_data())
        if (entry.key() == "location") absent_location_ = entry.value();
}

void Run::add_input(const ::onnx::ValueInfoProto& input) {
    try {
        if (!input.type().has_tensor_type()) throw ShapeError("is no tensor");
        const auto& type = input.type().tensor_type();
        const auto dtype = element_type(type.elem_type());
        if (!dtype)
            throw ShapeError(fmt::format("element type {} is not supported", element_type_name(type.elem_type())));
        const auto bound = options_.bound_inputs.find(input.name());
        // Old exporters write 0 for an open extent: a list has as many values as are given.
        const bool open_list = type.shape().dim_size() == 1 && type.shape().dim(0).dim_value() <= 0;
        const Shape shape = bound != options_.bound_inputs.end() && open_list
                                ? Shape{static_cast<std::int64_t>(bound->second.size())}
                                : input_shape(input, plan_, options_);
        if (bound == options_.bound_inputs.end()) {
            const auto axis = plan_.axes.find(input.name());
            // A model that is a whole has no items, but depends on its inputs.
            const int batch_axis = axis != plan_.axes.end() ? axis->second : plan_.items ? -1 : 0;
            import_.tensors[input.name()] = import_.builder.input(input.name(), shape, *dtype, batch_axis);
            return;
        }
        if (element_count(shape) != static_cast<std::int64_t>(bound->second.size()))
            throw ShapeError("is given a number of values that does not match its shape");
        import_.tensors[input.name()] = import_.builder.small(input.name(), shape, *dtype, bound->second);
    } catch (const ShapeError& error) {
        problems_.add(file_.path, fmt::format("input '{}'", input.name()), error.what());
        import_.lost.insert(input.name());
    }
}

void Run::convert(const ::onnx::NodeProto& proto, int position) {
    try {
        if (proto.output_size() == 0) throw ShapeError("has no outputs");
        if (host_.takes(proto, import_)) return host_.convert(proto, located(proto, position), import_);
        if (const auto* function = find_function(file_, proto)) return inline_function(import_, proto, *function);
        if (const auto why = unsupported(proto, import_.opset); !why.empty()) throw ShapeError(why);
        OnnxNode node(import_, proto);
        converter_of(proto)(node);
        node.check_attributes_known();
        return;
    } catch (const ShapeError& error) {
        problems_.add(file_.path, located(proto, position), error.what());
    } catch (const LostInput&) {
        // The earlier node that failed has been reported.
    }
    for (const auto& name : proto.output()) import_.lost.insert(name);
}

}  // namespace infsim::graph::onnx_import
