// Which points a sweep runs: those that its axes make, or more of them in rounds, where cells go to the limit.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/batch.hpp"
#include "explore/expander.hpp"

namespace infsim::explore {

/// One choice of all axes but the batch, and what is known of its batches.
struct Cell {
    SweepPoint first;         ///< its point at batch 1
    int most = 1;             ///< no larger batch is tried
    analysis::Records known;  ///< of the batches that were tried
};

/// A point that a cell asks for.
struct AskedPoint {
    std::size_t cell = 0;
    SweepPoint point;
};

/// The points of the next round, by cell and rising batch; none where every cell has its answer.
std::vector<AskedPoint> next_round(const std::vector<Cell>& cells);

/// The order of the table, as numbers of the points: by the cells that they are of, in one by rising batch.
std::vector<std::size_t> table_order(const std::vector<SweepPoint>& points, const std::vector<std::size_t>& cells);

}  // namespace infsim::explore
