#include "explore/limit_rounds.hpp"

#include <utility>

#include "flow/run/run_point.hpp"

namespace infsim::explore {

LimitRounds::LimitRounds(const Sweep& sweep, flow::ModelCache& models, Problems& problems)
    : sweep_(sweep), reader_(models) {
    DistinctProblems distinct(sweep);
    const Expander expander(sweep, problems);
    for (const Choice& choice : choices(sweep)) {
        const auto point = expander.point(choice);
        if (!point) continue;
        Problems found;
        const auto resolved = flow::resolve(point->request, models, found);
        distinct.add(*point, found.list());
        if (!resolved) continue;
        cells_.push_back(most_.size());
        most_.push_back(resolved->graph.batchable ? sweep.max_batch : 1);
        tasks_.push_back({*point, flow::record_of(*resolved), resolved->energy});
    }
    for (const Problem& p : distinct.all().list()) problems.add(p);
}

/// The points of the next round, from the known results of every cell.
std::vector<AskedPoint> LimitRounds::next() const {
    std::vector<Cell> cells;
    for (std::size_t c = 0; c < most_.size(); ++c) cells.push_back({tasks_[c].point, most_[c], {}});
    for (std::size_t i = 0; i < results_.size(); ++i) cells[cells_[i]].known.push_back(results_[i].record);
    return next_round(cells);
}

bool LimitRounds::run(Runner& runner) {
    while (results_.size() < tasks_.size()) {
        const std::size_t from = results_.size();
        results_.resize(tasks_.size());
        const std::vector<PointTask> round(tasks_.begin() + static_cast<std::ptrdiff_t>(from), tasks_.end());
        const bool finished =
            runner.run(round, [&](std::size_t i, StoredPoint point, bool) { results_[from + i] = std::move(point); });
        if (!finished) return false;
        DistinctProblems distinct(sweep_);
        for (const AskedPoint& asked : next()) {
            auto task = task_of(asked.point, reader_, distinct);
            if (!task) continue;
            cells_.push_back(asked.cell);
            tasks_.push_back(std::move(*task));
        }
        distinct.all().throw_if_any();
    }
    return true;
}

std::vector<std::size_t> LimitRounds::order() const {
    std::vector<SweepPoint> points;
    for (const PointTask& task : tasks_) points.push_back(task.point);
    return table_order(points, cells_);
}

std::vector<SweepPoint> LimitRounds::points() const {
    std::vector<SweepPoint> points;
    for (const std::size_t i : order()) points.push_back(tasks_[i].point);
    return points;
}

Rows LimitRounds::rows() const {
    Rows out;
    for (const std::size_t i : order()) {
        out.rows.push_back({tasks_[i].point.axis_values, results_[i].record});
        out.timing.push_back(results_[i].timing_cells);
        out.energies.push_back(tasks_[i].energy);
    }
    return out;
}

}  // namespace infsim::explore
