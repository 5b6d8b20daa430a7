#include <algorithm>

#include "serving/policies/policies.hpp"

namespace infsim::serving {

void QueuePolicy::arrive(std::int32_t request, std::int32_t items, TimePoint now) {
    queue_.push_back({request, items, now});
    items_ += items;
}

/// Items of the batch that may leave at `now`, 0: none. Walks over the requests that fit one batch.
std::int32_t QueuePolicy::next_size(TimePoint now) const {
    if (queue_.empty()) return 0;
    const auto& preferred = options_.preferred_batch_size;
    std::int32_t sum = 0, best = 0;
    bool full = false;
    for (const Waiting& w : queue_) {
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
    return full || now >= queue_.front().since + options_.max_queue_delay ? sum : 0;
}

std::optional<int> QueuePolicy::ready(TimePoint now) {
    const std::int32_t size = next_size(now);
    return size == 0 ? std::nullopt : std::optional{program_for(sizes_, size)};
}

void QueuePolicy::take(TimePoint now, Batch& batch) {
    std::int32_t left = next_size(now);
    batch.program = program_for(sizes_, left);
    batch.capacity = sizes_[static_cast<std::size_t>(batch.program)];
    batch.items = left;
    items_ -= left;
    while (left > 0) {
        batch.parts.push_back({queue_.front().request, queue_.front().items});
        left -= queue_.front().items;
        queue_.pop_front();
    }
}

std::optional<TimePoint> QueuePolicy::deadline() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.front().since + options_.max_queue_delay;
}

}  // namespace infsim::serving
