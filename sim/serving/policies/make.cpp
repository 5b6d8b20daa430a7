#include <algorithm>

#include "base/check.hpp"
#include "serving/policies/policies.hpp"

namespace infsim::serving {

namespace {

struct Make {
    const std::vector<int>& sizes;
    std::unique_ptr<Policy> operator()(const NeuronOptions&) const {
        INFSIM_CHECK(sizes.size() == 1, "the neuron policy has one compiled size");
        return std::make_unique<NeuronPolicy>(sizes.front());
    }
    std::unique_ptr<Policy> operator()(const QueueOptions& o) const {
        INFSIM_CHECK(o.max_batch_size <= sizes.back(), "max_batch_size is above every compiled size");
        return std::make_unique<QueuePolicy>(o, sizes);
    }
    std::unique_ptr<Policy> operator()(const AllowedSizesOptions& o) const {
        INFSIM_CHECK(o.max_batch_size <= sizes.back(), "max_batch_size is above every compiled size");
        return std::make_unique<AllowedSizesPolicy>(o, sizes);
    }
    std::unique_ptr<Policy> operator()(const NoneOptions&) const { return std::make_unique<NonePolicy>(sizes); }
};

struct Name {
    std::string operator()(const NeuronOptions&) const { return "neuron"; }
    std::string operator()(const QueueOptions&) const { return "queue"; }
    std::string operator()(const AllowedSizesOptions&) const { return "allowed_sizes"; }
    std::string operator()(const NoneOptions&) const { return "none"; }
};

}  // namespace

int program_for(const std::vector<int>& sizes, std::int32_t items) {
    const auto found = std::lower_bound(sizes.begin(), sizes.end(), items);
    return static_cast<int>(std::min(found, std::prev(sizes.end())) - sizes.begin());
}

std::string policy_name(const PolicyOptions& options) { return std::visit(Name{}, options); }

std::optional<std::int32_t> largest_request(const PolicyOptions& options) {
    if (const auto* queue = std::get_if<QueueOptions>(&options)) return queue->max_batch_size;
    if (const auto* allowed = std::get_if<AllowedSizesOptions>(&options))
        return allowed->split_large ? std::nullopt : std::optional{allowed->max_batch_size};
    return std::nullopt;
}

std::unique_ptr<Policy> make_policy(const PolicyOptions& options, const std::vector<int>& sizes) {
    INFSIM_CHECK(!sizes.empty() && std::is_sorted(sizes.begin(), sizes.end()), "compiled sizes ascend");
    return std::visit(Make{sizes}, options);
}

}  // namespace infsim::serving
