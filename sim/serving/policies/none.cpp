#include <algorithm>

#include "serving/policies/policies.hpp"

namespace infsim::serving {

void NonePolicy::arrive(std::int32_t request, std::int32_t items, TimePoint now) {
    queue_.push_back({request, items, now});
}

std::optional<int> NonePolicy::ready(TimePoint) {
    return queue_.empty() ? std::nullopt : std::optional{program_for(sizes_, queue_.front().items)};
}

void NonePolicy::take(TimePoint, Batch& batch) {
    Waiting& front = queue_.front();
    batch.program = program_for(sizes_, front.items);
    batch.capacity = sizes_[static_cast<std::size_t>(batch.program)];
    batch.items = std::min(front.items, batch.capacity);
    batch.parts.push_back({front.request, batch.items});
    front.items -= batch.items;
    if (front.items == 0) queue_.pop_front();
}

}  // namespace infsim::serving
