// The rows of a sweep while it runs.
#pragma once

#include <string>
#include <vector>

#include "explore/runner.hpp"
#include "explore/sweep.hpp"

namespace infsim::explore {

/// Rows in table order, with data that is not in the table.
struct Rows {
    std::vector<SweepRow> rows;
    std::vector<std::string> timing;       ///< cells of each row's line in timing.csv
    std::vector<hw::EnergySpec> energies;  ///< of each row's chip
};

}  // namespace infsim::explore
