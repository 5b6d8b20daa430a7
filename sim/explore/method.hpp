// How a sweep finds out about its points: "measure", and "then".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json_reader.hpp"

namespace infsim::explore {

struct Sweep;
struct SweepRow;

/// What is done with every point. simulation and estimate make a row per point; limits makes a row per cell, whose
/// batch is what is looked for.
enum class Measure { simulation, estimate, limits };

/// "then": {"simulate": "pareto", "margin": 0.02}.
struct Then {
    bool simulate_front = false;  ///< simulates the points that are on the front by their estimates
    double margin = 0;            ///< and those that would be if estimates were off by this share
};

struct Method {
    Measure measure = Measure::simulation;
    Then then;
    std::string where, then_where;  ///< in the sweep file; empty where it does not say
};

/// Reads both members, those that are there.
Method read_method(json::ObjectReader& reader);

/// Adds what does not go with the method: "then" without estimates or without objectives, objectives on columns that
/// estimates do not have, a batch where limits are looked for, scenarios of serving.
void check_method(const Sweep& sweep, Problems& problems);

/// The rows of estimates to simulate: those on the front, within the margin, of each network. Bounds on columns that
/// only a simulation fills are left to it. In rising order.
std::vector<std::size_t> rows_to_simulate(const Sweep& sweep, const std::vector<SweepRow>& rows);

}  // namespace infsim::explore
