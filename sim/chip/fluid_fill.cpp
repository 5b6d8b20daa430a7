#include "chip/fluid_fill.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"

namespace infsim::chip {

namespace {
/// What rounding may leave of a fully used bandwidth, as a share of it.
constexpr double kRounding = 1e-12;
}  // namespace

FluidFill::FluidFill(const ArbiterConfig& config) {
    const auto pool = [](Bandwidth bandwidth) {
        Pool p;
        p.bandwidth = static_cast<double>(bandwidth.count()) / 1e12;
        return p;
    };
    for (Bandwidth b : config.channels) channels_.push_back(pool(b));
    for (Bandwidth b : config.groups) groups_.push_back(pool(b));
    lanes_.resize(channels_.size() * groups_.size());
}

void FluidFill::fill(const std::vector<FluidDemand*>& flows) {
    if (all_reach_their_ceilings(flows)) return;
    for (Pool* pool : tight_) pool->left = pool->bandwidth;
    growing_.clear();
    for (FluidDemand* flow : flows) begin(*flow);
    while (!growing_.empty()) grow();
}

/// Also finds the tight channels and groups. Only these can limit a flow.
bool FluidFill::all_reach_their_ceilings(const std::vector<FluidDemand*>& flows) {
    for (auto* pools : {&channels_, &groups_})
        for (Pool& pool : *pools) {
            pool.left = pool.bandwidth;
            pool.full = false;
        }
    for (FluidDemand* flow : flows) {
        flow->rate = flow->ceiling;
        groups_[flow->group].left -= flow->bytes * flow->ceiling;
        for (const auto& use : flow->uses) channels_[use.channel].left -= use.bytes * flow->ceiling;
    }
    tight_.clear();
    for (auto* pools : {&channels_, &groups_})
        for (Pool& pool : *pools)
            if (pool.left < 0) tight_.push_back(&pool);
    return tight_.empty();
}

void FluidFill::begin(FluidDemand& flow) {
    Growing g;
    g.flow = &flow;
    g.uses = flow.uses.data();
    g.uses_end = g.uses + flow.uses.size();
    g.group = flow.group;
    g.ceiling = flow.ceiling;
    g.bytes = flow.bytes;
    for (const auto* use = g.uses; use != g.uses_end; ++use) ++lane(use->channel, g.group);
    growing_.push_back(g);
}

/// Grows all rates until a flow stops.
void FluidFill::grow() {
    find_speeds();
    const double step = next_step();
    for (Pool* pool : tight_) {
        pool->left -= pool->slope * step;
        pool->full = pool->full || (pool->slope > 0 && pool->left <= pool->bandwidth * kRounding);
    }
    std::size_t kept = 0;
    for (Growing& g : growing_) {
        g.rate += g.speed * step;
        if (!stops(g)) {
            growing_[kept++] = g;
            continue;
        }
        g.flow->rate = g.rate;
        for (const auto* use = g.uses; use != g.uses_end; ++use) --lane(use->channel, g.group);
    }
    INFSIM_CHECK(kept < growing_.size(), "rates grow and no flow stops");
    growing_.resize(kept);
}

void FluidFill::find_speeds() {
    for (Pool* pool : tight_) pool->slope = 0;
    for (Growing& g : growing_) {
        std::int32_t most = 1;
        for (const auto* use = g.uses; use != g.uses_end; ++use)
            most = std::max(most, use->bursts * lane(use->channel, g.group));
        g.speed = most == 1 ? 1.0 : 1.0 / most;
        groups_[g.group].slope += g.speed * g.bytes;
        for (const auto* use = g.uses; use != g.uses_end; ++use) channels_[use->channel].slope += g.speed * use->bytes;
    }
}

double FluidFill::next_step() {
    double step = std::numeric_limits<double>::max();
    for (const Pool* pool : tight_)
        if (pool->slope > 0 && pool->slope * step > pool->left) step = std::max(pool->left, 0.0) / pool->slope;
    for (const Growing& g : growing_)
        if (g.rate + g.speed * step > g.ceiling) step = (g.ceiling - g.rate) / g.speed;
    return step;
}

bool FluidFill::stops(const Growing& g) const {
    if (g.rate >= g.ceiling * (1 - kRounding) || groups_[g.group].full) return true;
    return std::any_of(g.uses, g.uses_end, [&](const auto& use) { return channels_[use.channel].full; });
}

}  // namespace infsim::chip
