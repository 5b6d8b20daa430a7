// Batch sizes in scenario files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_reader.hpp"

namespace infsim::serving {

constexpr std::int32_t kMaxBatchSize = 4096;
constexpr std::int64_t kMaxDelayUs = 3'600'000'000;

/// "[1, 4, 8]".
std::string list_text(const std::vector<int>& sizes);

/// The array `key`: ascending, each from 1 to `most`; empty if it is left out.
std::vector<std::int32_t> read_sizes(json::ObjectReader& policy, const char* key, std::int32_t most);

}  // namespace infsim::serving
