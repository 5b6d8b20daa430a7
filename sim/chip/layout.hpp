// The numbering at the DRAM arbiter, and where a core's data are: the only place that turns a ChipSpec into indices.
#pragma once

#include <cstdint>

#include "chip/arbiter.hpp"
#include "hw/spec.hpp"
#include "program/program.hpp"

namespace infsim::chip {

/// Flows, channels and addresses of a chip with `cores` active cores.
///
/// Arbiter groups: one per core, then the two directions of the host link. Flows: the DMA engines of a core, in its
/// group; one host flow per core in each direction. Channels: those of the DRAM, then one per core for transfers
/// inside its state buffer, with the core's DMA ceiling as bandwidth.
class Layout {
public:
    Layout(const hw::ChipSpec& spec, int cores);

    ArbiterConfig arbiter_config() const;
    int engine_flow(int core, int engine) const { return core * engines_ + engine; }
    int host_flow(int core, bool to_device) const { return cores_ * engines_ + (to_device ? 0 : cores_) + core; }
    int inside_core(int core) const { return channels_ + core; }

    /// Global device address of byte `offset` of region `region` of `core`. Channels are adjacent apertures of
    /// equal size; each has one region per core of the chip. Region r of core c: channel (c + r) % channels.
    std::uint64_t address(int core, int region, std::int64_t offset) const;
    int channel_of(std::uint64_t address) const { return static_cast<int>(address / aperture_bytes_); }
    std::uint64_t address_in_channel(std::uint64_t address) const { return address % aperture_bytes_; }

private:
    const hw::ChipSpec& spec_;
    int cores_, engines_, channels_;
    std::uint64_t aperture_bytes_, region_bytes_;
};

/// Throws InputError with every capacity of the program's Target that the chip lacks.
void check_target(const hw::ChipSpec& spec, const program::Program& program);

}  // namespace infsim::chip
