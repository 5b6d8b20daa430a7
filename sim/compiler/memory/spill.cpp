#include "compiler/memory/spill.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/check.hpp"
#include "compiler/memory/originals.hpp"
#include "compiler/memory/spill_area.hpp"

namespace infsim::compiler {

namespace {

using program::Purpose;

/// An instruction with the layer and image of the one next to it.
VirtualInstruction beside(VirtualInstruction in, const VirtualInstruction& other) {
    in.layer = other.layer;
    in.image = other.image;
    return in;
}

VirtualInstruction transfer(program::Operation op, BufferId buffer, std::uint8_t queue,
                            const VirtualInstruction& other) {
    VirtualInstruction in;
    in.op = op;
    in.buffer[0] = buffer;
    in.queue = queue;
    return beside(in, other);
}

/// The buffers that stand for others during a recomputation.
using StandIns = std::vector<std::pair<BufferId, BufferId>>;

class EvictionWriter {
public:
    EvictionWriter(const DryRun& dry_run, const std::vector<Eviction>& evictions, int region)
        : dry_run_(dry_run),
          evictions_(evictions),
          region_(region),
          buffers_(dry_run.liveness.buffers.size()),
          originals_(dry_run.uses, evictions),
          area_(dry_run.queues, static_cast<std::uint32_t>(dry_run.segments)) {
        for (BufferId b : buffers_.ids()) buffers_[b].alias = b;
        for (std::size_t e = 0; e < evictions.size(); ++e) {
            if (evictions[e].save) leaving_.emplace(evictions[e].after, e);
            buffers_[evictions[e].buffer].evicted = true;
        }
    }

    void see(const VirtualInstruction& in) {
        for (; coming_ < evictions_.size() && evictions_[coming_].before == now_; ++coming_) {
            note_position();
            bring_back(evictions_[coming_], in);
        }
        originals_.see(in, now_);
        note_position();
        push_renamed(in);
        note_uses(in);
        const auto [first, last] = leaving_.equal_range(now_);
        for (auto it = first; it != last; ++it) {
            note_position();
            send_away(evictions_[it->second].buffer, in);
        }
        ++now_;
    }

    /// `rest`: the rest of the code that was seen.
    Spilled finish(Code&& rest) {
        note_position();
        rest.instructions = std::move(instructions_);
        for (Buffer& b : fresh_buffers_) rest.buffers.push_back(std::move(b));
        for (Load& l : fresh_loads_) rest.loads.push_back(l);
        if (area_.bytes() > 0) rest.segments.push_back(segment());
        for (BufferId b : buffers_.ids()) report_tensor(rest.buffers[b].name, buffers_[b].tensor);
        return {std::move(rest), std::move(report_), std::move(position_)};
    }

private:
    struct BufferState {
        BufferId alias;  ///< the buffer that currently stands for it
        bool evicted = false;
        Coverage written;
        std::optional<Saved> saved;
        SpilledTensor tensor;
    };
    const DryRun& dry_run_;
    const std::vector<Eviction>& evictions_;
    int region_;
    Instructions instructions_;
    std::vector<Buffer> fresh_buffers_;  ///< numbered after those of the code
    std::vector<Load> fresh_loads_;      ///< the same
    IdVector<BufferId, BufferState> buffers_;
    std::multimap<std::int32_t, std::size_t> leaving_;  ///< evictions that save, by `after`
    Originals originals_;
    std::vector<std::int32_t> position_;
    std::size_t coming_ = 0;  ///< the next eviction that comes back: they are in that order
    std::int32_t now_ = 0;
    SpillArea area_;
    SpillReport report_;

    std::int32_t here() const { return static_cast<std::int32_t>(instructions_.size()); }
    void note_position() { position_.push_back(here()); }
    bool is_last_use(BufferId b) const { return dry_run_.liveness.lives[b].last == now_; }

    program::Segment segment() const {
        program::Segment segment;
        segment.name = "spill";
        segment.purpose = Purpose::spill;
        segment.dtype = DType::u8;
        segment.region = static_cast<std::uint8_t>(region_);
        segment.bytes = area_.bytes();
        return segment;
    }

    void report_tensor(const std::string& name, SpilledTensor& tensor) {
        if (tensor.saves == 0) return;
        tensor.name = name;
        report_.tensors.push_back(std::move(tensor));
    }

    void push_renamed(const VirtualInstruction& in) {
        instructions_.push_back(in);
        for (BufferId& b : instructions_.back().buffer)
            if (b.exists()) b = buffers_[b].alias;
    }

    /// The saved bytes are no longer needed.
    void forget(BufferId b) {
        auto& saved = buffers_[b].saved;
        if (saved) area_.free(*saved);
        saved.reset();
    }

