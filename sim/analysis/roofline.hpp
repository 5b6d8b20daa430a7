// Lower bounds of the time of one inference, from the bytes and the engine time that a Program really asks
// for.
#pragma once

#include <string>
#include <vector>

#include "base/units.hpp"
#include "hw/spec.hpp"

namespace infsim::analysis {

/// What one inference of one core asks of the chip.
struct Demand {
    Duration pe{}, act{}, pool{};     ///< occupancy of each engine, uncontended
    std::vector<Bytes> region_bytes;  ///< DRAM traffic of each of the core's regions, host transfers included
    Bytes core_bytes;                 ///< DRAM traffic of the core's own DMA engines
    Bytes host_in, host_out;          ///< over the host link
};

/// The bounds; each holds for the mean time between two completions of one core.
struct Roofline {
    Duration pe{}, act{}, pool{};
    Duration core_dma{};   ///< the core's bytes at the ceiling of one core; also bounds a single inference
    Duration dram{};       ///< the busiest channel's bytes of all cores at its sustained bandwidth
    Duration host{};       ///< the busier direction of the host link, all cores
    Duration bound{};      ///< the largest of these
    std::string resource;  ///< which one it is: "pe", "act", "pool", "dram" (core_dma and dram) or "host"
};

/// Bounds for `cores` cores that all execute a program with this demand. Region r of core c lies in channel
/// (c + r) % channels.
Roofline roofline(const hw::ChipSpec& spec, int cores, const Demand& demand);

/// Bandwidth that a channel sustains at most: its peak times the efficiency of the DRAM model.
Bandwidth sustained_bandwidth(const hw::DramSpec& dram);

/// Bandwidth that one of `cores` equal cores gets at most on average: its fair share of all channels, at most
/// its own ceiling.
Bandwidth fair_share(const hw::ChipSpec& spec, int cores);

}  // namespace infsim::analysis
