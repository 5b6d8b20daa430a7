// Points of a sweep, run in rounds: stored results are reused, the rest runs in worker processes.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "explore/expander.hpp"
#include "explore/progress.hpp"
#include "explore/store.hpp"
#include "explore/workers.hpp"
#include "flow/point/point_reader.hpp"

namespace infsim::explore {

struct RunnerOptions {
    int jobs = 1;                             ///< worker processes at a time
    std::vector<std::string> worker_command;  ///< executable and its hidden subcommand
    PointLimits limits;
};

/// A point whose files were read and checked.
struct PointTask {
    SweepPoint point;
    record::RunRecord prepared;  ///< what is known before the run, with the id
    hw::EnergySpec energy;       ///< of its chip
};

/// Problems of many points, each once, located in the points' sweep file.
class DistinctProblems {
public:
    explicit DistinctProblems(const Sweep& sweep) : sweep_(sweep) {}
    void add(const SweepPoint& point, const std::vector<Problem>& problems);
    const Problems& all() const { return all_; }

private:
    const Sweep& sweep_;
    Problems all_;
};

/// Reads what the point names; empty after having added to `problems`.
std::optional<PointTask> task_of(const SweepPoint& point, flow::PointReader& reader, DistinctProblems& problems);

/// Runs any number of rounds, one after the other, so that the results of one can decide the next.
class Runner {
public:
    Runner(const Sweep& sweep, RunnerOptions options, Store& store, Progress& progress);

    /// Index of the task, its result, and whether the result was in the store before.
    using Done = std::function<void(std::size_t, StoredPoint, bool)>;

    /// Takes each task from the store, or runs and stores it. Calls `done` once for every task (also for equal ones) as
    /// results arrive. False when interrupted: finished tasks are stored. Throws InputError for problems that only the
    /// compiler finds.
    bool run(const std::vector<PointTask>& tasks, const Done& done);

    /// The next task to run, or none.
    using Next = std::function<std::optional<PointTask>()>;
    /// The same for tasks that the store is known to lack, with different ids. They are requested as workers become
    /// free, so that not all must be in memory. `total` and `resumed` are for the progress shown.
    bool run_missing(std::size_t total, std::size_t resumed, const Next& next,
                     const std::function<void(std::size_t, StoredPoint)>& done);

private:
    StoredPoint keep(const ProcessResult& result, const PointTask& task);

    const Sweep& sweep_;
    RunnerOptions options_;
    Store& store_;
    Progress& progress_;
    Workers workers_;  ///< stay from round to round
};

}  // namespace infsim::explore
