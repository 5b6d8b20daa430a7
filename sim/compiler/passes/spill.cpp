#include "compiler/passes/spill.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

#include "base/check.hpp"
#include "compiler/passes/coverage.hpp"

namespace infsim::compiler {

namespace {

using program::Purpose;

constexpr int kReloadRing = 1, kSaveRing = 3;   ///< of each DMA engine; inputs arrive on the first, outputs leave on the second
constexpr std::int64_t kMostCounted = 65535;

/// First fit over device DRAM addresses.
class Arena {
public:
    std::int64_t take(std::int64_t bytes) {
        std::int64_t at = 0;
        auto place = taken_.begin();
        for (; place != taken_.end() && at + bytes > place->first; ++place) at = place->second;
        taken_.emplace(at, at + bytes);
        top_ = std::max(top_, at + bytes);
        return at;
    }
    void free(std::int64_t at) { taken_.erase(at); }
    std::int64_t top() const { return top_; }

private:
    std::map<std::int64_t, std::int64_t> taken_;
    std::int64_t top_ = 0;
};

/// Where the present bytes of a buffer lie in device DRAM: its pieces one after the other, partition by partition.
struct Saved {
    std::int64_t address = 0, bytes = 0;
    std::vector<Piece> pieces;
    std::int32_t position = 0;   ///< of the last save instruction in the new code
};

class Rewriter {
public:
    Rewriter(const Sketch& sketch, const std::vector<Eviction>& evictions, int region)
        : sketch_(sketch), evictions_(evictions), region_(region), alias_(buffers()), coverage_(buffers()), saved_(buffers()), tensors_(buffers()),
          evicted_(buffers(), false), segment_(static_cast<std::uint32_t>(sketch.segments)) {
        for (std::size_t b = 0; b < alias_.size(); ++b) alias_[b] = static_cast<BufferId>(b);
        for (std::size_t e = 0; e < evictions.size(); ++e) {
            if (evictions[e].save) leaving_.emplace(evictions[e].after, e);
            if (evictions[e].by == Return::reissue) original_loads_[sole_load(evictions[e].buffer)];
            evicted_[static_cast<std::size_t>(evictions[e].buffer)] = true;
        }
        for (std::size_t q = 0; q < sketch.queues.size(); ++q) {
            const program::Queue& queue = sketch.queues[q];
            if (queue.engine != program::Engine::dma) continue;
            engines_ = std::max(engines_, queue.engine_index + 1);
            rings_ = std::max(rings_, queue.ring + 1);
            queue_of_[{queue.engine_index, queue.ring}] = static_cast<std::uint8_t>(q);
        }
    }

    void see(const VirtualInstruction& in) {
        for (; coming_ < evictions_.size() && evictions_[coming_].before == now_; ++coming_) {   // ordered by their return
            note_position();
            bring_back(evictions_[coming_], in);
        }
        if (const auto original = original_loads_.find(in.load); original != original_loads_.end()) original->second.push_back(in);
        note_position();
        push_renamed(in);
        note_uses(in, now_);
        const auto [first, last] = leaving_.equal_range(now_);
        for (auto it = first; it != last; ++it) {
            note_position();
            send_away(evictions_[it->second], in);
        }
        ++now_;
    }

