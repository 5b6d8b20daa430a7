// How an instruction addresses on-chip memory and device DRAM.
#pragma once

#include <array>
#include <cstdint>

#include "base/dtype.hpp"

namespace infsim::program {

/// On-chip memories that an access pattern can address.
enum class Space : std::uint8_t { state_buffer, psum };

constexpr int kAccessDims = 4;
constexpr int kMostPartitions = 512;          ///< of an on-chip memory
constexpr std::int64_t kMostCounted = 65535;  ///< of a step or count of an access pattern

/// A range of partitions, and in each of them the same walk over elements in up to four
/// dimensions: element (i0,i1,i2,i3) is at byte `offset + bytes(dtype) * sum(i_d * step[d])` of its
/// partition. Dimension 0 is the outermost; unused dimensions have count 1. Step 0 repeats an element.
/// For PSUM, `offset` counts from the start of the partition, bank b starting at b * bank_bytes.
struct AccessPattern {
    std::array<std::uint16_t, kAccessDims> step{};  ///< in elements
    std::array<std::uint16_t, kAccessDims> count{1, 1, 1, 1};
    std::uint32_t offset = 0;  ///< in bytes, within a partition
    std::uint16_t partition_start = 0;
    std::uint16_t partition_count = 0;
    Space space = Space::state_buffer;
    DType dtype = DType::fp16;
};
static_assert(sizeof(AccessPattern) == 28);

/// Elements per partition that the pattern visits.
constexpr std::int64_t elements(const AccessPattern& ap) {
    std::int64_t n = 1;
    for (auto c : ap.count) n *= c;
    return n;
}

/// Bytes that the pattern visits, over all partitions (repeats counted).
constexpr std::int64_t total_bytes(const AccessPattern& ap) {
    return elements(ap) * ap.partition_count * dtype_bytes(ap.dtype);
}

/// One past the last byte visited inside a partition; the hull is [offset, end_offset).
constexpr std::int64_t end_offset(const AccessPattern& ap) {
    std::int64_t last = 0;
    for (int d = 0; d < kAccessDims; ++d) last += std::int64_t{ap.step[d]} * (ap.count[d] - 1);
    return ap.offset + (last + 1) * dtype_bytes(ap.dtype);
}

/// The DRAM side of a DMA: partition p, element (i0..i3) is at byte
/// `offset + p * partition_step + sum(i_d * step[d])` of the segment. All steps are in bytes.
/// Partition count and element type come from the on-chip side.
struct DramPattern {
    std::uint32_t segment = 0;  ///< index into Program::segments
    std::uint32_t offset = 0;
    std::uint32_t partition_step = 0;
    std::array<std::uint32_t, kAccessDims> step{};
    std::array<std::uint16_t, kAccessDims> count{1, 1, 1, 1};
};
static_assert(sizeof(DramPattern) == 36);

/// Elements per partition that the pattern visits.
constexpr std::int64_t elements(const DramPattern& p) {
    std::int64_t n = 1;
    for (auto c : p.count) n *= c;
    return n;
}

}  // namespace infsim::program
