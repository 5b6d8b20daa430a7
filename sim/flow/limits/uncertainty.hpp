// Which claims about a network change when a constant of the chip differs from its file.
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
    std::string value, changed;  ///< as texts with units; `changed` is empty if it cannot be varied
    std::string why_not;         ///< why it cannot
};

/// Every number of the chip file `share` larger and `share` smaller (0.2: 20 %), in the file's order. Counts (rows,
/// banks, rings, cores) are known or mean another chip, and 0 cannot be scaled: these are not varied, with a reason.
/// Values that must be at most 1 stop there.
std::vector<Variation> variations_of(const hw::ChipFile& chip, double share);

/// The claims about a network on a chip.
struct Claims {
    LargestBatch resident;                        ///< fits without spilling, every layer on the whole batch
    std::optional<std::int64_t> knee, b95, best;  ///< of the simulated batches; see analysis/batch.hpp
    std::vector<std::int64_t> knee_rivals;        ///< other batches that may be the knee, by the intervals
    std::optional<double> first, highest;         ///< items/s of the smallest batch, and of the best
};
Claims claims_of(const analysis::Records& records, LargestBatch resident);

/// Which claims changed. A knee counts as moved if the intervals of neither allow the other.
struct Moved {
    bool resident = false, knee = false, b95 = false, best = false;
    double first = 0, highest = 0;  ///< by this share

    bool any_batch() const { return resident || knee || b95 || best; }
};
Moved moved(const Claims& before, const Claims& after);

}  // namespace infsim::flow
