// DRAM bandwidth of one inference over time.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/program_index.hpp"
#include "stats/trace/inference.hpp"

namespace infsim::stats {

/// The rate from `at` on.
struct RateStep {
    TimePoint at{};
    std::int64_t bytes_per_second = 0;
};
/// DRAM bandwidth of the inference's DMA, reads and writes; each transfer is spread evenly over its time on the
/// channel. Ends with 0.
std::vector<RateStep> dram_rate(const ProgramIndex& index, const InferenceTimes& times);

}  // namespace infsim::stats
