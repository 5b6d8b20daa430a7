// How a sweep gets the results of its points: "measure" and "then".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json_reader.hpp"

namespace infsim::explore {

struct Sweep;
struct SweepRow;

/// What is done with every point. simulation and estimate give a row per point; limits gives a row per cell and
/// searches for the batch.
enum class Measure { simulation, estimate, limits };

/// "then": {"simulate": "pareto", "margin": 0.02}.
struct Then {
    bool simulate_front = false;  ///< simulate the points whose estimates are on the front
    double margin = 0;            ///< and those that would be on it if estimates were off by this share
};

struct Method {
    Measure measure = Measure::simulation;
    Then then;
    std::string where, then_where;  ///< in the sweep file; empty if not given
};

/// Reads the members that are present.
Method read_method(json::ObjectReader& reader);

/// Adds problems for what conflicts with the method: "then" without estimates or without objectives, objectives on
/// columns that estimates lack, a batch with "measure": "limits", serving scenarios.
void check_method(const Sweep& sweep, Problems& problems);

/// The rows of estimates to simulate: those on the front of each network, within the margin. Bounds on columns that
/// only a simulation fills are not applied yet. In ascending order.
std::vector<std::size_t> rows_to_simulate(const Sweep& sweep, const std::vector<SweepRow>& rows);

}  // namespace infsim::explore
