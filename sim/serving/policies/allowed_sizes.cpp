#include "serving/policies/allowed_sizes.hpp"

#include <algorithm>

#include "serving/policies/sizes.hpp"
#include "serving/policies/waiting_line.hpp"

namespace infsim::serving {

namespace {

class AllowedSizesPolicy final : public Policy {
public:
    AllowedSizesPolicy(AllowedSizesOptions options, std::vector<int> sizes)
        : options_(options), line_(std::move(sizes)) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;
    std::optional<TimePoint> deadline() const override;

private:
    std::int32_t next_size(TimePoint now) const;

    AllowedSizesOptions options_;
    WaitingLine line_;
};

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