    /// `rest` of the code that was seen.
    Spilled finish(Code&& rest) {
        note_position();
        rest.instructions = std::move(instructions_);
        append(rest.buffers, fresh_buffers_);
        append(rest.loads, fresh_loads_);
        report_.segment_bytes = arena_.top();
        if (arena_.top() > 0) rest.segments.push_back(segment());
        for (std::size_t b = 0; b < tensors_.size(); ++b)
            if (tensors_[b].saves > 0) {
                tensors_[b].name = rest.buffers[b].name;
                report_.save_bytes += tensors_[b].save_bytes;
                report_.reload_bytes += tensors_[b].reload_bytes;
                report_.tensors.push_back(std::move(tensors_[b]));
            }
        return {std::move(rest), std::move(report_), std::move(position_)};
    }

private:
    const Sketch& sketch_;
    const std::vector<Eviction>& evictions_;
    int region_;
    Instructions instructions_;
    std::vector<Buffer> fresh_buffers_;              ///< numbered behind those of the code
    std::vector<Load> fresh_loads_;                  ///< the same
    std::vector<BufferId> alias_;                    ///< what stands for a buffer at present
    std::vector<Coverage> coverage_;
    std::vector<std::optional<Saved>> saved_;
    std::vector<SpilledTensor> tensors_;
    std::vector<bool> evicted_;
    std::multimap<std::int32_t, std::size_t> leaving_;       ///< evictions that save, by `after`
    std::map<std::int32_t, std::vector<VirtualInstruction>> original_loads_;   ///< of loads that are issued again
    std::vector<std::int32_t> position_;
    std::size_t coming_ = 0;                         ///< the next eviction that comes back
    std::int32_t now_ = 0;
    std::map<std::pair<int, int>, std::uint8_t> queue_of_;
    std::uint32_t segment_;
    int engines_ = 0, rings_ = 0;
    Arena arena_;
    SpillReport report_;

    std::uint8_t ring(int engine, int number) const { return queue_of_.at({engine, std::min(number, rings_ - 1)}); }

    std::int32_t sole_load(BufferId b) const { return sketch_.uses.sole_load[static_cast<std::size_t>(b)]; }
    bool ends_with(BufferId b, std::int32_t position) const { return sketch_.outline.lives[static_cast<std::size_t>(b)].last == position; }
    std::size_t buffers() const { return sketch_.outline.buffers.size(); }
    void note_position() { position_.push_back(static_cast<std::int32_t>(instructions_.size())); }

    program::Segment segment() const {
        program::Segment segment;
        segment.name = "spill";
        segment.purpose = Purpose::spill;
        segment.dtype = DType::u8;
        segment.region = static_cast<std::uint8_t>(region_);
        segment.bytes = arena_.top();
        return segment;
    }

    template <class T>
    static void append(std::vector<T>& list, std::vector<T>& more) { std::move(more.begin(), more.end(), std::back_inserter(list)); }

    void push_renamed(const VirtualInstruction& in) {
        instructions_.push_back(in);
        for (BufferId& b : instructions_.back().buffer)
            if (b != kNoBuffer) b = alias_[static_cast<std::size_t>(b)];
    }

    void forget(std::size_t b) {
        if (saved_[b]) arena_.free(saved_[b]->address);
        saved_[b].reset();
    }

    void note_uses(const VirtualInstruction& in, std::int32_t position) {
        VirtualInstruction& mutable_in = const_cast<VirtualInstruction&>(in);   // for_each_operand hands out what finish() changes
        for_each_operand(
            mutable_in.op,
            [&](program::AccessPattern& ap, int operand, bool write) {
                const BufferId b = in.buffer[static_cast<std::size_t>(operand)];
                if (b == kNoBuffer || !write || !evicted_[static_cast<std::size_t>(b)]) return;
                coverage_[static_cast<std::size_t>(b)].add(ap);
                forget(static_cast<std::size_t>(b));
            },
            [](program::ScalarOperand&, int) {});
        for (BufferId b : in.buffer)
            if (b != kNoBuffer && ends_with(b, position)) forget(static_cast<std::size_t>(b));
    }

