#include "explore/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/check.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "explore/asking.hpp"
#include "explore/open_batch.hpp"
#include "explore/points.hpp"
#include "explore/process.hpp"
#include "explore/worker.hpp"
#include "flow/derived_columns.hpp"
#include "flow/run_point.hpp"

namespace infsim::explore {

namespace {

/// What a point is in this sweep: "batch=3 chip.state_buffer.partition_bytes=96KiB".
std::string label(const Sweep& sweep, const SweepPoint& point) {
    std::vector<std::string> parts;
    for (std::size_t a = 0; a < point.axis_values.size(); ++a)
        parts.push_back(sweep.axes[a].key + "=" + point.axis_values[a]);
    return parts.empty() ? "the point" : join(parts, " ");
}

std::string outcome(const record::RunRecord& r) {
    if (r.status != record::Status::ok) return std::string{record::status_name(r.status)} + ": " + r.reason;
    return number_text(static_cast<std::int64_t>(std::llround(*r.throughput_avg))) + " items/s";
}

/// Problems of the composition ("batch", "cores", ...) get the place in the sweep file that said so.
Problem located(const Sweep& sweep, const SweepPoint& point, Problem problem) {
    if (!problem.file.empty()) return problem;
    if (const auto source = source_of(sweep, point, problem.where)) {
        problem.file = source->file;
        problem.where = source->where;
    }
    return problem;
}

bool same(const Problem& a, const Problem& b) { return a.file == b.file && a.where == b.where && a.what == b.what; }

/// Collects problems of many points, each once.
class DistinctProblems {
public:
    void add(const Sweep& sweep, const SweepPoint& point, const std::vector<Problem>& problems) {
        for (const Problem& p : problems) {
            Problem next = located(sweep, point, p);
            const auto& list = all_.list();
            if (std::none_of(list.begin(), list.end(), [&](const Problem& q) { return same(next, q); }))
                all_.add(std::move(next));
        }
    }
    const Problems& all() const { return all_; }

private:
    Problems all_;
};

/// Everything that is to be run, checked: the points and the prepared part of their records.
struct Plan {
    std::vector<SweepPoint> points;
    std::vector<std::size_t> cells;           ///< of the points, where cells go to the limit
    std::vector<int> most;                    ///< batch that each of those may reach
    std::vector<record::RunRecord> prepared;  ///< what a failed point's record says, with its id
    std::vector<hw::EnergySpec> energies;     ///< of the points' chips
};

/// Adds the points that can be.
void add_points(const Sweep& sweep, const std::vector<AskedPoint>& asked, flow::ModelCache& models, Plan& plan,
                Problems& problems) {
    DistinctProblems distinct;
    for (const auto& [cell, point] : asked) {
        Problems found;
        const auto resolved = flow::resolve(point.request, models, found);
        if (!resolved) {
            distinct.add(sweep, point, found.list());
            continue;
        }
        plan.points.push_back(point);
        plan.cells.push_back(cell);
        plan.prepared.push_back(flow::record_of(*resolved));
        plan.energies.push_back(resolved->energy);
        if (cell == plan.most.size()) plan.most.push_back(resolved->graph.batchable ? sweep.max_batch : 1);
    }
    for (const Problem& p : distinct.all().list()) problems.add(p);
}

/// The points of the axes, each a cell of its own.
Plan make_plan(const Sweep& sweep, flow::ModelCache& models, Problems& problems) {
    std::vector<AskedPoint> asked;
    for (SweepPoint& point : expand(sweep, problems)) asked.push_back({asked.size(), std::move(point)});
    Plan plan;
    add_points(sweep, asked, models, plan, problems);
    return plan;
}

/// What the cells know by now. The first points of a plan are those of its cells at batch 1.
std::vector<Cell> cells_of(const Plan& plan, const std::map<std::string, StoredPoint>& stored) {
    std::vector<Cell> cells;
    for (std::size_t c = 0; c < plan.most.size(); ++c) cells.push_back({plan.points[c], plan.most[c], {}});
    for (std::size_t i = 0; i < plan.points.size(); ++i)
        cells[plan.cells[i]].known.push_back(stored.at(plan.prepared[i].point_id).record);
    return cells;
}

std::string timing_csv(const std::vector<std::pair<std::string, std::string>>& lines) {
    std::string text = "point_id,process_s," + timing_header() + "\n";
    for (const auto& [id, cells] : lines) text += id + "," + cells + "\n";
    return text;
}

/// Runs the points that `stored` lacks; false when interrupted.
bool run_missing(const Sweep& sweep, const Plan& plan, const SweepOptions& options, const Store& store,
                 std::map<std::string, StoredPoint>& stored, Progress& progress) {
    std::vector<std::size_t> missing;
    std::vector<std::string> inputs;
    std::map<std::string, bool> seen;
    for (std::size_t i = 0; i < plan.points.size(); ++i) {
        const std::string& id = plan.prepared[i].point_id;
        if (stored.count(id) > 0 || !seen.emplace(id, true).second) continue;
        missing.push_back(i);
        inputs.push_back(json::dump(flow::to_json(plan.points[i].request), 0) + "\n");
    }
    if (plan.points.size() == plan.most.size()) progress.start(missing.size() + stored.size(), stored.size());
    else progress.go_on(missing.size() + stored.size(), stored.size());
    const bool finished =
        run_workers(options.worker_command, inputs, options.jobs, [&](std::size_t n, const ProcessResult& result) {
            const SweepPoint& point = plan.points[missing[n]];
            std::vector<Problem> found;
            auto judged = judge(result, plan.prepared[missing[n]], found);
            if (!judged) {
                progress.finish();
                DistinctProblems problems;
                problems.add(sweep, point, found);
                problems.all().throw_if_any();
            }
            judged->timing_cells = number_text(result.seconds) + "," + judged->timing_cells;
            store.save(*judged);
            progress.step(label(sweep, point) + ": " + outcome(judged->record));
            stored[judged->record.point_id] = std::move(*judged);
        });
    progress.finish();
    return finished;
}

}  // namespace

std::size_t check_points(const Sweep& sweep, flow::ModelCache& models, Problems& problems) {
    return make_plan(sweep, models, problems).points.size();
}

SweepResult run_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress) {
    Problems problems;
    flow::ModelCache models([&](const std::string& line) { progress.note(line); });
    Plan plan = make_plan(sweep, models, problems);
    problems.throw_if_any();
    const Store store(options.folder);
    std::map<std::string, StoredPoint> stored;
    std::map<std::string, bool> resumed;
    try {
        for (std::size_t planned = 0; planned < plan.points.size();) {
            planned = plan.points.size();
            for (const record::RunRecord& r : plan.prepared)
                if (stored.count(r.point_id) == 0)
                    if (auto point = store.load(r.point_id)) {
                        stored.emplace(r.point_id, std::move(*point));
                        resumed[r.point_id] = true;
                    }
            if (!run_missing(sweep, plan, options, store, stored, progress)) return {true, {}};
            if (goes_to_limit(sweep)) add_points(sweep, next_round(cells_of(plan, stored)), models, plan, problems);
            problems.throw_if_any();
        }
    } catch (...) {
        store.remove_if_empty();
        throw;
    }
    SweepResult result;
    std::vector<std::pair<std::string, std::string>> timing;
    for (const std::size_t i : table_order(plan.points, plan.cells)) {
        const std::string& id = plan.prepared[i].point_id;
        const StoredPoint& point = stored.at(id);
        result.rows.push_back({plan.points[i], point.record, point.layers_csv, resumed.count(id) > 0});
        flow::fill_derived(result.rows.back().record, plan.energies[i], options.prices);
        timing.emplace_back(id, point.timing_cells);
    }
    write_table(sweep, result.rows, options.folder, options.format);
    store.write("timing.csv", timing_csv(timing));
    return result;
}

}  // namespace infsim::explore
