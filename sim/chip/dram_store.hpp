// The contents of device DRAM, by address. Only cores that run with data have bytes there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "chip/core_data.hpp"
#include "exec/memory.hpp"

namespace infsim::chip {

/// Plain C++: the memory behind the TLM target in dram.hpp. Bytes are held in ranges, one per segment and buffer; an
/// access lies within one range.
class DramStore {
public:
    /// From now on `address` in buffer `buffer` (CoreData::kBuffers) holds `bytes`; they may be swapped for others of
    /// the same size. Ranges of a buffer must not overlap.
    void attach(int core, std::uint64_t address, int buffer, std::vector<std::byte>& bytes);
    void detach(int core);

    /// Moves the elements at `rows`, relative to `address`, as packed bytes; without rows, `length` contiguous bytes.
    /// False, and nothing moved, if they are not all in one range or are not `length` bytes.
    bool read(std::uint64_t address, int buffer, const exec::DramRows* rows, std::int64_t length, std::byte* out) const;
    bool write(std::uint64_t address, int buffer, const exec::DramRows* rows, std::int64_t length,
               const std::byte* packed);

private:
    struct Range {
        std::vector<std::byte>* bytes = nullptr;
        int core = 0;
    };
    std::byte* find(std::uint64_t address, int buffer, const exec::DramRows* rows, std::int64_t length) const;

    std::array<std::map<std::uint64_t, Range>, CoreData::kBuffers> ranges_;  ///< by first address
};

}  // namespace infsim::chip
