// The bytes of one core: state buffer, PSUM and its segments in device DRAM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "exec/fault.hpp"
#include "program/program.hpp"

namespace infsim::exec {

/// Zero-filled memories with the sizes of `program.target`, and one byte vector per segment.
struct Memory {
    explicit Memory(const program::Program& program);

    std::int64_t sb_partition_bytes = 0, psum_partition_bytes = 0;
    std::vector<std::byte> state_buffer;       ///< [sb_partitions x sb_partition_bytes]
    std::vector<std::byte> psum;               ///< [psum_partitions x psum_banks * psum_bank_bytes]
    std::vector<std::vector<std::byte>> dram;  ///< [segment][byte]

    std::int64_t partition_bytes(program::Space s) const {
        return s == program::Space::psum ? psum_partition_bytes : sb_partition_bytes;
    }
    std::vector<std::byte>& bytes(program::Space s) { return s == program::Space::psum ? psum : state_buffer; }
    const std::vector<std::byte>& bytes(program::Space s) const {
        return s == program::Space::psum ? psum : state_buffer;
    }
};

/// Whether every byte of the pattern is inside the memory.
bool inside(const Memory& memory, const program::AccessPattern& pattern);
bool inside(const Memory& memory, const program::DramAccess& access);

/// Elements of a pattern as numbers: out[partition * elements(p) + i], T is float or double.
template <class T>
void load(const Memory& memory, const program::AccessPattern& p, T* out);
/// The inverse; converts to p.dtype.
template <class T>
void store(Memory& memory, const program::AccessPattern& p, const T* values);

/// Elements of a pattern as packed bytes, partition after partition in walking order.
void gather(const Memory& memory, const program::AccessPattern& p, std::byte* out);
void scatter(Memory& memory, const program::AccessPattern& p, const std::byte* packed);

/// The DRAM side of one DMA instruction, as in its descriptors: the elements of a row, and where each row starts, in
/// bytes from the lowest address that the instruction names (DramPattern::offset of its segment).
struct DramRows {
    program::DramPattern row;  ///< offset and partition_step are unused here
    int element_bytes = 0;
    std::vector<std::int64_t> starts;  ///< one per partition

    std::int64_t packed_bytes() const {
        return static_cast<std::int64_t>(starts.size()) * program::elements(row) * element_bytes;
    }
    std::int64_t end() const;  ///< one past the last byte touched
};
/// Rows `partition_step` apart, as in loads and stores.
DramRows rows_of(const program::DramAccess& access);

/// Elements of `rows` as packed bytes, row after row; addresses are relative to `base`.
void gather(const std::byte* base, const DramRows& rows, std::byte* out);
void scatter(std::byte* base, const DramRows& rows, const std::byte* packed);

}  // namespace infsim::exec
