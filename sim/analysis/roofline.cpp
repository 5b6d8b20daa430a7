#include "analysis/roofline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/check.hpp"
#include "hw/derived.hpp"

namespace infsim::analysis {

Bandwidth sustained_bandwidth(const hw::DramSpec& dram) {
    // Rounded up, because a bound must never exceed what the chip can do.
    return Bandwidth{static_cast<std::int64_t>(
        std::ceil(static_cast<double>(dram.channel_bandwidth.count()) * hw::dram_efficiency(dram.model)))};
}

Bandwidth fair_share(const hw::ChipSpec& spec, int cores) {
    const Bandwidth share{sustained_bandwidth(spec.dram).count() * spec.dram.channels / cores};
    return std::min(share, spec.dma.core_bandwidth);
}

namespace {
Bytes busiest_channel(const hw::ChipSpec& spec, int cores, const std::vector<Bytes>& region_bytes) {
    std::vector<Bytes> load(static_cast<std::size_t>(spec.dram.channels));
    for (int core = 0; core < cores; ++core)
        for (std::size_t r = 0; r < region_bytes.size(); ++r)
            load[(static_cast<std::size_t>(core) + r) % load.size()] += region_bytes[r];
    return *std::max_element(load.begin(), load.end());
}
}  // namespace

Roofline roofline(const hw::ChipSpec& spec, int cores, const Demand& demand) {
    INFSIM_CHECK(cores > 0 && spec.dram.channels > 0, "a roofline needs cores and channels");
    Roofline r{demand.pe, demand.act, demand.pool};
    r.core_dma = demand.core_bytes / spec.dma.core_bandwidth;
    r.dram = busiest_channel(spec, cores, demand.region_bytes) / sustained_bandwidth(spec.dram);
    r.host = std::max(demand.host_in, demand.host_out) * cores / spec.host.link_bandwidth;
    const std::array<std::pair<Duration, const char*>, 6> all{
        {{r.dram, "dram"}, {r.core_dma, "dram"}, {r.pe, "pe"}, {r.act, "act"}, {r.pool, "pool"}, {r.host, "host"}}};
    const auto top =
        std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    r.bound = top->first;
    r.resource = top->second;
    return r;
}

}  // namespace infsim::analysis
