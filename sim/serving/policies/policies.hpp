// All batching policies. A new one is a line of PolicyOptions here, a header next to this one and its source.
#pragma once

#include <string>
#include <variant>

#include "serving/policies/allowed_sizes.hpp"
#include "serving/policies/neuron.hpp"
#include "serving/policies/none.hpp"
#include "serving/policies/queue.hpp"

namespace infsim::serving {

/// Each has a name (kName), says whether the server may have several compiled sizes (kSeveralSizes) and what to do
/// about requests above the largest (kForLarger). It also defines how it reads its keys of a scenario, how it is made,
/// the most items of a request (largest_request; empty: any number), and how it adapts to other compiled sizes (suit).
using PolicyOptions = std::variant<NeuronOptions, QueueOptions, AllowedSizesOptions, NoneOptions>;

std::vector<std::string> policy_names();
std::string policy_name(const PolicyOptions& options);

/// The policy of this name with its keys from the scenario; empty for an unknown name.
std::optional<PolicyOptions> read_policy_options(const std::string& name, json::ObjectReader& policy,
                                                 const std::vector<int>& sizes);

/// The most items that one request may have under the policy; empty: any number.
std::optional<std::int32_t> largest_request(const PolicyOptions& options);

/// `sizes`: the compiled batch sizes, ascending; at least one, and the largest holds the policy's max_batch_size.
/// Only one if the policy cannot use several.
std::unique_ptr<Policy> make_policy(const PolicyOptions& options, const std::vector<int>& sizes);

}  // namespace infsim::serving
