// Lower bounds on the time of one inference, from the bytes and the engine time that its Program demands.
#pragma once

#include <string>
#include <vector>

#include "base/units.hpp"
#include "hw/spec.hpp"

namespace infsim::analysis {

/// The demand of one inference of one core.
struct Demand {
    Duration pe{}, act{}, pool{};     ///< occupancy of each engine, uncontended
    std::vector<Bytes> region_bytes;  ///< DRAM traffic of each of the core's regions, host transfers included
    Bytes core_bytes;                 ///< DRAM traffic of the core's own DMA engines
    Bytes host_in, host_out;          ///< over the host link
    Bytes static_weights;             ///< on the chip before the inference; not part of core_bytes
};

/// The bounds; each holds for the mean time between two completions of one core.
struct Roofline {
    Duration pe{}, act{}, pool{};
    Duration core_dma{};   ///< the core's bytes at the ceiling of one core; also bounds a single inference
    Duration dram{};       ///< the busiest channel's bytes of all cores at its sustained bandwidth
    Duration host{};       ///< the busier direction of the host link, all cores
    Duration bound{};      ///< the largest of these
    std::string resource;  ///< the one that binds: "pe", "act", "pool", "dram" (core_dma and dram) or "host"
};

/// Bounds for `cores` cores that all execute a program with this demand. Region r of core c lies in channel
/// (c + r) % channels.
Roofline roofline(const hw::ChipSpec& spec, int cores, const Demand& demand);

/// Highest sustained bandwidth of a channel: its peak times the efficiency of the DRAM model.
Bandwidth sustained_bandwidth(const hw::DramSpec& dram);

/// Highest average bandwidth of one of `cores` equal cores: its fair share of all channels, at most its own ceiling.
Bandwidth fair_share(const hw::ChipSpec& spec, int cores);

}  // namespace infsim::analysis
