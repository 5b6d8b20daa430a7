#include <algorithm>

#include "serving/policies/policies.hpp"

namespace infsim::serving {

void NeuronPolicy::arrive(std::int32_t request, std::int32_t items, TimePoint now) {
    const auto index = static_cast<std::size_t>(request);
    if (held_.size() <= index) held_.resize(index + 1, 0);
    const std::int32_t first = std::min(items, batch_);
    held_[index] = items - first;
    shards_.push_back({request, first, now});
}

std::optional<int> NeuronPolicy::ready(TimePoint) { return shards_.empty() ? std::nullopt : std::optional{0}; }

void NeuronPolicy::take(TimePoint, Batch& batch) {
    Waiting& front = shards_.front();
    const std::int32_t items = std::min(front.items, batch_);
    batch.program = 0;
    batch.capacity = batch_;
    batch.items = items;
    batch.parts.push_back({front.request, items});
    front.items -= items;
    if (front.items == 0) shards_.pop_front();
}

void NeuronPolicy::finished(const Batch& batch, TimePoint now) {
    const std::int32_t request = batch.parts.front().request;
    std::int32_t& held = held_[static_cast<std::size_t>(request)];
    if (held == 0) return;
    shards_.push_back({request, held, now});
    held = 0;
}

}  // namespace infsim::serving
