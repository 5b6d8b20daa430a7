// Device DRAM for spilled buffers: which bytes of the segment belong to whom, and the transfers there and back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/coverage.hpp"
#include "compiler/memory/evictions.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// Where the current bytes of a buffer lie in device DRAM: its pieces one after the other, partition by partition.
struct Saved {
    std::int64_t address = 0, bytes = 0;
    std::vector<Piece> pieces;
    std::int32_t position = 0;  ///< of the last save instruction in the new code
};

/// Stretches of an area that grows as needed.
class FirstFit {
public:
    /// Returns the lowest address at which `bytes` are free.
    std::int64_t take(std::int64_t bytes);
    /// Frees what was taken at `address`.
    void free(std::int64_t address) { taken_.erase(address); }
    /// The highest byte ever taken + 1.
    std::int64_t bytes() const { return top_; }

private:
    std::map<std::int64_t, std::int64_t> taken_;  ///< [first, second)
    std::int64_t top_ = 0;
};

/// One DMA between the chip and the area, by one engine.
struct Transfer {
    int engine = 0;
    program::AccessPattern chip;
    program::DramPattern dram;
};

class SpillArea {
public:
    SpillArea(const std::vector<program::Queue>& queues, std::uint32_t segment);

    Saved take(std::vector<Piece> pieces);
    void free(const Saved& saved) { area_.free(saved.address); }
    std::int64_t bytes() const { return area_.bytes(); }

    /// Calls visit(operation, queue) for every transfer of `saved`, to device DRAM or from there.
    template <class Visit>
    void stores(const Saved& saved, Visit&& visit) const {
        for (const Transfer& t : transfers(saved)) visit(program::DmaStore{t.chip, t.dram}, ring(t.engine, kSaveRing));
    }
    template <class Visit>
    void loads(const Saved& saved, Visit&& visit) const {
        for (const Transfer& t : transfers(saved)) visit(program::DmaLoad{t.dram, t.chip}, ring(t.engine, kReloadRing));
    }

private:
    /// Rings of each DMA engine; inputs arrive on the first, outputs leave on the second.
    static constexpr int kReloadRing = 1, kSaveRing = 3;
    std::uint32_t segment_;
    int engines_ = 0, rings_ = 0;
    std::map<std::pair<int, int>, std::uint8_t> queue_of_;  ///< (engine, ring)
    FirstFit area_;

    std::uint8_t ring(int engine, int number) const { return queue_of_.at({engine, std::min(number, rings_ - 1)}); }
    std::vector<Transfer> transfers(const Saved& saved) const;
    void add_transfers(const Piece& piece, std::int64_t address, std::vector<Transfer>& list) const;
};

/// Bytes of the segment that apply_evictions() would create for `evictions`: lays out their saves without any code.
std::int64_t spill_area_bytes(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions);

/// Instructions that apply_evictions() would add for `evictions`, counted without any code.
std::int64_t eviction_instructions(const Uses& uses, const std::vector<Eviction>& evictions);

/// The most that a DramPattern can address in a segment.
constexpr std::int64_t kMostSpillBytes = UINT32_MAX;

}  // namespace infsim::compiler
