#include "compiler/memory/spill_area.hpp"

#include <tuple>

namespace infsim::compiler {

namespace {

/// A buffer's bytes go to the area after an instruction, or are no longer needed there.
struct Change {
    std::int32_t position = 0;
    std::size_t eviction = 0;
    bool take = false;  ///< at the same position, what is no longer needed goes first
};
bool operator<(const Change& a, const Change& b) {
    return std::tie(a.position, a.take, a.eviction) < std::tie(b.position, b.take, b.eviction);
}

/// Bytes [from, from + bytes) of `share` partitions of a piece, starting at its partition `first`, as `element`s.
Transfer share_of(const Piece& piece, int first, int share, std::int64_t from, std::int64_t bytes, int element) {
    Transfer t;
    t.chip.dtype = element == 2 ? DType::fp16 : DType::u8;
    t.chip.partition_start = static_cast<std::uint16_t>(piece.partition + first);
    t.chip.partition_count = static_cast<std::uint16_t>(share);
    t.chip.offset = static_cast<std::uint32_t>(piece.offset + from);
    t.chip.step[program::kAccessDims - 1] = 1;
    t.chip.count[program::kAccessDims - 1] = static_cast<std::uint16_t>(bytes / element);
    t.dram.partition_step = static_cast<std::uint32_t>(piece.bytes);
    t.dram.step[program::kAccessDims - 1] = static_cast<std::uint32_t>(element);
    t.dram.count = t.chip.count;
    return t;
}

}  // namespace

std::int64_t FirstFit::take(std::int64_t bytes) {
    std::int64_t address = 0;
    auto place = taken_.begin();
    for (; place != taken_.end() && address + bytes > place->first; ++place) address = place->second;
    taken_.emplace(address, address + bytes);
    top_ = std::max(top_, address + bytes);
    return address;
}

SpillArea::SpillArea(const std::vector<program::Queue>& queues, std::uint32_t segment) : segment_(segment) {
    for (std::size_t q = 0; q < queues.size(); ++q) {
        const program::Queue& queue = queues[q];
        if (queue.engine != program::Engine::dma) continue;
        engines_ = std::max(engines_, queue.engine_index + 1);
        rings_ = std::max(rings_, queue.ring + 1);
        queue_of_[{queue.engine_index, queue.ring}] = static_cast<std::uint8_t>(q);
    }
}

Saved SpillArea::take(std::vector<Piece> pieces) {
    Saved saved;
    for (const Piece& piece : pieces) saved.bytes += piece.partitions * piece.bytes;
    saved.pieces = std::move(pieces);
    saved.address = area_.take(saved.bytes);
    return saved;
}

std::vector<Transfer> SpillArea::transfers(const Saved& saved) const {
    std::vector<Transfer> list;
    std::int64_t address = saved.address;
    for (const Piece& piece : saved.pieces) {
        add_transfers(piece, address, list);
        address += piece.partitions * piece.bytes;
    }
    return list;
}

/// One DMA per share of a piece's partitions, so that all engines move it together.
void SpillArea::add_transfers(const Piece& piece, std::int64_t address, std::vector<Transfer>& list) const {
    const int element = element_bytes(piece);
    for (std::int64_t done = 0, bytes = 0; done < piece.bytes; done += bytes) {
        bytes = std::min(piece.bytes - done, program::kMostCounted * element);
        for (int e = 0, first = 0; e < engines_; ++e) {
            const int share = (piece.partitions - first) / (engines_ - e);
            if (share == 0) continue;
            Transfer t = share_of(piece, first, share, done, bytes, element);
            t.engine = e;
            t.dram.segment = segment_;
            t.dram.offset = static_cast<std::uint32_t>(address + first * piece.bytes + done);
            list.push_back(t);
            first += share;
        }
    }
}

std::int64_t spill_area_bytes(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions) {
    std::vector<Change> changes;
    for (std::size_t e = 0; e < evictions.size(); ++e) {
        if (!evictions[e].save) continue;
        const BufferId b = evictions[e].buffer;
        changes.push_back({evictions[e].after, e, true});
        const std::int32_t last = liveness.lives[b].last;
        changes.push_back({std::min(uses.next_write(b, evictions[e].after), last), e, false});
    }
    std::sort(changes.begin(), changes.end());
    FirstFit area;
    std::map<std::size_t, std::int64_t> address;  // by eviction
    for (const Change& c : changes)
        if (c.take)
            address[c.eviction] = area.take(uses.bytes_at(evictions[c.eviction].buffer, evictions[c.eviction].after));
        else area.free(address.at(c.eviction));
    return area.bytes();
}

std::int64_t eviction_instructions(const Uses& uses, const std::vector<Eviction>& evictions) {
    IdVector<BufferId, std::int32_t> saved(uses.written_bytes.size(), 0);  // by the last save
    const auto load_of = [&](BufferId b) { return uses.load_instructions[uses.sole_load[b]]; };
    std::int64_t sum = 0;
    for (const Eviction& e : evictions) {
        const BufferId b = e.buffer;
        if (e.save) sum += saved[b] = uses.transfers_at(b, e.after);
        if (e.by == Return::reload) sum += saved[b];
        if (e.by == Return::reissue) sum += load_of(b);
        if (e.by != Return::recompute) continue;
        const Recipe& recipe = uses.recipes.list[e.recipe];
        sum += static_cast<std::int64_t>(recipe.instructions.size());
        if (e.kept_loads) continue;
        for (BufferId o : recipe.loaded) sum += load_of(o);
    }
    return sum;
}

}  // namespace infsim::compiler
