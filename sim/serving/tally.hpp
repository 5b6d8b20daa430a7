// Counts of a simulated service, taken while it runs.
#pragma once

#include <cstdint>
#include <vector>

#include "serving/policy.hpp"
#include "serving/series.hpp"

namespace infsim::serving {

/// Requests of one size, after warm-up.
struct SizeRow {
    std::int32_t items = 0;
    std::int64_t requests = 0;
    std::int64_t shards = 0;  ///< inferences that carried a part of such a request
    double padding = 0;       ///< padding items of their inferences; of shared inferences by their share of items
    double device_ps = 0;     ///< executed for them, shared likewise
    Int128 latency_sum = 0;   ///< picoseconds
    std::int64_t latency_min = 0, latency_max = 0;
};

/// All counts. Times are picoseconds.
struct Tally {
    std::vector<std::int64_t> latencies;     ///< one per measured request, in order of completion
    std::int64_t requests = 0, items = 0;    ///< measured
    std::int64_t good_items = 0;             ///< of requests within the latency bound
    TimePoint window_start{}, window_end{};  ///< first measured arrival, last answer
    // All requests, warm-up included.
    std::int64_t all_requests = 0;
    Int128 all_latency = 0;
    TimePoint first_arrival{}, last_arrival{}, end{};
    std::int64_t batches = 0, carried_items = 0, padded_items = 0;
    std::vector<std::vector<std::int64_t>> histogram;  ///< [program][items of the batch]
    std::vector<Duration> core_busy;                   ///< executed, by core
    Series in_system;                                  ///< requests sent but not answered
    Series waiting;                                    ///< items that no inference carries yet
    std::vector<SizeRow> sizes;                        ///< ascending; empty when there are more than kMaxSizes
};

/// More distinct request sizes than this are not listed.
constexpr std::size_t kMaxSizes = 32;

}  // namespace infsim::serving
