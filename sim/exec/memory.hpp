// The bytes of one core: state buffer, PSUM and its segments in device DRAM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "exec/fault.hpp"
#include "program/program.hpp"

namespace infsim::exec {

/// Zero-filled memories of the sizes of `program.target`, and one byte vector per segment.
struct Memory {
    explicit Memory(const program::Program& program);

    std::int64_t sb_partition_bytes = 0, psum_partition_bytes = 0;
    std::vector<std::byte> state_buffer;       ///< [sb_partitions x sb_partition_bytes]
    std::vector<std::byte> psum;               ///< [psum_partitions x psum_banks * psum_bank_bytes]
    std::vector<std::vector<std::byte>> dram;  ///< [segment][byte]

    std::int64_t partition_bytes(program::Space s) const {
        return s == program::Space::psum ? psum_partition_bytes : sb_partition_bytes;
    }
    std::vector<std::byte>& bytes(program::Space s) {
        return s == program::Space::psum ? psum : state_buffer;
    }
    const std::vector<std::byte>& bytes(program::Space s) const {
        return s == program::Space::psum ? psum : state_buffer;
    }
};

/// Whether every byte of the pattern lies inside the memory.
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
void gather(const Memory& memory, const program::DramAccess& a, std::byte* out);
void scatter(Memory& memory, const program::DramAccess& a, const std::byte* packed);

}  // namespace infsim::exec
