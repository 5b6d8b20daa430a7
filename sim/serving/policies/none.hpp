// No batching.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/json_reader.hpp"
#include "serving/policy.hpp"

namespace infsim::serving {

/// Each request by itself, at once, in the smallest program that holds it; larger ones are cut into shards of the
/// largest program.
struct NoneOptions {
    static constexpr const char* kName = "none";
    static constexpr const char* kForLarger = "";
    static constexpr bool kSeveralSizes = true;

    static NoneOptions read(json::ObjectReader&, const std::vector<int>&) { return {}; }
    std::unique_ptr<Policy> make(const std::vector<int>& sizes) const;
    std::optional<std::int32_t> largest_request() const { return std::nullopt; }
    void suit(const std::vector<int>&) {}
};

}  // namespace infsim::serving
