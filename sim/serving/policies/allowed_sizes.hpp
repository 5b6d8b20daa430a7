// The policy of TensorFlow Serving.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/json_reader.hpp"
#include "serving/policy.hpp"

namespace infsim::serving {

/// Up to `max_batch_size` items. A batch leaves when it is full or its first task has waited `batch_timeout`, padded to
/// the next compiled size. With `split_large` (enable_large_batch_splitting) requests fill batches exactly and may be
/// larger than a batch.
struct AllowedSizesOptions {
    std::int32_t max_batch_size = 1;
    Duration batch_timeout{};
    bool split_large = false;

    static constexpr const char* kName = "allowed_sizes";
    static constexpr const char* kForLarger = " unless enable_large_batch_splitting is true";
    static constexpr bool kSeveralSizes = true;

    static AllowedSizesOptions read(json::ObjectReader& policy, const std::vector<int>& sizes);
    std::unique_ptr<Policy> make(const std::vector<int>& sizes) const;
    std::optional<std::int32_t> largest_request() const {
        return split_large ? std::nullopt : std::optional{max_batch_size};
    }
    void suit(const std::vector<int>& sizes) { max_batch_size = sizes.back(); }
};

}  // namespace infsim::serving
