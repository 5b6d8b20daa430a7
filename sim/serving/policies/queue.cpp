#include "serving/policies/queue.hpp"

#include <algorithm>

#include "serving/policies/sizes.hpp"
#include "serving/policies/waiting_line.hpp"

namespace infsim::serving {

namespace {

class QueuePolicy final : public LinePolicy {
public:
    QueuePolicy(QueueOptions options, std::vector<int> sizes)
        : LinePolicy(std::move(sizes), options.max_queue_delay), options_(std::move(options)) {}

private:
    std::int32_t next_size(const WaitingLine& line, bool late) const override;

    QueueOptions options_;
};

/// Iterates over the requests that fit one batch.
std::int32_t QueuePolicy::next_size(const WaitingLine& line, bool late) const {
    const auto& preferred = options_.preferred_batch_size;
    std::int32_t sum = 0, best = 0;
    bool full = false;
    for (const Waiting& w : line) {
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
    return full || late ? sum : 0;
}

}  // namespace

QueueOptions QueueOptions::read(json::ObjectReader& policy, const std::vector<int>& sizes) {
    QueueOptions o;
    o.max_batch_size = static_cast<std::int32_t>(policy.integer_or("max_batch_size", sizes.back(), 1, sizes.back()));
    o.preferred_batch_size = read_sizes(policy, "preferred_batch_size", o.max_batch_size);
    o.max_queue_delay = microseconds(policy.integer_or("max_queue_delay_microseconds", 0, 0, kMaxDelayUs));
    return o;
}

std::unique_ptr<Policy> QueueOptions::make(const std::vector<int>& sizes) const {
    return std::make_unique<QueuePolicy>(*this, sizes);
}

void QueueOptions::suit(const std::vector<int>& sizes) {
    max_batch_size = sizes.back();
    if (!preferred_batch_size.empty()) preferred_batch_size.assign(sizes.begin(), sizes.end());
}

}  // namespace infsim::serving
