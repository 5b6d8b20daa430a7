#include "serving/policies/neuron.hpp"

#include <algorithm>
#include <deque>

#include "serving/policies/sizes.hpp"
#include "serving/policies/waiting_line.hpp"

namespace infsim::serving {

namespace {

class NeuronPolicy final : public Policy {
public:
    explicit NeuronPolicy(int batch) : batch_(batch) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;
    void finished(const Batch& batch, TimePoint now) override;

private:
    std::int32_t batch_;
    std::deque<Waiting> shards_;      ///< shards that may leave, in the order in which they became free
    std::vector<std::int32_t> held_;  ///< by request: items after its first shard
};

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

}  // namespace

NeuronOptions NeuronOptions::read(json::ObjectReader& policy, const std::vector<int>& sizes) {
    if (sizes.size() > 1)
        policy.problem("kind", "neuron cuts requests into shards of one compiled batch, and the server has " +
                                   list_text(sizes) + "; queue, allowed_sizes and none choose among several");
    return {};
}

std::unique_ptr<Policy> NeuronOptions::make(const std::vector<int>& sizes) const {
    return std::make_unique<NeuronPolicy>(sizes.front());
}

}  // namespace infsim::serving
