#include "serving/policies/none.hpp"

#include <algorithm>
#include <deque>

#include "serving/policies/waiting_line.hpp"

namespace infsim::serving {

namespace {

class NonePolicy final : public Policy {
public:
    explicit NonePolicy(std::vector<int> sizes) : sizes_(std::move(sizes)) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;

private:
    std::vector<int> sizes_;
    std::deque<Waiting> queue_;
};

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

}  // namespace

std::unique_ptr<Policy> NoneOptions::make(const std::vector<int>& sizes) const {
    return std::make_unique<NonePolicy>(sizes);
}

}  // namespace infsim::serving
