// DRAM bandwidth of one inference over time.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/program_index.hpp"
#include "stats/trace/inference.hpp"

namespace infsim::stats {

/// From `at` on.
struct RateStep {
    TimePoint at{};
    std::int64_t bytes_per_second = 0;
};
/// What the inference's DMA draws from DRAM and sends there; each transfer spreads evenly over its time on the channel.
/// Ends with 0.
std::vector<RateStep> dram_rate(const ProgramIndex& index, const InferenceTimes& times);

}  // namespace infsim::stats
