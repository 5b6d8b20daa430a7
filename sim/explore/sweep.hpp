// Running a sweep: what is missing of it, one process per point, and the table of all of it.
#pragma once

#include <string>
#include <vector>

#include "explore/progress.hpp"
#include "explore/store.hpp"
#include "explore/sweep_file.hpp"
#include "explore/table.hpp"
#include "flow/prices.hpp"

namespace infsim::explore {

struct SweepOptions {
    std::string folder;                       ///< where results go
    int jobs = 1;                             ///< worker processes at a time
    std::vector<std::string> worker_command;  ///< executable and its hidden subcommand
    flow::Prices prices;                      ///< for the columns of cost
    TableFormat format = TableFormat::csv;    ///< of the table
};

/// One row of the table.
struct SweepRow {
    SweepPoint point;
    record::RunRecord record;
    std::string layers_csv;
    bool resumed = false;  ///< was there before
};

struct SweepResult {
    bool interrupted = false;    ///< rows are then empty; what finished is stored
    std::vector<SweepRow> rows;  ///< in table order
};

/// Reads every file that the points name, runs what `folder` lacks, writes the table, its description and timing.csv.
/// Throws InputError with everything that is wrong before anything runs or is written; also for what only the compiler
/// finds unsupported.
SweepResult run_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress);

/// Resolves every point and adds each distinct problem once, at the place in the sweep file that it comes
/// from. Returns the number of points.
std::size_t check_points(const Sweep& sweep, flow::ModelCache& models, Problems& problems);

}  // namespace infsim::explore
