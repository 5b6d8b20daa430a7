// Searches over batch sizes, apart from what is asked about them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace infsim::flow {

/// The largest batch of which something holds, and what was asked to find it.
struct LargestBatch {
    int batch = 0;           ///< 0: of none
    bool open = false;       ///< it holds of the largest batch that may be asked: "64 or more"
    std::vector<int> holes;  ///< smaller batches that were asked and of which it does not hold
    std::vector<int> asked;  ///< in rising order
};

/// Batches from 1 to `most`. Where `most` holds nothing else is asked. What holds need not be monotone: else asks at
/// every power of two and at `most`, bisects above the largest of them that holds, then asks for every batch up to
/// `window` above the result and starts from the one that holds there, if any; last for every batch up to `window`
/// below. `holds` is asked at most once per batch.
LargestBatch find_largest(const std::function<bool(int)>& holds, int most, int window);

/// The same upwards from a batch of which it holds, without windows: asks for `most`, else doubles until it does not
/// hold, then bisects. For what a lever reaches: the result holds and the next one up does not.
LargestBatch find_largest_from(int known, const std::function<bool(int)>& holds, int most);

/// Values of several batches at once; nothing for a batch that has none.
using Measure = std::function<std::vector<std::optional<double>>(const std::vector<int>&)>;

/// What the value of a batch cannot exceed; nothing for a batch that has none. Cheaper than a measurement.
using Bound = std::function<std::optional<double>(int batch)>;

/// The batch with the largest value (the smallest such batch); 0 where none has one. Branch and bound: bounds 1, 2, 4,
/// ... up to `most`, no further than two of them in a row that are bounded below the greatest bound, since large
/// batches are dear; measures where the bound is greatest, and bounds the batches 1, 2, 4, ... around each new best,
/// until no bound exceeds the best value. So no batch up to two away is better. Each is measured at most once; what
/// came out is added to `measured`.
int find_best(const Measure& measure, const Bound& bound, int most, std::map<int, std::optional<double>>& measured);

}  // namespace infsim::flow