    /// One DMA per share of a piece's partitions, so that all engines move it together.
    template <class Emit>
    void for_each_share(const Piece& piece, std::int64_t address, Emit&& emit) {
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

    VirtualInstruction transfer(program::Operation op, BufferId buffer, std::uint8_t queue, const VirtualInstruction& beside) const {
        VirtualInstruction in;
        in.op = std::move(op);
        in.buffer[0] = buffer;
        in.queue = queue;
        in.layer = beside.layer;
        in.image = beside.image;
        return in;
    }

    void send_away(const Eviction& e, const VirtualInstruction& beside) {
        const auto b = static_cast<std::size_t>(e.buffer);
        INFSIM_CHECK(!saved_[b], "a buffer is saved although device DRAM holds its bytes");
        Saved saved;
        saved.pieces = coverage_[b].pieces();
        for (const Piece& piece : saved.pieces) saved.bytes += piece.partitions * piece.bytes;
        saved.address = arena_.take(saved.bytes);
        std::int64_t address = saved.address;
        for (const Piece& piece : saved.pieces) {
            for_each_share(piece, address, [&](int engine, const program::AccessPattern& chip, const program::DramPattern& dram) {
                instructions_.push_back(transfer(program::DmaStore{chip, dram}, alias_[b], ring(engine, kSaveRing), beside));
            });
            address += piece.partitions * piece.bytes;
        }
        saved.position = static_cast<std::int32_t>(instructions_.size()) - 1;
        tensors_[b].save_bytes += saved.bytes;
        ++tensors_[b].saves;
        saved_[b] = std::move(saved);
    }

    /// A buffer of its own for the next stretch of the life of b.
    BufferId fresh(std::size_t b) {
        fresh_buffers_.push_back(sketch_.outline.buffers[b]);
        fresh_buffers_.back().rotates = false;
        return alias_[b] = static_cast<BufferId>(buffers() + fresh_buffers_.size()) - 1;
    }

    void bring_back(const Eviction& e, const VirtualInstruction& beside) {
        const auto b = static_cast<std::size_t>(e.buffer);
        const BufferId home = fresh(b);
        const auto load = static_cast<std::int32_t>(sketch_.outline.loads.size() + fresh_loads_.size());
        if (e.by == Return::reissue) {
            const std::int32_t original = sole_load(e.buffer);
            fresh_loads_.push_back({home, sketch_.outline.loads[static_cast<std::size_t>(original)].stream, 0});
            for (VirtualInstruction again : original_loads_.at(original)) {
                again.load = load;
                again.layer = beside.layer;
                again.image = beside.image;
                for (BufferId& operand : again.buffer)
                    if (operand != kNoBuffer) operand = home;
                if (const auto* dma = std::get_if<program::DmaLoad>(&again.op)) report_.reissued_bytes += program::total_bytes(dma->dst);
                instructions_.push_back(std::move(again));
            }
            ++report_.reissues;
            return;
        }
        INFSIM_CHECK(saved_[b].has_value(), "a buffer comes back that was never saved");
        const Saved& saved = *saved_[b];
        fresh_loads_.push_back({home, kReloadStream, saved.position + 1});
        std::int64_t address = saved.address;
        for (const Piece& piece : saved.pieces) {
            for_each_share(piece, address, [&](int engine, const program::AccessPattern& chip, const program::DramPattern& dram) {
                instructions_.push_back(transfer(program::DmaLoad{dram, chip}, home, ring(engine, kReloadRing), beside));
                instructions_.back().load = load;
            });
            address += piece.partitions * piece.bytes;
        }
        tensors_[b].reload_bytes += saved.bytes;
        ++tensors_[b].reloads;
    }
};

}  // namespace

Spilled apply_evictions(const CodeSource& source, const Sketch& sketch, const std::vector<Eviction>& evictions, int region) {
    Rewriter rewriter(sketch, evictions, region);
    Code rest = source([&](const VirtualInstruction& in) { rewriter.see(in); });
    return rewriter.finish(std::move(rest));
}

CodeSource source_of(Code&& code) {
    return [code = std::move(code)](const InstructionSink& sink) mutable {
        for (; !code.instructions.empty(); code.instructions.pop_front()) sink(code.instructions.front());
        return std::move(code);
    };
}

}  // namespace infsim::compiler
