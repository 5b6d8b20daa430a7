#include "graph/onnx_import.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.hpp"
#include "graph/external_file.hpp"
#include "graph/onnx/batch.hpp"
#include "graph/onnx/importer.hpp"
#include "graph/onnx/subgraph.hpp"
#include "graph/passes.hpp"

namespace infsim::graph {
namespace onnx_import {
namespace {

constexpr std::int64_t kOldestOpset = 6;  // before it, shapes were attributes of Reshape
constexpr std::int64_t kNewestOpset = 26;
/// The extent that a batch gets to see which axes follow it; a prime, so that no reshape takes it apart.
constexpr std::int64_t kTrialBatch = 3;

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

/// What is wrong with the operators of the graph itself, without converting any; those of its functions and subgraphs
/// are looked at where they are taken.
void check_ops(const OnnxFile& file, Problems& problems) {
    const auto opset = opset_of(file);
    const auto& graph = file.model.graph();
    for (int i = 0; i < graph.node_size(); ++i) {
        const auto& node = graph.node(i);
        if (find_function(file, node) != nullptr) continue;
        if (const auto why = unsupported(node, opset); !why.empty()) problems.add(file.path, located(node, i), why);
    }
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
                  {},
                  {},
                  {}} {
        import_.convert = [this](const ::onnx::NodeProto& node, int position) { convert(node, position); };
    }

    /// Shapes by name at the batch extent `trial`, of a run that may have failed in part.
    void expect(std::map<std::string, Shape> shapes, std::int64_t trial) {
        import_.builder.expect(std::move(shapes), trial);
    }
    std::map<std::string, Shape> shapes() const {
        std::map<std::string, Shape> all;
        for (const auto& tensor : import_.builder.graph().tensors) all[tensor.name] = tensor.shape;
        return all;
    }

    /// Adds inputs, constants and nodes.
    void convert_all() {
        collect_used(file_.model.graph(), import_.used);
        add_initializers();
        for (const auto* input : true_inputs(file_)) add_input(*input);
        const auto& nodes = file_.model.graph().node();
        for (int i = 0; i < nodes.size(); ++i) convert(nodes[i], i);
    }

    Graph graph() {
        convert_all();
        std::vector<std::pair<TensorId, std::string>> outputs;
        for (const auto& output : file_.model.graph().output()) {
            const auto found = import_.tensors.find(output.name());
            if (found != import_.tensors.end()) outputs.emplace_back(found->second, output.name());
            else if (import_.lost.count(output.name()) == 0)
                problems_.add(file_.path, fmt::format("output '{}'", output.name()), "no node computes it");
        }
        if (!problems_.empty()) return {};
        auto graph = import_.builder.finish(outputs);
        if (absent_ > 0) graph.notices.push_back(absent_notice(file_.path, absent_, absent_location_));
        for (const auto& note : import_.notes) graph.notices.push_back(fmt::format("{}: {}", file_.path, note));
        return graph;
    }

private:
    void add_initializers() {
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

    void note_absent(const ::onnx::TensorProto& tensor) {
        if (++absent_ > 1) return;
        for (const auto& entry : tensor.external_data())
            if (entry.key() == "location") absent_location_ = entry.value();
    }

    void add_input(const ::onnx::ValueInfoProto& input) {
        try {
            if (!input.type().has_tensor_type()) throw ShapeError("is no tensor");
            const auto& type = input.type().tensor_type();
            const auto dtype = element_type(type.elem_type());
            if (!dtype)
                throw ShapeError(fmt::format("element type {} is not supported", element_type_name(type.elem_type())));
            const auto bound = options_.bound_inputs.find(input.name());
            // Old exporters write 0 for what is open: a list has as many values as are given.
            const bool open_list = type.shape().dim_size() == 1 && type.shape().dim(0).dim_value() <= 0;
            const Shape shape = bound != options_.bound_inputs.end() && open_list
                                    ? Shape{static_cast<std::int64_t>(bound->second.size())}
                                    : input_shape(input, plan_, options_);
            if (bound == options_.bound_inputs.end()) {
                const auto axis = plan_.axes.find(input.name());
                // A model that is one whole has no items, but depends on its inputs.
                const int batch_axis = axis != plan_.axes.end() ? axis->second : plan_.items ? -1 : 0;
                import_.tensors[input.name()] = import_.builder.input(input.name(), shape, *dtype, batch_axis);
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
        try {
            if (proto.output_size() == 0) throw ShapeError("has no outputs");
            if (const auto* function = find_function(file_, proto)) return inline_function(import_, proto, *function);
            if (const auto why = unsupported(proto, import_.opset); !why.empty()) throw ShapeError(why);
            OnnxNode node(import_, proto);
            converter_of(proto)(node);
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
    std::int64_t absent_ = 0;  ///< constants whose file is not there
    std::string absent_location_;
};

/// The model at another batch: the shapes that its own arithmetic gives there show which axis of a reshaped tensor is
/// the batch where extents of 1 do not.
struct Trial {
    std::map<std::string, Shape> shapes;
    bool valid = false;  ///< the model exists at that batch
};

Trial at_trial_batch(const OnnxFile& file, const ImportOptions& options, const BatchPlan& plan) {
    Problems found;
    BatchPlan trial = plan;
    trial.extent = kTrialBatch;
    trial.items = false;
    Run run(file, options, trial, found);
    run.convert_all();
    return {run.shapes(), found.empty()};
}

}  // namespace
}  // namespace onnx_import

Graph import_onnx(const std::string& path, const ImportOptions& options) {
    using namespace onnx_import;
    const auto file = read_onnx(path);
    Problems problems;
    check_ops(file, problems);
    check_extents(file, options, problems);
    problems.throw_if_any();
    auto plan = plan_batch(file, options);
    Run run(file, options, plan, problems);
    bool at_any_batch = !plan.open;
    if (plan.open && plan.items && plan.extent == 1) {
        auto trial = at_trial_batch(file, options, plan);
        at_any_batch = trial.valid;
        run.expect(std::move(trial.shapes), kTrialBatch);
    }
    auto graph = run.graph();
    problems.throw_if_any();
    if (plan.items && !graph.batchable && plan.extent != 1) {
        // Shapes of an item make no sense here: take the model as it was exported.
        plan.items = false;
        plan.why_whole = graph.why_not_batchable;
        graph = Run(file, options, plan, problems).graph();
        problems.throw_if_any();
    }
    if (!plan.why_whole.empty()) graph.why_not_batchable = plan.why_whole;
    if (options.batch == ImportOptions::Batch::auto_leading && !graph.batchable && at_any_batch)
        batch_of_wholes(graph, plan.open);
    if (options.optimize) optimize(graph);
    return graph;
}

}  // namespace infsim::graph
