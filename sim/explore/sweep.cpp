#include "explore/sweep.hpp"

#include <unordered_map>
#include <unordered_set>

#include "explore/limit_rounds.hpp"
#include "explore/open_batch.hpp"
#include "explore/rows.hpp"
#include "explore/table.hpp"
#include "explore/worker.hpp"
#include "flow/run/derived_columns.hpp"

namespace infsim::explore {

namespace {

/// Calls `visit` with every valid point in table order, one at a time, so that not all must be in memory; adds each
/// distinct problem once. Returns the number of points.
std::size_t visit_points(const Sweep& sweep, const std::vector<Choice>& all, flow::ModelCache& models,
                         Problems& problems, const std::function<void(std::size_t, PointTask)>& visit) {
    DistinctProblems distinct(sweep);
    flow::PointReader reader(models);
    const Expander expander(sweep, problems);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (const auto point = expander.point(all[i]))
            if (auto task = task_of(*point, reader, distinct)) visit(i, std::move(*task));
    for (const Problem& p : distinct.all().list()) problems.add(p);
    return all.size();
}

/// All rows of a sweep; some may not be known yet.
struct KnownRows : Rows {
    /// The rows of each id: points may be equivalent, such as 12MiB and 12288KiB.
    std::unordered_map<std::string, std::vector<std::size_t>> of_id;
    std::vector<std::size_t> missing;  ///< the first row of each unknown id

