#include "graph/onnx_import.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "base/text.hpp"
#include "graph/onnx/importer.hpp"
#include "graph/passes.hpp"

namespace infsim::graph {
namespace onnx_import {
namespace {

constexpr std::int64_t kOldestOpset = 6;  // before it, shapes were attributes of Reshape
constexpr std::int64_t kNewestOpset = 20;

/// How the leading axes of the inputs are taken.
struct BatchPlan {
    std::int64_t extent = 1;
    bool items = true;
    std::string why_whole;
};

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
                fmt::format("is of opset {}; supported are {} to {}", import.version(), kOldestOpset, kNewestOpset));
        return import.version();
    }
    throw InputError(file.path, "", "names no opset of the default domain");
}

void check_ops(const OnnxFile& file, Problems& problems) {
    const auto& graph = file.model.graph();
    for (int i = 0; i < graph.node_size(); ++i) {
        const auto& node = graph.node(i);
        if (!node.domain().empty() && node.domain() != "ai.onnx")
            problems.add(file.path, located(node, i),
                         fmt::format("operators of domain '{}' are not supported", node.domain()));
        else if (converters().count(node.op_type()) == 0)
            problems.add(file.path, located(node, i), fmt::format("operator '{}' is not supported", node.op_type()));
    }
}

std::vector<const ::onnx::ValueInfoProto*> true_inputs(const OnnxFile& file) {
    std::set<std::string> initializers;
    for (const auto& tensor : file.model.graph().initializer()) initializers.insert(tensor.name());
    std::vector<const ::onnx::ValueInfoProto*> inputs;
    for (const auto& input : file.model.graph().input())
        if (initializers.count(input.name()) == 0) inputs.push_back(&input);
    return inputs;
}

bool symbolic(const ::onnx::TensorShapeProto::Dimension& d) { return !d.has_dim_value(); }

/// The batch of a model: every input's leading axis, symbolic or of one and the same extent.
BatchPlan plan_batch(const OnnxFile& file, const ImportOptions& options) {
    BatchPlan plan;
    plan.items = options.batch == ImportOptions::Batch::auto_leading;
    if (!plan.items) return plan;
    const ::onnx::ValueInfoProto* first = nullptr;
    bool any_symbolic = false;
    for (const auto* input : true_inputs(file)) {
        if (options.bound_inputs.count(input->name()) != 0 || !input->type().has_tensor_type()) continue;
        const auto& shape = input->type().tensor_type().shape();
        if (shape.dim_size() == 0) return {1, false, fmt::format("input '{}' has no batch axis", input->name())};
        const bool open = symbolic(shape.dim(0)) && options.dims.count(shape.dim(0).dim_param()) == 0;
        const auto extent = open                     ? 1
                            : symbolic(shape.dim(0)) ? options.dims.at(shape.dim(0).dim_param())
                                                     : shape.dim(0).dim_value();
        any_symbolic = any_symbolic || open;
        if (first == nullptr) plan.extent = extent;
        if (extent != plan.extent)
            return {1, false,
                    fmt::format("the leading axes of inputs '{}' and '{}' differ ({} and {})", first->name(),
                                input->name(), plan.extent, extent)};
        first = first == nullptr ? input : first;
    }
    if (plan.extent < 1) return {1, false, "the leading axis of its inputs has no extent"};
    return plan;
}

/// The importer's run over one file with one way to take the batch.
class Run {
public:
    Run(const OnnxFile& file, const ImportOptions& options, const BatchPlan& plan, Problems& problems)
        : file_(file),
          options_(options),
          plan_(plan),
          problems_(problems),
          import_{file,
                  opset_of(file),
                  GraphBuilder(std::filesystem::path(file.path).stem().string(), plan.extent, plan.items),
                  {},
                  {},
                  {}} {}

    Graph graph() {
        collect_used();
        add_initializers();
        for (const auto* input : true_inputs(file_)) add_input(*input);
        const auto& nodes = file_.model.graph().node();
        for (int i = 0; i < nodes.size(); ++i) convert(nodes[i], i);
        std::vector<std::pair<TensorId, std::string>> outputs;
        for (const auto& output : file_.model.graph().output()) {
            const auto found = import_.tensors.find(output.name());
            if (found != import_.tensors.end()) outputs.emplace_back(found->second, output.name());
            else if (import_.lost.count(output.name()) == 0)
                problems_.add(file_.path, fmt::format("output '{}'", output.name()), "no node computes it");
        }
        if (!problems_.empty()) return {};
        return import_.builder.finish(outputs);
    }

private:
    void collect_used() {
        for (const auto& node : file_.model.graph().node())
            for (const auto& name : node.input()) import_.used.insert(name);
        for (const auto& output : file_.model.graph().output()) import_.used.insert(output.name());
    }

