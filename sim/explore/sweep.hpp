// Running a sweep: its missing points, one process each, and the table of all points.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "explore/progress.hpp"
#include "explore/runner.hpp"
#include "explore/sweep_file.hpp"
#include "explore/table.hpp"
#include "flow/run/prices.hpp"

namespace infsim::explore {

struct SweepOptions {
    std::string folder;  ///< for results
    RunnerOptions running;
    flow::Prices prices;                    ///< for the columns of cost
    TableFormat format = TableFormat::csv;  ///< of the table
};

/// One row of the table.
struct SweepRow {
    std::vector<std::string> axis_values;  ///< as text, in axis order
    record::RunRecord record;
};

struct SweepResult {
    bool interrupted = false;    ///< rows are then empty; finished points are stored
    std::string folder;          ///< where layers_of finds the layers of each row
    std::vector<SweepRow> rows;  ///< in table order
};

/// Reads every file that the points name, runs the points that `folder` lacks, writes the table, its description and
/// timing.csv. Throws InputError with all problems before anything runs or is written; also for what the compiler finds
/// unsupported.
SweepResult run_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress);

/// What a sweep would do.
struct Census {
    std::size_t points = 0;
    std::size_t different = 0;  ///< equivalent points run once
    std::size_t stored = 0;     ///< of these, how many the folder has
};
/// Counts; otherwise as check_points.
Census count_points(const Sweep& sweep, const std::string& folder, flow::ModelCache& models, Problems& problems);

/// Resolves every point and adds each distinct problem once, at its place in the sweep file. Returns the number of
/// points.
std::size_t check_points(const Sweep& sweep, flow::ModelCache& models, Problems& problems);

}  // namespace infsim::explore
