#include "serving/policies/policies.hpp"
#include "serving/scenario_parts.hpp"

namespace infsim::serving {

void read_policy(json::ObjectReader& root, Scenario& scenario) {
    const auto place = root.required("policy");
    if (!place) return;
    json::ObjectReader policy(*place);
    auto options = read_policy_options(policy.choice("kind", policy_names()), policy, scenario.run.server.sizes);
    if (!options) return;
    scenario.run.policy = std::move(*options);
    policy.finish();
}

}  // namespace infsim::serving
