// A sweep whose cells find their own batches: rounds of points until every cell has its answer.
#pragma once

#include <vector>

#include "explore/asking.hpp"
#include "explore/rows.hpp"
#include "explore/runner.hpp"

namespace infsim::explore {

class LimitRounds {
public:
    /// Reads the point at batch 1 of every cell; adds each distinct problem once.
    LimitRounds(const Sweep& sweep, flow::ModelCache& models, Problems& problems);

    /// Runs round after round; false when interrupted. Throws InputError for problems that only a round can find.
    bool run(Runner& runner);

    /// All points with their results, in the order of the table.
    std::vector<SweepPoint> points() const;
    Rows rows() const;

private:
    std::vector<AskedPoint> next() const;
    std::vector<std::size_t> order() const;

    const Sweep& sweep_;
    flow::PointReader reader_;
    std::vector<int> most_;           ///< largest batch that each cell may try
    std::vector<std::size_t> cells_;  ///< of the tasks; the first task of each is the one at batch 1
    std::vector<PointTask> tasks_;
    std::vector<StoredPoint> results_;  ///< of the tasks that ran
};

}  // namespace infsim::explore
