// Which points a sweep runs: those of its axes, or further ones in rounds if cells go to the limit.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/batch.hpp"
#include "explore/expander.hpp"

namespace infsim::explore {

/// One choice of all axes except the batch, with the known results of its batches.
struct Cell {
    SweepPoint first;         ///< its point at batch 1
    int most = 1;             ///< no larger batch is tried
    analysis::Records known;  ///< of the batches that were tried
};

/// A point that a cell requests.
struct AskedPoint {
    std::size_t cell = 0;
    SweepPoint point;
};

/// The points of the next round, by cell and ascending batch; none if every cell has its answer.
std::vector<AskedPoint> next_round(const std::vector<Cell>& cells);

/// The order of the table, as indices of points: by cell, then by ascending batch.
std::vector<std::size_t> table_order(const std::vector<SweepPoint>& points, const std::vector<std::size_t>& cells);

}  // namespace infsim::explore
