// Sweeps whose points are scenarios of serving.
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

/// All points in table order, their files read; each distinct problem is added once, at the place in the sweep file
/// that it comes from. Scenarios that run live or search are problems: those run one at a time.
std::vector<ServingPoint> plan_points(const Sweep& sweep, flow::ModelCache& models, Problems& problems);

/// Runs every point on measured times, which are kept in DIR/service and taken from there, and writes the table:
/// the axes, then the columns of a ServingRecord. A server that cannot be is a row with status infeasible. Throws
/// InputError with everything that is wrong before anything runs, Interrupted.
std::vector<ServingRow> run_serving_sweep(const Sweep& sweep, const SweepOptions& options, Progress& progress);

}  // namespace infsim::explore
