// The policy of Triton's dynamic batcher.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/json_reader.hpp"
#include "serving/policy.hpp"

namespace infsim::serving {

/// Whole requests in order of arrival, up to `max_batch_size` items. A batch leaves when a preferred size can be formed
/// (the largest that can), when no further request fits, or when the oldest request has waited `max_queue_delay`.
struct QueueOptions {
    std::int32_t max_batch_size = 1;
    std::vector<std::int32_t> preferred_batch_size;  ///< ascending
    Duration max_queue_delay{};

    static constexpr const char* kName = "queue";
    static constexpr const char* kForLarger = "; neuron and none do";
    static constexpr bool kSeveralSizes = true;

    static QueueOptions read(json::ObjectReader& policy, const std::vector<int>& sizes);
    std::unique_ptr<Policy> make(const std::vector<int>& sizes) const;
    std::optional<std::int32_t> largest_request() const { return max_batch_size; }
    /// Sizes that were preferred before become all of `sizes`.
    void suit(const std::vector<int>& sizes);
};

}  // namespace infsim::serving
