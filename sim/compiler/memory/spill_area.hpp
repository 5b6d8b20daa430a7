// Device DRAM that spilled buffers go to: who has which bytes of the segment, and the transfers there and back.
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

/// Where the present bytes of a buffer lie in device DRAM: its pieces one after the other, partition by partition.
struct Saved {
    std::int64_t address = 0, bytes = 0;
    std::vector<Piece> pieces;
    std::int32_t position = 0;  ///< of the last save instruction in the new code
};

/// Stretches of an area that grows as it has to.
class FirstFit {
public:
    /// Returns the lowest address at which `bytes` are free.
    std::int64_t take(std::int64_t bytes) {
        std::int64_t address = 0;
        auto place = taken_.begin();
        for (; place != taken_.end() && address + bytes > place->first; ++place) address = place->second;
        taken_.emplace(address, address + bytes);
        top_ = std::max(top_, address + bytes);
        return address;
    }
    /// What was taken at `address`.
    void free(std::int64_t address) { taken_.erase(address); }
    /// The highest byte ever taken + 1.
    std::int64_t bytes() const { return top_; }

private:
    std::map<std::int64_t, std::int64_t> taken_;  ///< [first, second)
    std::int64_t top_ = 0;
};

class SpillArea {
public:
    SpillArea(const std::vector<program::Queue>& queues, std::uint32_t segment) : segment_(segment) {
        for (std::size_t q = 0; q < queues.size(); ++q) {
            const program::Queue& queue = queues[q];
            if (queue.engine != program::Engine::dma) continue;
            engines_ = std::max(engines_, queue.engine_index + 1);
            rings_ = std::max(rings_, queue.ring + 1);
            queue_of_[{queue.engine_index, queue.ring}] = static_cast<std::uint8_t>(q);
        }
    }

    Saved take(std::vector<Piece> pieces) {
        Saved saved;
        for (const Piece& piece : pieces) saved.bytes += piece.partitions * piece.bytes;
        saved.pieces = std::move(pieces);
        saved.address = area_.take(saved.bytes);
        return saved;
    }
    void free(const Saved& saved) { area_.free(saved.address); }
    std::int64_t bytes() const { return area_.bytes(); }

    /// visit(operation, queue) for every transfer of `saved`, to device DRAM or from there.
    template <class Visit>
    void stores(const Saved& saved, Visit&& visit) const {
        for_each_share(saved, [&](int engine, const program::AccessPattern& chip, const program::DramPattern& dram) {
            visit(program::DmaStore{chip, dram}, ring(engine, kSaveRing));
        });
    }
    template <class Visit>
    void loads(const Saved& saved, Visit&& visit) const {
        for_each_share(saved, [&](int engine, const program::AccessPattern& chip, const program::DramPattern& dram) {
            visit(program::DmaLoad{dram, chip}, ring(engine, kReloadRing));
        });
    }

private:
    static constexpr int kReloadRing = 1,
                         kSaveRing =
                             3;  ///< of each DMA engine; inputs arrive on the first, outputs leave on the second
    static constexpr std::int64_t kMostCounted = 65535;
    std::uint32_t segment_;
    int engines_ = 0, rings_ = 0;
    std::map<std::pair<int, int>, std::uint8_t> queue_of_;  ///< (engine, ring)
    FirstFit area_;

    std::uint8_t ring(int engine, int number) const { return queue_of_.at({engine, std::min(number, rings_ - 1)}); }

    /// One DMA per share of a piece's partitions, so that all engines move it together.
    template <class Emit>
    void for_each_share(const Saved& saved, Emit&& emit) const {
        std::int64_t address = saved.address;
        for (const Piece& piece : saved.pieces) {
            shares_of(piece, address, emit);
            address += piece.partitions * piece.bytes;
        }
    }
    template <class Emit>
    void shares_of(const Piece& piece, std::int64_t address, Emit& emit) const {
        const bool pairs = piece.offset % 2 == 0 && piece.bytes % 2 == 0;
        const int element = pairs ? 2 : 1;
        for (std::int64_t done = 0; done < piece.bytes;) {
            const std::int64_t bytes = std::min(piece.bytes - done, kMostCounted * element);
            for (int e = 0, first = 0; e < engines_; ++e) {
                const int share = (piece.partitions - first) / (engines_ - e);
                if (share == 0) continue;
                program::AccessPattern chip;
                chip.dtype = pairs ? DType::fp16 : DType::u8;
                chip.partition_start = static_cast<std::uint8_t>(piece.partition + first);
                chip.partition_count = static_cast<std::uint8_t>(share);
                chip.offset = static_cast<std::uint32_t>(piece.offset + done);
                chip.step[program::kAccessDims - 1] = 1;
                chip.count[program::kAccessDims - 1] = static_cast<std::uint16_t>(bytes / element);
                program::DramPattern dram;
                dram.segment = segment_;
                dram.offset = static_cast<std::uint32_t>(address + first * piece.bytes + done);
                dram.partition_step = static_cast<std::uint32_t>(piece.bytes);
                dram.step[program::kAccessDims - 1] = static_cast<std::uint32_t>(element);
                dram.count = chip.count;
                emit(e, chip, dram);
                first += share;
            }
            done += bytes;
        }
    }
};

/// Bytes of the segment that apply_evictions() would make for `evictions`: their saves laid out without any code.
std::int64_t spill_area_bytes(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions);

/// What a DramPattern can address of a segment.
constexpr std::int64_t kMostSpillBytes = UINT32_MAX;

}  // namespace infsim::compiler
