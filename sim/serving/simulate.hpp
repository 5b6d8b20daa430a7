// The event loop: requests arrive, a policy forms batches, a device executes them.
#pragma once

#include <functional>
#include <vector>

#include "serving/device.hpp"
#include "serving/load.hpp"
#include "serving/policies/policies.hpp"
#include "serving/tally.hpp"

namespace infsim::serving {

/// The server: what is loaded on every core, and how many inferences may be outstanding.
struct Server {
    int chips = 1, cores_per_chip = 1;
    std::vector<int> sizes{1};  ///< compiled batch sizes, ascending
    int outstanding_per_core = 1;
    int outstanding_in_all = 0;  ///< over all cores; 0: only the limit per core
    int cores() const { return chips * cores_per_chip; }
};

/// Host software. Overheads of different requests overlap; those of inferences overlap as far as there are threads.
struct Host {
    Duration per_request{};      ///< before a request reaches the batching queue
    Duration per_item{};         ///< in addition, for each of its items
    Duration per_inference{};    ///< a runtime call; occupies one of the core's outstanding inferences
    Duration per_batch_item{};   ///< in addition, for each item of the program's batch, padding included
    std::optional<int> threads;  ///< calls that the host processes at a time; empty: all
    /// Of a call: each takes up to this share more or less, by the run's seed, if there are several cores.
    /// Without it, cores that are always busy may lock into one rhythm, which does not happen with real hosts.
    double jitter = 0;

    /// The time of a runtime call with this many items.
    Duration call(std::int64_t items) const { return per_inference + per_batch_item * items; }
    Duration most_jitter(Duration call) const {
        return Duration{static_cast<std::int64_t>(jitter * static_cast<double>(call.count()))};
    }
};

struct Run {
    Server server;
    Host host;
    PolicyOptions policy;
    Load load;
    Sizes sizes;
    Stop stop;
    std::int64_t warm_up = 0;  ///< number of first requests that do not count in latencies and throughput
    Duration bound{};          ///< latency bound for goodput; 0: none
    std::uint64_t seed = 0;
};

/// Called occasionally with the number of answered requests; may throw to give up.
using ProgressCallback = std::function<void(std::int64_t answered)>;

/// Simulates until every request is answered. Latency counts from the scheduled arrival. A batch goes to the core
/// with the fewest inferences outstanding, then to the chip with the fewest, then to the first; cores with other
/// programs outstanding are not considered. At the same instant, answers come before arrivals, and arrivals before
/// timers. Throws InputError when simulated time exceeds 92 days.
Tally simulate(const Run& run, Device& device, const ProgressCallback& progress = {});

}  // namespace infsim::serving
