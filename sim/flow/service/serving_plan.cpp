#include <algorithm>
#include <set>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "flow/point/compiler_file.hpp"
#include "flow/point/paths.hpp"
#include "flow/run/closed_loop.hpp"
#include "flow/run/host_tail.hpp"
#include "flow/service/serve.hpp"
#include "hw/derived.hpp"
#include "hw/load.hpp"

namespace infsim::flow {

namespace {

using serving::Scenario;

constexpr std::string_view kServer = "server.";

bool is_server_extents(const Setting& s) {
    return s.key.rfind(kServer, 0) == 0 && is_extents_key(s.key.substr(kServer.size()));
}

bool reaches_into_files(const Setting& s) { return s.key.rfind("chip.", 0) == 0 || s.key.rfind("compiler.", 0) == 0; }

/// Removes server.dims and server.inputs from a scenario: extents concern compilation, which this file handles.
/// Settings of the command line win.
Extents take_extents(json::Document& document, const std::vector<Setting>& settings, Problems& problems) {
    Extents extents;
    json::Value* server = document.root.is_object() ? document.root.as_object().find("server") : nullptr;
    if (server != nullptr && server->is_object()) {
        json::Object rest;
        for (const auto& [key, value] : server->as_object())
            if (is_extents_key(key)) set_extents(extents, {key, value, document.file, "/server/" + key}, problems);
            else rest.set(key, value);
        *server = std::move(rest);
    }
    for (Setting s : settings)
        if (is_server_extents(s)) {
            s.key.erase(0, kServer.size());
            set_extents(extents, s, problems);
        }
    return extents;
}

/// The request of one compiled size. Paths are relative to the file that names them, or to the current folder if the
/// command line names them.
PointRequest request_of(const Scenario& scenario, const std::vector<Setting>& settings, const Extents& extents,
                        int batch) {
    const auto path = [&](const char* key, const std::string& value) {
        const auto last =
            std::find_if(settings.rbegin(), settings.rend(), [&](const Setting& s) { return s.key == key; });
        const std::string& file = last == settings.rend() ? scenario.file : last->file;
        return file.empty() ? value : relative_to_file(value, file);
    };
    PointRequest r;
    r.extents = extents;
    r.model = path("server.model", scenario.served.model);
    r.chip = path("server.chip", scenario.served.chip);
    r.compiler = path("server.compiler", scenario.served.compiler);
    r.dtype = parse_dtype(scenario.served.dtype).value_or(DType::fp16);
    r.io_dtype = parse_dtype(scenario.served.io_dtype);
    r.batch = batch;
    for (const Setting& s : settings)
        if (reaches_into_files(s)) r.settings.push_back(s);
    return r;
}

/// Problems of the composition get their place in the scenario file.
Problem located(Problem problem, const Scenario& scenario) {
    if (!problem.file.empty() || problem.where.rfind("--set", 0) == 0) return problem;
    problem.file = scenario.file;
    problem.where = problem.where == "batch" ? "/server/batches" : "/server/" + problem.where;
    return problem;
}

/// Reports each problem once, although every compiled size has it.
void add_once(const Problems& found, const Scenario& scenario, Problems& problems) {
    for (const Problem& p : found.list()) {
        const Problem next = located(p, scenario);
        const auto& list = problems.list();
        if (std::none_of(list.begin(), list.end(), [&](const Problem& q) { return to_text(q) == to_text(next); }))
            problems.add(next);
    }
}

/// Static weights stay on a core only as long as it runs nothing else.
void refuse_static_weights(const ServingPlan& plan, Problems& problems) {
    const bool keeps = plan.points.front().compiler.static_weights;
    if (keeps && plan.points.size() > 1)
        problems.add(plan.scenario.file, "/server/compiler",
                     "has place.static_weights, which keeps the weights of one program on a core; this server has " +
                         std::to_string(plan.points.size()) + " batch sizes");
}

/// Sets the cores, overheads and outstanding inferences that the scenario leaves to the chip. `item_bytes`: an item's
/// inputs and outputs.
void complete(Scenario& scenario, const hw::ChipSpec& chip, Bytes item_bytes, Problems& problems) {
    const auto problem = [&](const char* where, const std::string& what) { problems.add(scenario.file, where, what); };
    serving::Run& run = scenario.run;
    serving::Server& server = run.server;
    server.cores_per_chip = scenario.served.cores == 0 ? chip.cores : scenario.served.cores;
    if (scenario.served.cores > chip.cores)
        problem("/server/cores", "must be from 1 to the " + std::to_string(chip.cores) + " of chip " + chip.name +
                                     ", and is " + std::to_string(scenario.served.cores) +
                                     more_cores(scenario.served.cores));
    run.host.per_inference = scenario.per_inference.value_or(chip.host.call_overhead);
    run.host.per_batch_item = hw::call_time(chip.host, 1, item_bytes) - chip.host.call_overhead;
    if (chip.host.threads) run.host.threads = *chip.host.threads * server.chips;
    run.host.jitter = kCallJitter;
    const auto* closed = std::get_if<serving::ClosedLoop>(&run.load);
    const bool neuron_perf = closed != nullptr && scenario.load_kind == "closed";
    if (neuron_perf && closed->models > server.cores())
        problem("/load/models", "must be at most the server's cores, " + std::to_string(server.cores()) +
                                    ": a copy of the model per core");
    else if (neuron_perf && closed->models < server.cores()) {
        if (server.chips > 1)
            problem("/load/models",
                    "must be all " + std::to_string(server.cores()) + " cores if there are several chips");
        else server.cores_per_chip = closed->models;
    }
    const int by_default = neuron_perf ? closed->workers : 2;
    if (scenario.served.beyond_cores) {
        server.outstanding_in_all = server.cores() + *scenario.served.outstanding;
        server.outstanding_per_core = server.outstanding_in_all;
    } else {
        server.outstanding_per_core = scenario.served.outstanding.value_or(by_default);
    }
    if (scenario.live != serving::Live::no && server.chips > 1)
        problem("/live", "drives one chip, and the server has " + std::to_string(server.chips));
}

std::string identity(const ServingPlan& plan, const json::Value& document) {
    json::Array programs;
    for (const ServedProgram& p : plan.programs) programs.emplace_back(p.id);
    json::Object what = document.as_object();
    json::Object kept;
    for (const auto& [key, value] : what)
        if (key != "question" && key != "published" && key != "server") kept.set(key, value);
    const serving::Server& s = plan.scenario.run.server;
    json::Array sizes;
    for (int size : s.sizes) sizes.emplace_back(size);
    json::Array trace;
    if (const auto* t = std::get_if<serving::Trace>(&plan.scenario.run.load))
        for (const serving::Arrival& a : t->arrivals) {
            trace.emplace_back(static_cast<std::int64_t>(a.at.time_since_epoch().count()));
            trace.emplace_back(a.items);
        }
    const json::Value all = json::Object{{"epoch", kResultsEpoch},
                                         {"serving_epoch", 3},
                                         {"programs", std::move(programs)},
                                         {"scenario", std::move(kept)},
                                         {"chips", s.chips},
                                         {"cores", s.cores_per_chip},
                                         {"sizes", std::move(sizes)},
                                         {"outstanding", s.outstanding_per_core},
                                         {"outstanding_in_all", s.outstanding_in_all},
                                         {"call_ps", plan.scenario.run.host.per_inference.count()},
                                         {"trace", std::move(trace)}};
    return hex_text(hash64(json::dump_canonical(all)));
}

std::vector<int> all_sizes(const Scenario& scenario) {
    std::set<int> sizes(scenario.run.server.sizes.begin(), scenario.run.server.sizes.end());
    if (scenario.search) {
        if (!scenario.search->candidates.empty()) sizes.clear();
        sizes.insert(scenario.search->candidates.begin(), scenario.search->candidates.end());
    }
    return {sizes.begin(), sizes.end()};
}

void add_programs(ServingPlan& plan, const std::vector<Setting>& settings, const Extents& extents, ModelCache& models,
                  Problems& problems) {
    for (int batch : all_sizes(plan.scenario)) {
        Problems found;
        const PointRequest request = request_of(plan.scenario, settings, extents, batch);
        auto point = resolve(request, models, found);
        add_once(found, plan.scenario, problems);
        if (!point) continue;
        plan.programs.push_back({request, point->id, batch});
        plan.points.push_back(std::move(*point));
    }
}

}  // namespace

std::optional<ServingPlan> plan_serving(const std::string& path, const std::vector<Setting>& settings,
                                        ModelCache& models, Problems& problems) {
    Problems found;
    std::vector<serving::Override> overrides;
    for (const Setting& s : settings)
        if (!reaches_into_files(s) && !is_server_extents(s)) overrides.push_back(s);
    ServingPlan plan;
    auto document = json::parse_file(path, found);
    const Extents extents = document ? take_extents(*document, settings, found) : Extents{};
    auto scenario = document ? serving::read_scenario(*document, overrides, found) : std::nullopt;
    if (scenario && !scenario->served.model.empty()) {
        plan.scenario = std::move(*scenario);
        add_programs(plan, settings, extents, models, found);
    }
    if (found.empty() && !plan.points.empty()) {
        const Point& any = plan.points.front();
        plan.chip = any.chip;
        plan.model_name = any.model_name;
        plan.dtype = dtype_name(any.dtype);
        plan.compiler = any.compiler.name;
        refuse_static_weights(plan, found);
        complete(plan.scenario, plan.chip, host_bytes_per_item(any), found);
    }
    for (const Problem& p : found.list()) problems.add(p);
    if (!found.empty()) return std::nullopt;
    plan.id = identity(plan, serving::with_overrides(document->root, overrides));
    return plan;
}

std::vector<std::size_t> held(const ServingPlan& plan, const std::vector<int>& sizes) {
    std::vector<std::size_t> indices;
    for (std::size_t p = 0; p < plan.programs.size(); ++p)
        if (std::find(sizes.begin(), sizes.end(), plan.programs[p].batch) != sizes.end()) indices.push_back(p);
    return indices;
}

}  // namespace infsim::flow
