#include "serving/policies/allowed_sizes.hpp"

#include <algorithm>

#include "serving/policies/sizes.hpp"
#include "serving/policies/waiting_line.hpp"

namespace infsim::serving {

namespace {

class AllowedSizesPolicy final : public LinePolicy {
public:
    AllowedSizesPolicy(AllowedSizesOptions options, std::vector<int> sizes)
        : LinePolicy(std::move(sizes), options.batch_timeout), options_(options) {}

private:
    std::int32_t next_size(const WaitingLine& line, bool late) const override;

    AllowedSizesOptions options_;
};

std::int32_t AllowedSizesPolicy::next_size(const WaitingLine& line, bool late) const {
    if (line.items() < options_.max_batch_size && !late) return 0;
    if (options_.split_large)
        return static_cast<std::int32_t>(std::min<std::int64_t>(line.items(), options_.max_batch_size));
    std::int32_t sum = 0;
    for (const Waiting& w : line) {
        if (sum + w.items > options_.max_batch_size) break;
        sum += w.items;
    }
    return sum;
}

}  // namespace

AllowedSizesOptions AllowedSizesOptions::read(json::ObjectReader& policy, const std::vector<int>& sizes) {
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

std::unique_ptr<Policy> AllowedSizesOptions::make(const std::vector<int>& sizes) const {
    return std::make_unique<AllowedSizesPolicy>(*this, sizes);
}

}  // namespace infsim::serving
