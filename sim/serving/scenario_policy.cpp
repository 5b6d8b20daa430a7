#include <algorithm>

#include "base/text.hpp"
#include "serving/scenario_parts.hpp"

namespace infsim::serving {

namespace {

using json::ObjectReader;

constexpr std::int64_t kMaxDelayUs = 3'600'000'000;

std::string list_text(const std::vector<int>& sizes) {
    std::vector<std::string> all;
    for (int size : sizes) all.push_back(std::to_string(size));
    return "[" + join(all, ", ") + "]";
}

std::vector<std::int32_t> read_sizes(ObjectReader& policy, const char* key, std::int32_t most) {
    std::vector<std::int32_t> sizes;
    for (const json::Cursor& element : policy.array_or_empty(key)) {
        const auto n = element.integer(1, most);
        if (!n) continue;
        if (!sizes.empty() && *n <= sizes.back()) element.problem("must be above the one before");
        sizes.push_back(static_cast<std::int32_t>(*n));
    }
    return sizes;
}

QueueOptions read_queue(ObjectReader& policy, const std::vector<int>& sizes) {
    QueueOptions o;
    o.max_batch_size = static_cast<std::int32_t>(policy.integer_or("max_batch_size", sizes.back(), 1, sizes.back()));
    o.preferred_batch_size = read_sizes(policy, "preferred_batch_size", o.max_batch_size);
    o.max_queue_delay = microseconds(policy.integer_or("max_queue_delay_microseconds", 0, 0, kMaxDelayUs));
    return o;
}

AllowedSizesOptions read_allowed(ObjectReader& policy, const std::vector<int>& sizes) {
    AllowedSizesOptions o;
    if (policy.has("allowed_batch_sizes")) {
        const auto allowed = read_sizes(policy, "allowed_batch_sizes", kMaxBatchSize);
        if (std::vector<int>(allowed.begin(), allowed.end()) != sizes)
            policy.problem("allowed_batch_sizes", "must be the batches that the server has, " + list_text(sizes));
    }
    o.max_batch_size = static_cast<std::int32_t>(policy.integer_or("max_batch_size", sizes.back(), 1, sizes.back()));
    if (o.max_batch_size != sizes.back() && policy.has("allowed_batch_sizes"))
        policy.problem("max_batch_size", "must be the last of allowed_batch_sizes, " + std::to_string(sizes.back()));
    o.batch_timeout = microseconds(policy.integer_or("batch_timeout_micros", 0, 0, kMaxDelayUs));
    o.split_large = policy.boolean_or("enable_large_batch_splitting", false);
    return o;
}

}  // namespace

void read_policy(ObjectReader& root, Scenario& scenario) {
    const auto place = root.required("policy");
    if (!place) return;
    ObjectReader policy(*place);
    const std::string kind = policy.choice("kind", {"neuron", "queue", "allowed_sizes", "none"});
    if (kind.empty()) return;
    const std::vector<int>& sizes = scenario.run.server.sizes;
    if (kind == "neuron") scenario.run.policy = NeuronOptions{};
    if (kind == "queue") scenario.run.policy = read_queue(policy, sizes);
    if (kind == "allowed_sizes") scenario.run.policy = read_allowed(policy, sizes);
    if (kind == "none") scenario.run.policy = NoneOptions{};
    if (kind == "neuron" && sizes.size() > 1)
        policy.problem("kind", "neuron cuts requests into shards of one compiled batch, and the server has " +
                                   list_text(sizes) + "; queue, allowed_sizes and none choose among several");
    policy.finish();
}

}  // namespace infsim::serving
