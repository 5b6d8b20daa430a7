#include "explore/runner.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/json.hpp"
#include "base/text.hpp"
#include "explore/points.hpp"
#include "explore/worker.hpp"
#include "flow/run/run_point.hpp"

namespace infsim::explore {

namespace {

std::string outcome(const record::RunRecord& r) {
    if (!record::has_results(r)) return std::string{record::status_name(r.status)} + ": " + r.reason;
    const std::string rate = number_text(static_cast<std::int64_t>(std::llround(*r.throughput_avg))) + " items/s";
    return r.status == record::Status::estimated ? rate + " by estimate" : rate;
}

/// Problems of the composition ("batch", "cores", ...) get their place in the sweep file.
Problem located(const Sweep& sweep, const SweepPoint& point, Problem problem) {
    if (!problem.file.empty()) return problem;
    if (const auto source = source_of(sweep, point, problem.where)) {
        problem.file = source->file;
        problem.where = source->where;
    }
    return problem;
}

bool same(const Problem& a, const Problem& b) { return a.file == b.file && a.where == b.where && a.what == b.what; }

}  // namespace

void DistinctProblems::add(const SweepPoint& point, const std::vector<Problem>& problems) {
    for (const Problem& p : problems) {
        Problem next = located(sweep_, point, p);
        const auto& list = all_.list();
        if (std::none_of(list.begin(), list.end(), [&](const Problem& q) { return same(next, q); }))
            all_.add(std::move(next));
    }
}

std::optional<PointTask> task_of(const SweepPoint& point, flow::PointReader& reader, DistinctProblems& problems) {
    Problems found;
    if (const auto resolved = reader.without_graph(point.request, found))
        return PointTask{point, flow::record_of(*resolved), resolved->energy};
    problems.add(point, found.list());
    return std::nullopt;
}

Runner::Runner(const Sweep& sweep, RunnerOptions options, Store& store, Progress& progress)
    : sweep_(sweep),
      options_(std::move(options)),
      store_(store),
      progress_(progress),
      workers_(limited(options_.worker_command, options_.limits), options_.jobs) {}

/// Stores the result of a task. Throws InputError for problems that only the compiler finds.
StoredPoint Runner::keep(const ProcessResult& result, const PointTask& task) {
    std::vector<Problem> found;
    auto judged = judge(result, task.prepared, options_.limits, found);
    if (!judged) {
        progress_.finish();
        DistinctProblems problems(sweep_);
        problems.add(task.point, found);
        throw InputError(problems.all().list());
    }
    judged->timing_cells = number_text(result.seconds) + "," + judged->timing_cells;
    store_.save(*judged);
    progress_.step(label_of(sweep_, task.point.axis_values) + ": " + outcome(judged->record));
    return std::move(*judged);
}

bool Runner::run_missing(std::size_t total, std::size_t resumed, const Next& next,
                         const std::function<void(std::size_t, StoredPoint)>& done) {
    std::map<std::size_t, PointTask> running;
    std::size_t asked = 0;
    const auto request = [&]() -> std::optional<std::string> {
        auto task = next();
        if (!task) return std::nullopt;
        const auto& kept = running.emplace(asked++, std::move(*task)).first->second;
        return json::dump(flow::to_json(kept.point.request), 0);
    };
    const auto ended = [&](std::size_t n, const ProcessResult& result) {
        auto stored = keep(result, running.at(n));
        running.erase(n);
        done(n, std::move(stored));
    };
    const auto tell = [&](const std::vector<RunningRequest>& all) {
        std::vector<std::pair<std::string, double>> named;
        for (const RunningRequest& r : all)
            named.emplace_back(label_of(sweep_, running.at(r.number).point.axis_values), r.seconds);
        progress_.running(named);
    };
    progress_.start(total, resumed);
    const bool finished = workers_.run(request, ended, tell);
    progress_.finish();
    return finished;
}

bool Runner::run(const std::vector<PointTask>& tasks, const Done& done) {
    std::map<std::string, std::vector<std::size_t>> missing;  // the tasks of each id
    std::vector<std::size_t> first;                           // of each id that is missing, in order
    std::size_t resumed = 0;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const std::string& id = tasks[i].prepared.point_id;
        if (missing.count(id) == 0) {
            if (auto point = store_.load(id, options_.limits)) {
                ++resumed;
                done(i, std::move(*point), true);
                continue;
            }
            first.push_back(i);
        }
        missing[id].push_back(i);
    }
    std::size_t asked = 0;
    const auto next = [&] { return asked < first.size() ? std::optional(tasks[first[asked++]]) : std::nullopt; };
    return run_missing(resumed + first.size(), resumed, next, [&](std::size_t, const StoredPoint& point) {
        for (const std::size_t i : missing.at(point.record.point_id)) done(i, point, false);
    });
}

}  // namespace infsim::explore
