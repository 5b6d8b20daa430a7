#include "serving/policies/sizes.hpp"

#include "base/text.hpp"

namespace infsim::serving {

std::string list_text(const std::vector<int>& sizes) {
    std::vector<std::string> all;
    for (int size : sizes) all.push_back(std::to_string(size));
    return "[" + join(all, ", ") + "]";
}

std::vector<std::int32_t> read_sizes(json::ObjectReader& policy, const char* key, std::int32_t most) {
    std::vector<std::int32_t> sizes;
    for (const json::Cursor& element : policy.array_or_empty(key)) {
        const auto n = element.integer(1, most);
        if (!n) continue;
        if (!sizes.empty() && *n <= sizes.back()) element.problem("must be above the one before");
        sizes.push_back(static_cast<std::int32_t>(*n));
    }
    return sizes;
}

}  // namespace infsim::serving
