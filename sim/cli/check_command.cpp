#include <filesystem>
#include <iostream>

#include "base/json.hpp"
#include "calibration/constants.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/point_options.hpp"
#include "explore/serving_sweep.hpp"
#include "explore/sweep.hpp"
#include "flow/point/compiler_file.hpp"
#include "flow/point/paths.hpp"
#include "flow/point/point.hpp"
#include "flow/run/prices.hpp"
#include "flow/run/run_point.hpp"
#include "flow/service/serve.hpp"
#include "hw/load.hpp"

namespace infsim::cli {

namespace {

using Words = std::vector<std::string>;

enum class Kind { sweep, scenario, chip, compiler, prices, calibration, model, schema };

/// The kind of a JSON file, by the members that only this kind has.
Kind kind_of(const json::Value& root) {
    if (!root.is_object()) return Kind::model;
    const json::Object& object = root.as_object();
    if (object.find("$defs") || object.find("properties")) return Kind::schema;
    if (const json::Value* base = object.find("base"); base && base->is_string()) return Kind::chip;  // a variant
    if (object.find("server") || object.find("policy") || object.find("load")) return Kind::scenario;
    if (object.find("axes") || object.find("question") || object.find("base")) return Kind::sweep;
    if (object.find("state_buffer") || object.find("pe") || object.find("dram")) return Kind::chip;
    if (object.find("prices")) return Kind::prices;
    if (object.find("free")) return Kind::calibration;
    for (const char* group : {"batch", "order", "tile", "replicate", "stem", "place", "prefetch", "spill",
                              "rematerialize", "search", "passes", "skip_passes"})
        if (object.find(group)) return Kind::compiler;
    return Kind::model;
}

/// Resolves every point of a sweep and reads the files it names. Each problem is reported once.
std::string check_sweep(const json::Document& document, flow::ModelCache& models, Problems& problems) {
    const auto sweep = explore::read_sweep(document, {}, problems);
    if (!sweep) return "";
    if (explore::is_serving(*sweep))
        return "sweep of " + std::to_string(explore::plan_points(*sweep, models, problems).size()) + " scenarios";
    const auto points = explore::check_points(*sweep, models, problems);
    return "sweep of " + std::to_string(points) + " points";
}

/// How thoroughly a file is checked.
struct Depth {
    flow::Extents extents;
    bool compile = true;  ///< a model must also compile and fit at batch 1
};

/// Compiles a model at batch 1 as `run` does without further options.
void check_compiles(const std::string& path, const Depth& depth, flow::ModelCache& models, Problems& problems) {
    flow::PointRequest request;
    request.model = path;
    request.extents = depth.extents;
    const auto point = flow::resolve(request, models, problems);
    if (!point) return;
    try {
        if (const auto refusal = flow::refusal_of(*point))
            problems.add(path, "", "does not fit at batch 1: " + refusal->text);
    } catch (const InputError& error) {
        for (const Problem& p : error.problems()) problems.add(p);
    }
}

std::string check_model(const std::string& path, const Depth& depth, flow::ModelCache& models, Problems& problems) {
    const auto compiler = flow::load_compiler(flow::default_compiler_path(), {}, problems);
    const auto* entry = models.load(path, depth.extents, compiler.host_operators, problems);
    if (!entry) return "";
    if (depth.compile) check_compiles(path, depth, models, problems);
    return "model " + entry->graph.name + ", " + std::to_string(entry->graph.nodes.size()) + " nodes" +
           (entry->graph.batchable ? "" : ", batch 1 only: " + entry->graph.why_not_batchable);
}

/// A description of the file for people; empty if something is wrong with it.
std::string check_file(const std::string& path, const Depth& depth, flow::ModelCache& models, Problems& problems) {
    if (std::filesystem::path(path).extension() != ".json") return check_model(path, depth, models, problems);
    Problems found;
    const auto document = json::parse_file(path, found);
    if (!document) {
        for (const Problem& p : found.list()) problems.add(p);
        return "";
    }
    switch (kind_of(document->root)) {
        case Kind::sweep: return check_sweep(*document, models, problems);
        case Kind::scenario: {
            const auto plan = flow::plan_serving(path, {}, models, problems);
            return plan ? "scenario, " + plan->scenario.load_kind + " load on " + plan->model_name : "";
        }
        case Kind::chip: {
            const auto chip = hw::load_chip(path, {}, problems);
            return chip ? "chip " + chip->spec.name + ", " + std::to_string(chip->spec.cores) + " cores" : "";
        }
        case Kind::prices: {
            const auto list = flow::read_prices(*document, problems);
            return list ? "list of " + std::to_string(list->prices.size()) + " prices" : "";
        }
        case Kind::calibration: {
            const auto free = calibration::read_free_constants(path, problems);
            return "list of " + std::to_string(free.constants.size()) + " free constants";
        }
        case Kind::compiler: return "compiler profile " + flow::load_compiler(path, {}, problems).name;
        case Kind::model: return check_model(path, depth, models, problems);
        case Kind::schema:
            problems.add(path, "", "is a JSON schema, which editors read and infsim does not");
            return "";
    }
    return "";
}

}  // namespace

int run_check_command(const Arguments& arguments) {
    po::options_description checks("Checks");
    checks.add_options()("fast", "only read the files, compile no model");
    const Syntax syntax{"check FILE...",
                        "Reads chip, compiler, calibration, sweep, scenario, price and model files, compiles the "
                        "models at batch 1 for the default chip, and reports all problems of all files together.",
                        {checks, extents_group(), common_group()},
                        {},
                        "file"};
    const auto values = parse(syntax, arguments);
    if (!values) return kDone;
    Console console(*values);
    if (values->count("file") == 0) throw InputError("", "FILE", "is missing: nothing to check");
    Problems problems;
    const Depth depth{extents_of(*values, problems), values->count("fast") == 0};
    flow::ModelCache models(console.notice());
    for (const std::string& path : (*values)["file"].as<Words>()) {
        const std::size_t before = problems.list().size();
        const std::string what = check_file(path, depth, models, problems);
        if (problems.list().size() == before) std::cout << path << ": ok, " << what << "\n";
    }
    problems.throw_if_any();
    return kDone;
}

}  // namespace infsim::cli
