#include "chip/fluid_fill.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"

namespace infsim::chip {

namespace {
/// What rounding leaves of a bandwidth that is used up, as a share of it.
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
    growing_.clear();
    for (FluidDemand* flow : flows) {
        flow->rate = 0;
        growing_.push_back({flow, 0});
        for (const auto& use : flow->uses) ++lane(use.channel, flow->group);
    }
    for (std::int32_t c : used_channels_) channels_[c].left = channels_[c].bandwidth;
    for (std::int32_t g : used_groups_) groups_[g].left = groups_[g].bandwidth;
    while (!growing_.empty()) grow();
}

/// Also finds which channels and groups are used.
bool FluidFill::all_reach_their_ceilings(const std::vector<FluidDemand*>& flows) {
    for (std::int32_t c : used_channels_) channels_[c].used = channels_[c].full = false;
    for (std::int32_t g : used_groups_) groups_[g].used = groups_[g].full = false;
    used_channels_.clear();
    used_groups_.clear();
    const auto use_pool = [](std::vector<Pool>& pools, std::vector<std::int32_t>& used, std::int32_t i, double more) {
        Pool& pool = pools[i];
        if (!pool.used) {
            pool.used = true;
            pool.left = pool.bandwidth;
            used.push_back(i);
        }
        pool.left -= more;
    };
    for (FluidDemand* flow : flows) {
        flow->rate = flow->ceiling;
        use_pool(groups_, used_groups_, flow->group, flow->bytes * flow->ceiling);
        for (const auto& use : flow->uses) use_pool(channels_, used_channels_, use.channel, use.bytes * flow->ceiling);
    }
    const auto fits = [](const std::vector<Pool>& pools, const std::vector<std::int32_t>& used) {
        return std::all_of(used.begin(), used.end(), [&](std::int32_t i) { return pools[i].left >= 0; });
    };
    return fits(channels_, used_channels_) && fits(groups_, used_groups_);
}

/// All that grow do until one of them stops.
void FluidFill::grow() {
    find_speeds();
    const double step = next_step();
    const auto advance = [step](Pool& pool) {
        pool.left -= pool.slope * step;
        pool.full = pool.full || (pool.slope > 0 && pool.left <= pool.bandwidth * kRounding);
    };
    for (std::int32_t c : used_channels_) advance(channels_[c]);
    for (std::int32_t g : used_groups_) advance(groups_[g]);
    for (Growing& g : growing_) g.flow->rate += g.speed * step;
    std::size_t kept = 0;
    for (const Growing& g : growing_) {
        if (!stops(*g.flow)) growing_[kept++] = g;
        else
            for (const auto& use : g.flow->uses) --lane(use.channel, g.flow->group);
    }
    INFSIM_CHECK(kept < growing_.size(), "rates grow and nobody stops");
    growing_.resize(kept);
}

void FluidFill::find_speeds() {
    for (std::int32_t c : used_channels_) channels_[c].slope = 0;
    for (std::int32_t g : used_groups_) groups_[g].slope = 0;
    for (Growing& g : growing_) {
        std::int32_t most = 1;
        for (const auto& use : g.flow->uses) most = std::max(most, use.bursts * lane(use.channel, g.flow->group));
        g.speed = 1.0 / most;
        groups_[g.flow->group].slope += g.speed * g.flow->bytes;
        for (const auto& use : g.flow->uses) channels_[use.channel].slope += g.speed * use.bytes;
    }
}

double FluidFill::next_step() {
    double step = std::numeric_limits<double>::max();
    const auto look = [&step](const Pool& pool) {
        if (pool.slope > 0 && pool.slope * step > pool.left) step = std::max(pool.left, 0.0) / pool.slope;
    };
    for (std::int32_t c : used_channels_) look(channels_[c]);
    for (std::int32_t g : used_groups_) look(groups_[g]);
    for (const Growing& g : growing_)
        if (g.flow->rate + g.speed * step > g.flow->ceiling) step = (g.flow->ceiling - g.flow->rate) / g.speed;
    return step;
}

bool FluidFill::stops(const FluidDemand& flow) const {
    if (flow.rate >= flow.ceiling * (1 - kRounding) || groups_[flow.group].full) return true;
    return std::any_of(flow.uses.begin(), flow.uses.end(),
                       [&](const auto& use) { return channels_[use.channel].full; });
}

}  // namespace infsim::chip
