#include <algorithm>

#include "serving/policies/waiting_line.hpp"

namespace infsim::serving {

int program_for(const std::vector<int>& sizes, std::int32_t items) {
    const auto found = std::lower_bound(sizes.begin(), sizes.end(), items);
    return static_cast<int>(std::min(found, std::prev(sizes.end())) - sizes.begin());
}

void WaitingLine::arrive(std::int32_t request, std::int32_t items, TimePoint now) {
    line_.push_back({request, items, now});
    items_ += items;
}

std::optional<int> WaitingLine::program(std::int32_t items) const {
    return items == 0 ? std::nullopt : std::optional{program_for(sizes_, items)};
}

void WaitingLine::take(std::int32_t items, Batch& batch) {
    batch.program = program_for(sizes_, items);
    batch.capacity = sizes_[static_cast<std::size_t>(batch.program)];
    batch.items = items;
    items_ -= items;
    while (items > 0) {
        Waiting& front = line_.front();
        const std::int32_t some = std::min(front.items, items);
        batch.parts.push_back({front.request, some});
        items -= some;
        front.items -= some;
        if (front.items == 0) line_.pop_front();
    }
}

}  // namespace infsim::serving
