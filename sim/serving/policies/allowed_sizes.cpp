#include <algorithm>

#include "serving/policies/policies.hpp"

namespace infsim::serving {

void AllowedSizesPolicy::arrive(std::int32_t request, std::int32_t items, TimePoint now) {
    line_.arrive(request, items, now);
}

/// Items of the batch that may leave at `now`, 0: none.
std::int32_t AllowedSizesPolicy::next_size(TimePoint now) const {
    if (line_.empty()) return 0;
    const bool late = now >= line_.since() + options_.batch_timeout;
    if (line_.items() < options_.max_batch_size && !late) return 0;
    if (options_.split_large)
        return static_cast<std::int32_t>(std::min<std::int64_t>(line_.items(), options_.max_batch_size));
    std::int32_t sum = 0;
    for (const Waiting& w : line_) {
        if (sum + w.items > options_.max_batch_size) break;
        sum += w.items;
    }
    return sum;
}

std::optional<int> AllowedSizesPolicy::ready(TimePoint now) { return line_.program(next_size(now)); }

void AllowedSizesPolicy::take(TimePoint now, Batch& batch) { line_.take(next_size(now), batch); }

std::optional<TimePoint> AllowedSizesPolicy::deadline() const {
    if (line_.empty()) return std::nullopt;
    return line_.since() + options_.batch_timeout;
}

}  // namespace infsim::serving
