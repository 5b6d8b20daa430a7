// Which claims about a network hold when a constant of the chip is not what its file says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/batch.hpp"
#include "flow/limits/limit_search.hpp"
#include "hw/load.hpp"

namespace infsim::flow {

/// A constant of the chip with another value.
struct Variation {
    std::string key, grade;      ///< "dma.start_latency", "DOC(v2)"
    std::string value, changed;  ///< as texts with units; `changed` is empty where there is nothing to change
    std::string why_not;         ///< then
};

/// Every number of the chip file `share` larger and `share` smaller (0.2: 20 %), in the file's order. Counts (rows,
/// banks, rings, cores) are known or are another chip, and 0 has no share: they stay, with a reason. What must be at
/// most 1 goes no further.
std::vector<Variation> variations_of(const hw::ChipFile& chip, double share);

/// What one says of a network on a chip.
struct Claims {
    LargestBatch resident;                        ///< fits without spilling, every layer on the whole batch
    std::optional<std::int64_t> knee, b95, best;  ///< of the batches that were simulated; see analysis/batch.hpp
    std::vector<std::int64_t> knee_rivals;        ///< that may be the knee as well, by the intervals
    std::optional<double> first, highest;         ///< items/s of the smallest batch, and of the best
};
Claims claims_of(const analysis::Records& records, LargestBatch resident);

/// Which of them are others than before. A knee counts as moved where the intervals of neither allow the other.
struct Moved {
    bool resident = false, knee = false, b95 = false, best = false;
    double first = 0, highest = 0;  ///< by this share

    bool any_batch() const { return resident || knee || b95 || best; }
};
Moved moved(const Claims& before, const Claims& after);

}  // namespace infsim::flow
