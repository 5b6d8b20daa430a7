// The policy of AWS's TensorFlow runtime.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/json_reader.hpp"
#include "serving/policy.hpp"

namespace infsim::serving {

/// A request is padded to a multiple of B and cut into shards of B. Its first shard runs alone, the rest concurrently
/// once it is back. Requests do not share shards.
struct NeuronOptions {
    static constexpr const char* kName = "neuron";
    static constexpr const char* kForLarger = "";
    static constexpr bool kSeveralSizes = false;

    static NeuronOptions read(json::ObjectReader& policy, const std::vector<int>& sizes);
    std::unique_ptr<Policy> make(const std::vector<int>& sizes) const;
    std::optional<std::int32_t> largest_request() const { return std::nullopt; }
    void suit(const std::vector<int>&) {}
};

}  // namespace infsim::serving
