#include "explore/serving_sweep.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "explore/axis_values.hpp"
#include "explore/measure.hpp"
#include "explore/result_folder.hpp"
#include "flow/point/paths.hpp"

namespace infsim::explore {

namespace {

using flow::Setting;

constexpr const char* kPrefix = "scenario.";

/// A point before its files are read.
struct Asked {
    std::vector<Setting> settings;
    std::vector<std::string> axis_values;
};

std::vector<Asked> crossed(const Sweep& sweep) {
    std::vector<Asked> all;
    for (const Choice& choice : choices(sweep)) {
        all.push_back({sweep.base, {}});
        for (std::size_t a = 0; a < choice.size(); ++a) {
            all.back().settings.push_back(setting_of(sweep.axes[a], choice[a]));
            all.back().axis_values.push_back(value_text(sweep.axes[a].values[choice[a]]));
        }
    }
    return all;
}

std::optional<flow::ServingPlan> plan_of(const Sweep& sweep, const Asked& asked, flow::ModelCache& models,
                                         Problems& problems) {
    std::string path;
    std::vector<Setting> settings;
    for (Setting s : asked.settings) {
        if (s.key == "scenario") {
            if (!s.value.is_string() || s.value.as_string().empty()) {
                problems.add(s.file, s.where,
                             "'scenario' must be text that names a file, and is " + std::string(s.value.kind()));
                return std::nullopt;
            }
            path = s.file.empty() ? s.value.as_string() : flow::relative_to_file(s.value.as_string(), sweep.file);
            continue;
        }
        if (s.key.rfind(kPrefix, 0) == 0) s.key = s.key.substr(std::string(kPrefix).size());
        settings.push_back(std::move(s));
    }
    auto plan = flow::plan_serving(path, settings, models, problems);
    if (plan && (plan->scenario.live != serving::Live::no || plan->scenario.search)) {
        problems.add(path, plan->scenario.live != serving::Live::no ? "/live" : "/search",
                     "is not possible in a sweep; infsim serve runs such a scenario on its own");
        return std::nullopt;
    }
    return plan;
}

record::ServingRecord run(const ServingPoint& point, const SweepOptions& options, const flow::Measure& measure) {
    const flow::ServingPlan& plan = point.plan;
    flow::ServiceTables tables(plan.programs, plan.chip.dram.channels, plan.chip.cores,
                               flow::ServiceStore(options.folder + "/service"), measure);
    tables.prepare();
    const std::string reason = flow::why_not(plan, tables, flow::held(plan, plan.scenario.run.server.sizes));
    if (!reason.empty()) return flow::infeasible_record(plan, reason);
    auto result = flow::serve_on_table(plan, plan.scenario, tables);
    result.offered_load = flow::offered_load(plan, plan.scenario, tables);
    return flow::record_of(plan, plan.scenario, result);
}

}  // namespace

std::vector<ServingPoint> plan_points(const Sweep& sweep, flow::ModelCache& models, Problems& problems) {
    std::vector<ServingPoint> points;
    std::vector<Problem> seen;
    for (const Asked& asked : crossed(sweep)) {
        Problems found;
        if (auto plan = plan_of(sweep, asked, models, found)) points.push_back({std::move(*plan), asked.axis_values});
        for (const Problem& p : found.list()) {
            if (std::any_of(seen.begin(), seen.end(), [&](const Problem& q) { return to_text(p) == to_text(q); }))
                continue;
            seen.push_back(p);
            problems.add(p);
        }
    }
    return points;
}

std::vector<ServingRow> run_serving_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress) {
    Problems problems;
    flow::ModelCache models([&](const std::string& line) { progress.note(line); });
    std::vector<ServingPoint> points = plan_points(sweep, models, problems);
    problems.throw_if_any();
    for (ServingPoint& point : points) point.plan.price = flow::price_of(options.prices, point.plan.chip.name);
    const ResultFolder folder(options.folder);
    Progress measuring = progress;
    const flow::Measure measure = measure_in_workers(options.running.worker_command, options.running.jobs, measuring);
    std::vector<ServingRow> rows;
    progress.start(points.size(), 0);
    for (const ServingPoint& point : points) {
        rows.push_back({point.axis_values, run(point, options, measure)});
        const record::ServingRecord& r = rows.back().record;
        progress.step(label_of(sweep, point.axis_values) + ": " + (r.status == "ok" ? r.verdict : r.status));
    }
    progress.finish();
    write_table(sweep, rows, options.folder, options.format);
    return rows;
}

}  // namespace infsim::explore
