// What objectives and bounds say of the rows of a table.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/pareto.hpp"
#include "explore/objectives.hpp"

namespace infsim::explore {

/// A figure of a row, and the interval in which it lies as far as it was measured.
struct Figure {
    double value = 0, low = 0, high = 0;
};

/// What a row offers: figures in the order of the objectives, and of the bounds.
struct OfferedRow {
    std::string network;  ///< rows of different ones are not compared: their items are different work
    bool ok = false;      ///< it has results at all
    std::vector<std::optional<Figure>> wanted;
    std::vector<std::optional<double>> bounded;
};

/// The rows of one network.
struct NetworkVerdict {
    std::string network;
    std::size_t rows = 0, satisfying = 0;
    std::optional<std::size_t> winner;  ///< of the satisfying ones, by the first objective; where equal, by the next
    /// What each bound costs: the winner without it, all others kept; in their order.
    std::vector<std::optional<std::size_t>> without;
};

struct Verdicts {
    std::vector<bool> satisfies;                ///< by row: ok, and every bound holds
    std::vector<analysis::Standing> standings;  ///< by row, among those of its network that satisfy
    std::vector<NetworkVerdict> networks;       ///< in the order in which the rows name them

    bool on_front(std::size_t row) const { return standings[row] == analysis::Standing::front; }
};

/// A row satisfies no bound on a figure that it does not have.
Verdicts verdicts_of(const Objectives& objectives, const std::vector<OfferedRow>& rows);

}  // namespace infsim::explore
