// Searches over batch sizes, independent of the predicate.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace infsim::flow {

/// The largest batch for which a predicate holds, and the batches tested to find it.
struct LargestBatch {
    int batch = 0;           ///< 0: none
    bool open = false;       ///< it holds for the largest batch that may be tested: "64 or more"
    std::vector<int> holes;  ///< smaller tested batches for which it does not hold
    std::vector<int> asked;  ///< in ascending order
};

/// Batches from 1 to `most`. If `most` holds, nothing else is tested. Otherwise, because `holds` need not be monotone,
/// tests every power of two and `most`, bisects above the largest of them that holds, then tests every batch up to
/// `window` above the result and continues from one that holds there, if any; last every batch up to `window` below.
/// `holds` is called at most once per batch.
LargestBatch find_largest(const std::function<bool(int)>& holds, int most, int window);

/// The same upwards from a batch that holds, without windows: tests `most`, otherwise doubles until it does not hold,
/// then bisects. For the reach of a lever: the result holds and the next batch does not.
LargestBatch find_largest_from(int known, const std::function<bool(int)>& holds, int most);

/// Values of several batches at once; empty for a batch that has none.
using Measure = std::function<std::vector<std::optional<double>>(const std::vector<int>&)>;

/// Upper bound on the value of a batch; empty for a batch that has none. Cheaper than a measurement.
using Bound = std::function<std::optional<double>(int batch)>;

/// The batch with the largest value (the smallest such batch); 0 if none has one. Branch and bound: bounds 1, 2, 4, ...
/// up to `most`, stopping after two in a row below the greatest bound, since large batches are expensive. Measures
/// where the bound is greatest, and bounds the batches at distances 1, 2, 4, ... around each new best, until no bound
/// exceeds the best value. So no batch up to two away is better. Each batch is measured at most once; results are added
/// to `measured`.
int find_best(const Measure& measure, const Bound& bound, int most, std::map<int, std::optional<double>>& measured);

}  // namespace infsim::flow
