// Sweeps that search for the limits of every cell: "measure": "limits".
#pragma once

#include <string>
#include <vector>

#include "explore/progress.hpp"
#include "explore/sweep.hpp"
#include "record/limits_record.hpp"

namespace infsim::explore {

struct LimitsRow {
    std::vector<std::string> axis_values;  ///< as text, in axis order
    record::LimitsRecord record;
};

struct LimitsSweepResult {
    bool interrupted = false;  ///< rows are then empty; finished cells are stored
    std::vector<LimitsRow> rows;
};

/// Finds the limits of every cell, with one worker process each, and writes the table: the axes, then the columns of a
/// LimitsRecord. DIR/limits/ID.json keeps each answer with its certificates; stored answers are not computed again.
/// Throws InputError with all problems before anything runs; also for problems that only the compiler finds.
LimitsSweepResult run_limits_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress);

/// Counts; otherwise as check_points.
Census count_cells(const Sweep& sweep, const std::string& folder, flow::ModelCache& models, Problems& problems);

}  // namespace infsim::explore
