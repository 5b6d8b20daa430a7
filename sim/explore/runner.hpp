// Points of a sweep, run in rounds: what the store has is taken from there, the rest runs in worker processes.
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

/// A point whose files were read and found good.
struct PointTask {
    SweepPoint point;
    record::RunRecord prepared;  ///< what is known before anything ran, with the id
    hw::EnergySpec energy;       ///< of its chip
};

/// Problems of many points, each once, located in the sweep file that the points come from.
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

/// May run any number of rounds, one after the other, so that the results of one can decide the next.
class Runner {
public:
    Runner(const Sweep& sweep, RunnerOptions options, Store& store, Progress& progress);

    /// Number of the task, its result, and whether that was in the store before.
    using Done = std::function<void(std::size_t, StoredPoint, bool)>;

    /// Takes each task from the store or runs and stores it; `done` is told of every task once (of equal ones too), as
    /// results come. False when interrupted: what finished is stored. Throws InputError for what only the compiler
    /// finds wrong with the input.
    bool run(const std::vector<PointTask>& tasks, const Done& done);

    /// The next task to run, or none.
    using Next = std::function<std::optional<PointTask>()>;
    /// The same for tasks which the store is known to lack, of different ids, and asked for as workers become free, so
    /// that not all have to be in memory. `total` and `resumed` are for the progress shown.
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