    void add_initializers() {
        if (file_.model.graph().sparse_initializer_size() > 0)
            problems_.add(file_.path, "", "sparse initializers are not supported");
        for (const auto& tensor : file_.model.graph().initializer()) {
            if (import_.used.count(tensor.name()) == 0) continue;
            try {
                auto loaded = load_tensor(file_, tensor);
                import_.tensors[tensor.name()] =
                    import_.builder.constant(tensor.name(), loaded.shape, loaded.dtype, std::move(loaded.value));
            } catch (const ShapeError& error) {
                problems_.add(file_.path, fmt::format("initializer '{}'", tensor.name()), error.what());
                import_.lost.insert(tensor.name());
            }
        }
    }

    std::int64_t extent(const std::string& input, int axis, const ::onnx::TensorShapeProto::Dimension& d) const {
        if (d.has_dim_value()) return d.dim_value();
        const auto given = options_.dims.find(d.dim_param());
        if (given != options_.dims.end()) return given->second;
        if (axis == 0) return plan_.extent;
        throw ShapeError(
            fmt::format("axis {} of '{}' has no extent{}; give it one", axis, input,
                        d.dim_param().empty() ? std::string() : fmt::format(", only the name '{}'", d.dim_param())));
    }

    void add_input(const ::onnx::ValueInfoProto& input) {
        try {
            if (!input.type().has_tensor_type()) throw ShapeError("is no tensor");
            const auto& type = input.type().tensor_type();
            const auto dtype = element_type(type.elem_type());
            if (!dtype)
                throw ShapeError(fmt::format("element type {} is not supported", element_type_name(type.elem_type())));
            if (!type.has_shape()) throw ShapeError("has no shape");
            Shape shape;
            for (int i = 0; i < type.shape().dim_size(); ++i)
                shape.push_back(extent(input.name(), i, type.shape().dim(i)));
            for (const auto e : shape)
                if (e < 0 || e > (std::int64_t{1} << 31)) throw ShapeError(fmt::format("an extent of {}", e));
            const auto bound = options_.bound_inputs.find(input.name());
            if (bound == options_.bound_inputs.end()) {
                import_.tensors[input.name()] = import_.builder.input(input.name(), shape, *dtype, true);
                return;
            }
            if (element_count(shape) != static_cast<std::int64_t>(bound->second.size()))
                throw ShapeError("is given another number of values than its shape has");
            import_.tensors[input.name()] = import_.builder.small(input.name(), shape, *dtype, bound->second);
        } catch (const ShapeError& error) {
            problems_.add(file_.path, fmt::format("input '{}'", input.name()), error.what());
            import_.lost.insert(input.name());
        }
    }

    void convert(const ::onnx::NodeProto& proto, int position) {
        OnnxNode node(import_, proto);
        try {
            if (proto.output_size() == 0) throw ShapeError("has no outputs");
            converters().at(proto.op_type())(node);
            node.check_attributes_known();
            return;
        } catch (const ShapeError& error) {
            problems_.add(file_.path, located(proto, position), error.what());
        } catch (const LostInput&) {
            // The node that failed before it has been reported.
        }
        for (const auto& name : proto.output()) import_.lost.insert(name);
    }

    const OnnxFile& file_;
    const ImportOptions& options_;
    BatchPlan plan_;
    Problems& problems_;
    Import import_;
};

}  // namespace
}  // namespace onnx_import

Graph import_onnx(const std::string& path, const ImportOptions& options) {
    using namespace onnx_import;
    const auto file = read_onnx(path);
    Problems problems;
    check_ops(file, problems);
    problems.throw_if_any();
    auto plan = plan_batch(file, options);
    auto graph = Run(file, options, plan, problems).graph();
    problems.throw_if_any();
    if (plan.items && !graph.batchable && plan.extent != 1) {
        // Shapes of an item make no sense here: take the model as it was exported.
        plan = {plan.extent, false, graph.why_not_batchable};
        graph = Run(file, options, plan, problems).graph();
        problems.throw_if_any();
    }
    if (!plan.why_whole.empty()) graph.why_not_batchable = plan.why_whole;
    if (options.optimize) optimize(graph);
    return graph;
}

}  // namespace infsim::graph