    void note_uses(const VirtualInstruction& in) {
        for_each_operand(
            in.op,
            [&](const program::AccessPattern& ap, int operand, bool write) {
                const BufferId b = in.buffer[static_cast<std::size_t>(operand)];
                if (!b.exists() || !write || !buffers_[b].evicted) return;
                buffers_[b].written.add(ap);
                forget(b);
            },
            [](const program::ScalarOperand&, int) {});
        for (BufferId b : in.buffer)
            if (b.exists() && is_last_use(b)) forget(b);
    }

    void send_away(BufferId b, const VirtualInstruction& other) {
        BufferState& state = buffers_[b];
        INFSIM_CHECK(!state.saved, "a buffer is saved although device DRAM holds its bytes");
        Saved saved = area_.take(state.written.pieces());
        area_.stores(saved, [&](const program::DmaStore& store, std::uint8_t queue) {
            instructions_.push_back(transfer(store, state.alias, queue, other));
        });
        saved.position = here() - 1;
        state.tensor.save_bytes += saved.bytes;
        ++state.tensor.saves;
        state.saved = std::move(saved);
    }

    void bring_back(const Eviction& e, const VirtualInstruction& other) {
        switch (e.by) {
            case Return::reload: return reload(e.buffer, renewed(e.buffer), other);
            case Return::reissue: return issue_again(e.buffer, renewed(e.buffer), other);
            case Return::recompute: return compute_again(e, dry_run_.uses.recipes.list[e.recipe], other);
        }
    }

    /// A buffer like b.
    BufferId another(BufferId b) {
        const BufferId id = buffers_.next_id().next(static_cast<std::int32_t>(fresh_buffers_.size()));
        fresh_buffers_.push_back(dry_run_.liveness.buffers[b]);
        fresh_buffers_.back().rotates = false;
        return id;
    }
    /// A new buffer for the next stretch of the life of b.
    BufferId renewed(BufferId b) { return buffers_[b].alias = another(b); }

    LoadId add_load(const Load& load) {
        const LoadId id = dry_run_.liveness.loads.next_id().next(static_cast<std::int32_t>(fresh_loads_.size()));
        fresh_loads_.push_back(load);
        return id;
    }

    void reload(BufferId b, BufferId home, const VirtualInstruction& other) {
        BufferState& state = buffers_[b];
        INFSIM_CHECK(state.saved.has_value(), "a buffer comes back that was never saved");
        const LoadId load = add_load({home, kReloadStream, state.saved->position + 1});
        area_.loads(*state.saved, [&](const program::DmaLoad& dma, std::uint8_t queue) {
            instructions_.push_back(transfer(dma, home, queue, other));
            instructions_.back().load = load;
        });
        state.tensor.reload_bytes += state.saved->bytes;
        ++state.tensor.reloads;
    }

    /// Reissues the only load that fills b, into `home`.
    void issue_again(BufferId b, BufferId home, const VirtualInstruction& other) {
        const LoadId original = dry_run_.uses.sole_load[b];
        const LoadId load = add_load({home, dry_run_.liveness.loads[original].stream, 0});
        for (const VirtualInstruction& in : originals_.load(original)) {
            VirtualInstruction again = beside(in, other);
            again.load = load;
            for (BufferId& operand : again.buffer)
                if (operand.exists()) operand = home;
            if (const auto* dma = std::get_if<program::DmaLoad>(&again.op))
                report_.reissued_bytes += program::total_bytes(dma->dst);
            instructions_.push_back(again);
        }
    }

    /// The instructions of `recipe`, on the current stand-ins of their operands or on those loaded or made for them
    /// alone.
    void compute_again(const Eviction& e, const Recipe& recipe, const VirtualInstruction& other) {
        StandIns stand_ins;
        for (BufferId o : recipe.loaded) {
            if (e.kept_loads) continue;
            stand_ins.emplace_back(o, another(o));
            issue_again(o, stand_ins.back().second, other);
        }
        for (BufferId o : recipe.made) stand_ins.emplace_back(o, another(o));
        const BufferId home = renewed(e.buffer);
        for (BufferId o : recipe.in_place) stand_ins.emplace_back(o, home);
        for (std::int32_t p : recipe.instructions) {
            instructions_.push_back(beside(originals_.at(p), other));
            for (BufferId& operand : instructions_.back().buffer)
                if (operand.exists()) operand = standing_for(operand, stand_ins);
        }
        report_.recomputed_instructions += static_cast<std::int64_t>(recipe.instructions.size());
        report_.recompute_time += recipe.engines;
    }
    BufferId standing_for(BufferId b, const StandIns& stand_ins) const {
        for (const auto& [original, stand_in] : stand_ins)
            if (original.value() == b.value()) return stand_in;
        return buffers_[b].alias;
    }
};

}  // namespace

Spilled apply_evictions(Code code, const DryRun& dry_run, const std::vector<Eviction>& evictions, int region) {
    EvictionWriter writer(dry_run, evictions, region);
    // Each instruction is freed once it has been seen: both the old code and the new one would be large.
    for (; !code.instructions.empty(); code.instructions.pop_front()) writer.see(code.instructions.front());
    return writer.finish(std::move(code));
}

}  // namespace infsim::compiler
