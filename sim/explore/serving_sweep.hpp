// Sweeps whose points are serving scenarios.
#pragma once

#include <string>
#include <vector>

#include "explore/progress.hpp"
#include "explore/sweep.hpp"
#include "flow/service/serve.hpp"

namespace infsim::explore {

/// One point: what to serve, and the axes' values as text, in axis order.
struct ServingPoint {
    flow::ServingPlan plan;
    std::vector<std::string> axis_values;
};

struct ServingRow {
    std::vector<std::string> axis_values;
    record::ServingRecord record;
};

/// All points in table order, with their files read. Each distinct problem is added once, at its place in the sweep
/// file. Scenarios that run live or search are problems: those run one at a time.
std::vector<ServingPoint> plan_points(const Sweep& sweep, flow::ModelCache& models, Problems& problems);

/// Runs every point on measured times, which are stored in and reused from DIR/service, and writes the table: the axes,
/// then the columns of a ServingRecord. An impossible server is a row with status infeasible. Throws InputError with
/// all problems before anything runs, and Interrupted.
std::vector<ServingRow> run_serving_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress);

}  // namespace infsim::explore
