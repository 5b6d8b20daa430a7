#include "chip/layout.hpp"

#include <string>

#include "base/problems.hpp"
#include "hw/derived.hpp"

namespace infsim::chip {

Layout::Layout(const hw::ChipSpec& spec, int cores)
    : spec_(spec),
      cores_(cores),
      engines_(spec.dma.engines_per_core),
      channels_(spec.dram.channels),
      aperture_bytes_(static_cast<std::uint64_t>(spec.dram.capacity.count() / spec.dram.channels)),
      region_bytes_(static_cast<std::uint64_t>(hw::dram_region_bytes(spec).count())) {}

ArbiterConfig Layout::arbiter_config() const {
    ArbiterConfig config;
    config.burst = spec_.dram.burst;
    config.arbitration = spec_.dram.arbitration;
    config.channels.assign(static_cast<std::size_t>(channels_), hw::sustained_channel_bandwidth(spec_));
    config.channels.insert(config.channels.end(), static_cast<std::size_t>(cores_), spec_.dma.core_bandwidth);
    if (const auto* ddr4 = std::get_if<hw::Ddr4Dram>(&spec_.dram.model)) {
        config.ddr4 = *ddr4;
        config.ddr4_channels = channels_;
    }
    config.groups.assign(static_cast<std::size_t>(cores_), spec_.dma.core_bandwidth);
    config.groups.insert(config.groups.end(), 2, spec_.host.link_bandwidth);
    for (int core = 0; core < cores_; ++core)
        for (int engine = 0; engine < engines_; ++engine)
            config.flows.push_back({core, spec_.dma.engine_bandwidth, spec_.dma.rings_per_engine});
    for (int direction = 0; direction < 2; ++direction)
        for (int core = 0; core < cores_; ++core)
            config.flows.push_back({cores_ + direction, spec_.host.link_bandwidth, 1});
    return config;
}

std::uint64_t Layout::address(int core, int region, std::int64_t offset) const {
    const auto channel = static_cast<std::uint64_t>((core + region) % channels_);
    return channel * aperture_bytes_ + static_cast<std::uint64_t>(core) * region_bytes_ +
           static_cast<std::uint64_t>(offset);
}

void check_target(const hw::ChipSpec& spec, const program::Program& program) {
    Problems problems;
    const auto need = [&](const char* what, std::int64_t wanted, std::int64_t there) {
        if (wanted > there)
            problems.add(program.model, std::string("target/") + what,
                         "the program was made for " + std::to_string(wanted) + ", chip " + spec.name + " has " +
                             std::to_string(there));
    };
    const auto& t = program.target;
    need("pe_rows", t.pe_rows, spec.pe.rows);
    need("pe_columns", t.pe_columns, spec.pe.columns);
    need("max_moving", t.max_moving, spec.pe.max_moving);
    need("sb_partitions", t.sb_partitions, spec.state_buffer.partitions);
    need("sb_partition_bytes", t.sb_partition_bytes, spec.state_buffer.partition_bytes.count());
    need("psum_partitions", t.psum_partitions, spec.psum.partitions);
    need("psum_banks", t.psum_banks, spec.psum.banks);
    need("psum_bank_bytes", t.psum_bank_bytes, spec.psum.bank_bytes.count());
    need("dma_engines", t.dma_engines, spec.dma.engines_per_core);
    need("rings_per_engine", t.rings_per_engine, spec.dma.rings_per_engine);
    need("max_queues", t.max_queues, spec.sync.max_queues);
    need("dram_regions", t.dram_regions, spec.dram.channels);
    need("dram_region_bytes", t.dram_region_bytes, hw::dram_region_bytes(spec).count());
    problems.throw_if_any();
}

}  // namespace infsim::chip
