#include <algorithm>

#include "serving/policies/policies.hpp"

namespace infsim::serving {

void QueuePolicy::arrive(std::int32_t request, std::int32_t items, TimePoint now) { line_.arrive(request, items, now); }

/// Items of the batch that may leave at `now`, 0: none. Walks over the requests that fit one batch.
std::int32_t QueuePolicy::next_size(TimePoint now) const {
    if (line_.empty()) return 0;
    const auto& preferred = options_.preferred_batch_size;
    std::int32_t sum = 0, best = 0;
    bool full = false;
    for (const Waiting& w : line_) {
        full = sum + w.items > options_.max_batch_size;
        if (full) break;
        sum += w.items;
        if (std::binary_search(preferred.begin(), preferred.end(), sum)) best = sum;
        if (sum == options_.max_batch_size) {
            full = true;
            break;
        }
    }
    if (best > 0) return best;
    return full || now >= line_.since() + options_.max_queue_delay ? sum : 0;
}

std::optional<int> QueuePolicy::ready(TimePoint now) { return line_.program(next_size(now)); }

void QueuePolicy::take(TimePoint now, Batch& batch) { line_.take(next_size(now), batch); }

std::optional<TimePoint> QueuePolicy::deadline() const {
    if (line_.empty()) return std::nullopt;
    return line_.since() + options_.max_queue_delay;
}

}  // namespace infsim::serving
