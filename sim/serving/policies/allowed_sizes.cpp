#include <algorithm>

#include "serving/policies/policies.hpp"

namespace infsim::serving {

void AllowedSizesPolicy::arrive(std::int32_t request, std::int32_t items, TimePoint now) {
    queue_.push_back({request, items, now});
    items_ += items;
}

/// Items of the batch that may leave at `now`, 0: none.
std::int32_t AllowedSizesPolicy::next_size(TimePoint now) const {
    if (queue_.empty()) return 0;
    const bool late = now >= queue_.front().since + options_.batch_timeout;
    if (items_ < options_.max_batch_size && !late) return 0;
    if (options_.split_large)
        return static_cast<std::int32_t>(std::min<std::int64_t>(items_, options_.max_batch_size));
    std::int32_t sum = 0;
    for (const Waiting& w : queue_) {
        if (sum + w.items > options_.max_batch_size) break;
        sum += w.items;
    }
    return sum;
}

std::optional<int> AllowedSizesPolicy::ready(TimePoint now) {
    const std::int32_t size = next_size(now);
    return size == 0 ? std::nullopt : std::optional{program_for(sizes_, size)};
}

void AllowedSizesPolicy::take(TimePoint now, Batch& batch) {
    std::int32_t left = next_size(now);
    batch.program = program_for(sizes_, left);
    batch.capacity = sizes_[static_cast<std::size_t>(batch.program)];
    batch.items = left;
    items_ -= left;
    while (left > 0) {
        Waiting& front = queue_.front();
        const std::int32_t items = std::min(front.items, left);
        batch.parts.push_back({front.request, items});
        left -= items;
        front.items -= items;
        if (front.items == 0) queue_.pop_front();
    }
}

std::optional<TimePoint> AllowedSizesPolicy::deadline() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.front().since + options_.batch_timeout;
}

}  // namespace infsim::serving
