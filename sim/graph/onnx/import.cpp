#include "graph/onnx_import.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

#include "graph/onnx/run.hpp"
#include "graph/onnx/subgraph.hpp"
#include "graph/passes.hpp"

namespace infsim::graph {
namespace onnx_import {
namespace {

/// The batch extent of a trial that shows which axes follow the batch; a prime, so that no reshape can split it.
constexpr std::int64_t kTrialBatch = 3;

/// Reports unsupported operators of the main graph without converting any; those of functions and subgraphs are checked
/// when they are inlined. Host operators are only listed next to other problems; otherwise they are checked at
/// conversion, since on constants they fold.
void check_ops(const OnnxFile& file, const ImportOptions& options, Problems& problems) {
    const auto opset = opset_of(file);
    const auto& graph = file.model.graph();
    Problems found;
    bool any = false;
    for (int i = 0; i < graph.node_size(); ++i) {
        const auto& node = graph.node(i);
        if (find_function(file, node) != nullptr) continue;
        const auto& type = node.op_type();
        const auto& of_host = host_operators();
        auto why = unsupported(node, opset);
        any = any || !why.empty();
        if (why.empty() && type != "NonZero" && options.host_operators.count(type) == 0 &&
            std::find(of_host.begin(), of_host.end(), type) != of_host.end())
            why = needs_host(type);
        if (!why.empty()) found.add(file.path, located(node, i), why);
    }
    if (!any) return;
    for (const Problem& p : found.list()) problems.add(p);
}

/// Input names must be unique, because options and messages refer to inputs by name.
void check_names(const OnnxFile& file, Problems& problems) {
    std::set<std::string> names;
    for (const auto* input : true_inputs(file))
        if (!names.insert(input->name()).second)
            problems.add(file.path, fmt::format("input '{}'", input->name()), "another input has that name");
}

/// The model at another batch: the shapes from the model's own arithmetic show which axis of a reshaped tensor is the
/// batch if extents of 1 do not.
struct Trial {
    std::map<std::string, Shape> shapes;
    bool valid = false;  ///< the model is valid at that batch
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
    check_ops(file, options, problems);
    check_names(file, problems);
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
    if (graph.host) {
        // Shapes written in the model may hold only at the file's batch: then the host runs item by item.
        auto tail = *graph.host;
        tail.whole_batch = plan.items && graph.batchable && (plan.extent != 1 || (plan.open && at_any_batch));
        graph.host = std::make_shared<const HostTail>(std::move(tail));
    }
    if (!plan.why_whole.empty()) graph.why_not_batchable = plan.why_whole;
    if (options.batch == ImportOptions::Batch::auto_leading && !graph.batchable && at_any_batch)
        batch_of_wholes(graph, plan.open);
    if (graph.host && graph.outputs.empty()) graph.nodes.clear();  // the host reads nothing from the chip
    else if (options.optimize) optimize(graph);
    return graph;
}

}  // namespace infsim::graph
