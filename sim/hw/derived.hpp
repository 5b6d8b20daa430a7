// Quantities that follow from a ChipSpec.
#pragma once

#include <algorithm>
#include <cmath>
#include <variant>

#include "base/dtype.hpp"
#include "hw/spec.hpp"

namespace infsim::hw {

/// Multiply-accumulates per second of one core's PE array for that operand type (fp32 takes fp32_passes).
inline double peak_macs_per_second(const ChipSpec& spec, DType dtype) {
    const double passes = dtype == DType::fp32 ? spec.pe.fp32_passes : 1;
    return static_cast<double>(spec.pe.clock.count()) * spec.pe.rows * spec.pe.columns / passes;
}

/// Floating-point operations per second of the whole chip, a multiply-accumulate counting as two.
inline double peak_flops(const ChipSpec& spec, DType dtype) {
    return 2.0 * peak_macs_per_second(spec, dtype) * spec.cores;
}

/// Size of one core's state buffer.
inline Bytes state_buffer_bytes(const ChipSpec& spec) {
    return spec.state_buffer.partition_bytes * spec.state_buffer.partitions;
}

/// Size of one core's PSUM.
inline Bytes psum_bytes(const ChipSpec& spec) {
    return spec.psum.bank_bytes * (std::int64_t{spec.psum.banks} * spec.psum.partitions);
}

/// fp32 values that one PSUM bank holds per partition.
inline int psum_bank_elements(const ChipSpec& spec) { return static_cast<int>(spec.psum.bank_bytes.count() / 4); }

/// Bandwidth of all DRAM channels together, as in the data sheet.
inline Bandwidth peak_dram_bandwidth(const ChipSpec& spec) { return spec.dram.channel_bandwidth * spec.dram.channels; }

/// The largest share of a channel's peak that it sustains: what the file says, or what refreshes leave.
inline double dram_efficiency(const DramModel& model) {
    if (const auto* ddr4 = std::get_if<Ddr4Dram>(&model))
        return 1.0 - static_cast<double>(ddr4->t_rfc.count()) / static_cast<double>(ddr4->t_refi.count());
    return std::get<BandwidthDram>(model).efficiency;
}

/// What one channel sustains at most, rounded to whole bytes per second.
inline Bandwidth sustained_channel_bandwidth(const ChipSpec& spec) {
    const double efficiency = dram_efficiency(spec.dram.model);
    return Bandwidth{std::llround(static_cast<double>(spec.dram.channel_bandwidth.count()) * efficiency)};
}

/// What all channels together sustain.
inline Bandwidth sustained_dram_bandwidth(const ChipSpec& spec) {
    return sustained_channel_bandwidth(spec) * spec.dram.channels;
}

/// The most that one core can draw alone: its own ceiling, its engines' or the channels', whichever is lowest.
inline Bandwidth single_core_bandwidth(const ChipSpec& spec) {
    return std::min({spec.dma.core_bandwidth, spec.dma.engine_bandwidth * spec.dma.engines_per_core,
                     sustained_dram_bandwidth(spec)});
}

/// Capacity of one core's DRAM region in one channel; a core has one region per channel.
inline Bytes dram_region_bytes(const ChipSpec& spec) {
    return Bytes{spec.dram.capacity.count() / (std::int64_t{spec.dram.channels} * spec.cores)};
}

/// Operations per DRAM byte above which the whole chip is bound by its PE arrays instead of its DRAM.
inline double roofline_ridge(const ChipSpec& spec, DType dtype) {
    return peak_flops(spec, dtype) / static_cast<double>(sustained_dram_bandwidth(spec).count());
}

}  // namespace infsim::hw