    void know(const StoredPoint& point) {
        for (const std::size_t i : of_id.at(point.record.point_id)) {
            rows[i].record = point.record;
            timing[i] = point.timing_cells;
        }
    }
};

/// The table's rows with their stored results.
KnownRows resumed_rows(const Sweep& sweep, const std::vector<Choice>& all, flow::ModelCache& models, Store& store,
                       const PointLimits& limits, Problems& problems) {
    KnownRows known;
    known.rows.resize(all.size());
    known.timing.resize(all.size());
    known.energies.resize(all.size());
    visit_points(sweep, all, models, problems, [&](std::size_t i, PointTask task) {
        const std::string id = task.prepared.point_id;
        auto& same = known.of_id[id];
        same.push_back(i);
        known.rows[i].axis_values = std::move(task.point.axis_values);
        known.energies[i] = task.energy;
        if (same.size() > 1) {
            known.rows[i].record = known.rows[same.front()].record;
            known.timing[i] = known.timing[same.front()];
        } else if (const auto point = store.load(id, limits)) known.know(*point);
        else known.missing.push_back(i);
    });
    return known;
}

/// Runs the missing points; false when interrupted.
bool run_missing(const Sweep& sweep, const std::vector<Choice>& all, flow::ModelCache& models, Runner& runner,
                 KnownRows& rows) {
    Problems none;  // all points were checked before
    DistinctProblems distinct(sweep);
    flow::PointReader reader(models);
    const Expander expander(sweep, none);
    std::size_t asked = 0;
    const auto next = [&]() -> std::optional<PointTask> {
        if (asked == rows.missing.size()) return std::nullopt;
        return task_of(*expander.point(all[rows.missing[asked++]]), reader, distinct);
    };
    return runner.run_missing(rows.of_id.size(), rows.of_id.size() - rows.missing.size(), next,
                              [&](std::size_t, const StoredPoint& point) { rows.know(point); });
}

void say_what_is_set_aside(std::size_t count, const std::string& folder, Progress& progress) {
    if (count == 0) return;
    progress.note(std::to_string(count) + (count == 1 ? " point" : " points") + " of an earlier sweep in " + folder +
                  " that this one does not need " + (count == 1 ? "is" : "are") + " set aside in " + folder +
                  "/set_aside, where other sweeps find " + (count == 1 ? "it" : "them"));
}

std::string timing_csv(const Rows& rows) {
    std::string text = "point_id,process_s," + timing_header() + "\n";
    for (std::size_t i = 0; i < rows.rows.size(); ++i)
        text += rows.rows[i].record.point_id + "," + rows.timing[i] + "\n";
    return text;
}

void fill_derived(Rows& rows, const flow::Prices& prices) {
    for (std::size_t i = 0; i < rows.rows.size(); ++i)
        flow::fill_derived(rows.rows[i].record, rows.energies[i], prices);
}

/// Simulates the rows of estimates that are on the front; false when interrupted. `point_of`: the point of a row.
bool simulate_front(const Sweep& sweep, const flow::Prices& prices,
                    const std::function<SweepPoint(std::size_t)>& point_of, flow::ModelCache& models, Runner& runner,
                    Rows& rows) {
    fill_derived(rows, prices);
    const std::vector<std::size_t> chosen = rows_to_simulate(sweep, rows.rows);
    DistinctProblems distinct(sweep);
    flow::PointReader reader(models);
    std::vector<PointTask> tasks;
    for (const std::size_t i : chosen) {
        SweepPoint point = point_of(i);
        point.request.method = flow::Method::simulation;
        if (auto task = task_of(point, reader, distinct)) tasks.push_back(std::move(*task));
    }
    distinct.all().throw_if_any();
    return runner.run(tasks, [&](std::size_t n, const StoredPoint& stored, bool) {
        rows.rows[chosen[n]].record = stored.record;
        rows.timing[chosen[n]] = stored.timing_cells;
    });
}

/// Runs a sweep whose points are known beforehand; empty when interrupted.
std::optional<Rows> run_listed(const Sweep& sweep, const SweepOptions& options, flow::ModelCache& models, Store& store,
                               Progress& progress) {
    Problems problems;
    const std::vector<Choice> all = choices(sweep);
    KnownRows rows = resumed_rows(sweep, all, models, store, options.running.limits, problems);
    problems.throw_if_any();
    // The points of "then" are known only after the estimates.
    const bool all_known = !sweep.method.then.simulate_front;
    if (all_known) say_what_is_set_aside(store.set_others_aside(), options.folder, progress);
    Runner runner(sweep, options.running, store, progress);
    if (!run_missing(sweep, all, models, runner, rows)) return std::nullopt;
    if (all_known) return rows;
    const Expander expander(sweep, problems);
    const auto point_of = [&](std::size_t i) { return *expander.point(all[i]); };
    if (!simulate_front(sweep, options.prices, point_of, models, runner, rows)) return std::nullopt;
    say_what_is_set_aside(store.set_others_aside(), options.folder, progress);
    return rows;
}

/// Runs a sweep whose cells find their own batches. Only at the end is it known which points no cell requested.
std::optional<Rows> run_to_limit(const Sweep& sweep, const SweepOptions& options, flow::ModelCache& models,
                                 Store& store, Progress& progress) {
    Problems problems;
    LimitRounds rounds(sweep, models, problems);
    problems.throw_if_any();
    Runner runner(sweep, options.running, store, progress);
    if (!rounds.run(runner)) return std::nullopt;
    Rows rows = rounds.rows();
    if (sweep.method.then.simulate_front) {
        const std::vector<SweepPoint> points = rounds.points();
        const auto point_of = [&](std::size_t i) { return points[i]; };
        if (!simulate_front(sweep, options.prices, point_of, models, runner, rows)) return std::nullopt;
    }
    say_what_is_set_aside(store.set_others_aside(), options.folder, progress);
    return rows;
}

}  // namespace

std::size_t check_points(const Sweep& sweep, flow::ModelCache& models, Problems& problems) {
    return visit_points(sweep, choices(sweep), models, problems, [](std::size_t, const PointTask&) {});
}

Census count_points(const Sweep& sweep, const std::string& folder, flow::ModelCache& models, Problems& problems) {
    std::unordered_set<std::string> ids;
    Census census;
    census.points = visit_points(sweep, choices(sweep), models, problems, [&](std::size_t, const PointTask& task) {
        if (ids.insert(task.prepared.point_id).second && is_stored(folder, task.prepared.point_id)) ++census.stored;
    });
    census.different = ids.size();
    return census;
}

SweepResult run_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress) {
    flow::ModelCache models([&](const std::string& line) { progress.note(line); });
    Store store(options.folder);
    auto rows = goes_to_limit(sweep) ? run_to_limit(sweep, options, models, store, progress)
                                     : run_listed(sweep, options, models, store, progress);
    SweepResult result{!rows, options.folder, {}};
    if (!rows) return result;
    fill_derived(*rows, options.prices);
    store.write("timing.csv", timing_csv(*rows));
    result.rows = std::move(rows->rows);
    write_table(sweep, result.rows, options.folder, options.format);
    return result;
}

}  // namespace infsim::explore
