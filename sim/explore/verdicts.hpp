// Verdicts of objectives and bounds on the rows of a table.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/pareto.hpp"
#include "explore/objectives.hpp"

namespace infsim::explore {

/// A figure of a row, with the interval of its measurement.
struct Figure {
    double value = 0, low = 0, high = 0;
};

/// The figures of a row, in the order of the objectives and of the bounds.
struct OfferedRow {
    std::string network;  ///< rows of different networks are not compared: their items are different work
    bool ok = false;      ///< it has results at all
    std::vector<std::optional<Figure>> wanted;
    std::vector<std::optional<double>> bounded;
};

/// The rows of one network.
struct NetworkVerdict {
    std::string network;
    std::size_t rows = 0, satisfying = 0;
    std::optional<std::size_t> winner;  ///< of the satisfying rows, by the first objective; the next ones break ties
    /// The cost of each bound: the winner without it, with all others kept; in their order.
    std::vector<std::optional<std::size_t>> without;
};

struct Verdicts {
    std::vector<bool> satisfies;                ///< by row: ok, and all bounds hold
    std::vector<analysis::Standing> standings;  ///< by row, among the satisfying rows of its network
    std::vector<NetworkVerdict> networks;       ///< in order of first appearance in the rows

    bool on_front(std::size_t row) const { return standings[row] == analysis::Standing::front; }
};

/// A row without a figure satisfies no bound on that figure.
Verdicts verdicts_of(const Objectives& objectives, const std::vector<OfferedRow>& rows);

}  // namespace infsim::explore
