#include "serving/policies/policies.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::serving {

namespace {

/// Calls `act` with one value of each kind of policy, in the variant's order.
template <std::size_t I = 0, typename Act>
void for_each_kind(const Act& act) {
    if constexpr (I < std::variant_size_v<PolicyOptions>) {
        act(std::variant_alternative_t<I, PolicyOptions>{});
        for_each_kind<I + 1>(act);
    }
}

}  // namespace

std::vector<std::string> policy_names() {
    std::vector<std::string> names;
    for_each_kind([&](const auto& kind) { names.emplace_back(kind.kName); });
    return names;
}

std::string policy_name(const PolicyOptions& options) {
    return std::visit([](const auto& o) { return std::string(o.kName); }, options);
}

std::optional<PolicyOptions> read_policy_options(const std::string& name, json::ObjectReader& policy,
                                                 const std::vector<int>& sizes) {
    std::optional<PolicyOptions> options;
    for_each_kind([&](const auto& kind) {
        if (name == kind.kName) options = std::decay_t<decltype(kind)>::read(policy, sizes);
    });
    return options;
}

std::optional<std::int32_t> largest_request(const PolicyOptions& options) {
    return std::visit([](const auto& o) { return o.largest_request(); }, options);
}

std::unique_ptr<Policy> make_policy(const PolicyOptions& options, const std::vector<int>& sizes) {
    INFSIM_CHECK(!sizes.empty() && std::is_sorted(sizes.begin(), sizes.end()), "compiled sizes ascend");
    return std::visit(
        [&](const auto& o) {
            INFSIM_CHECK(o.kSeveralSizes || sizes.size() == 1, std::string(o.kName) + " has one compiled size");
            INFSIM_CHECK(o.largest_request().value_or(0) <= sizes.back(),
                         "max_batch_size is above every compiled size");
            return o.make(sizes);
        },
        options);
}

}  // namespace infsim::serving
