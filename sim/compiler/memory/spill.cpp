#include "compiler/memory/spill.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/check.hpp"
#include "compiler/memory/spill_area.hpp"

namespace infsim::compiler {

namespace {

using program::Purpose;

class Rewriter {
public:
    Rewriter(const DryRun& dry_run, const std::vector<Eviction>& evictions, int region)
        : sketch_(dry_run),
          evictions_(evictions),
          region_(region),
          alias_(buffers()),
          coverage_(buffers()),
          saved_(buffers()),
          tensors_(buffers()),
          evicted_(buffers(), false),
          area_(dry_run.queues, static_cast<std::uint32_t>(dry_run.segments)) {
        for (std::size_t b = 0; b < alias_.size(); ++b) alias_[b] = static_cast<BufferId>(b);
        for (std::size_t e = 0; e < evictions.size(); ++e) {
            if (evictions[e].save) leaving_.emplace(evictions[e].after, e);
            if (evictions[e].by == Return::reissue) original_loads_[sole_load(evictions[e].buffer)];
            if (evictions[e].by == Return::recompute) keep_for(recipe(evictions[e]), evictions[e].kept_loads);
            evicted_[static_cast<std::size_t>(evictions[e].buffer)] = true;
        }
    }

    void see(const VirtualInstruction& in) {
        for (; coming_ < evictions_.size() && evictions_[coming_].before == now_;
             ++coming_) {  // ordered by their return
            note_position();
            bring_back(evictions_[coming_], in);
        }
        if (const auto original = original_loads_.find(in.load); original != original_loads_.end())
            original->second.push_back(in);
        if (const auto original = originals_.find(now_); original != originals_.end()) original->second = in;
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
        report_.segment_bytes = area_.bytes();
        if (area_.bytes() > 0) rest.segments.push_back(segment());
        for (std::size_t b = 0; b < tensors_.size(); ++b)
            if (tensors_[b].saves > 0) {
                tensors_[b].name = rest.buffers.items()[b].name;
                report_.save_bytes += tensors_[b].save_bytes;
                report_.reload_bytes += tensors_[b].reload_bytes;
                report_.tensors.push_back(std::move(tensors_[b]));
            }
        return {std::move(rest), std::move(report_), std::move(position_)};
    }

private:
    const DryRun& sketch_;
    const std::vector<Eviction>& evictions_;
    int region_;
    Instructions instructions_;
    std::vector<Buffer> fresh_buffers_;  ///< numbered behind those of the code
    std::vector<Load> fresh_loads_;      ///< the same
    std::vector<BufferId> alias_;        ///< what stands for a buffer at present
    std::vector<Coverage> coverage_;
    std::vector<std::optional<Saved>> saved_;
    std::vector<SpilledTensor> tensors_;
    std::vector<bool> evicted_;
    std::multimap<std::int32_t, std::size_t> leaving_;                        ///< evictions that save, by `after`
    std::map<std::int32_t, std::vector<VirtualInstruction>> original_loads_;  ///< of loads that are issued again
    std::unordered_map<std::int32_t, VirtualInstruction> originals_;          ///< by position, of recipes
    std::vector<std::int32_t> position_;
    std::size_t coming_ = 0;  ///< the next eviction that comes back
    std::int32_t now_ = 0;
    SpillArea area_;
    SpillReport report_;

    const Recipe& recipe(const Eviction& e) const {
        return sketch_.uses.recipes.list[static_cast<std::size_t>(e.recipe)];
    }
    void keep_for(const Recipe& recipe, bool kept_loads) {
        for (std::int32_t p : recipe.instructions) originals_[p];
        if (!kept_loads)
            for (BufferId o : recipe.loaded) original_loads_[sole_load(o)];
    }

    std::int32_t sole_load(BufferId b) const { return sketch_.uses.sole_load[static_cast<std::size_t>(b)]; }
    bool ends_with(BufferId b, std::int32_t position) const {
        return sketch_.liveness.lives[static_cast<std::size_t>(b)].last == position;
    }
    std::size_t buffers() const { return sketch_.liveness.buffers.size(); }
    void note_position() { position_.push_back(static_cast<std::int32_t>(instructions_.size())); }

    program::Segment segment() const {
        program::Segment segment;
        segment.name = "spill";
        segment.purpose = Purpose::spill;
        segment.dtype = DType::u8;
        segment.region = static_cast<std::uint8_t>(region_);
        segment.bytes = area_.bytes();
        return segment;
    }

    template <class List, class T>
    static void append(List& list, std::vector<T>& more) {
        std::move(more.begin(), more.end(), std::back_inserter(list));
    }

    void push_renamed(const VirtualInstruction& in) {
        instructions_.push_back(in);
        for (BufferId& b : instructions_.back().buffer)
            if (b != kNoBuffer) b = alias_[static_cast<std::size_t>(b)];
    }

    void forget(std::size_t b) {
        if (saved_[b]) area_.free(*saved_[b]);
        saved_[b].reset();
    }

    void note_uses(const VirtualInstruction& in, std::int32_t position) {
        for_each_operand(
            in.op,
            [&](const program::AccessPattern& ap, int operand, bool write) {
                const BufferId b = in.buffer[static_cast<std::size_t>(operand)];
                if (b == kNoBuffer || !write || !evicted_[static_cast<std::size_t>(b)]) return;
                coverage_[static_cast<std::size_t>(b)].add(ap);
                forget(static_cast<std::size_t>(b));
            },
            [](const program::ScalarOperand&, int) {});
        for (BufferId b : in.buffer)
            if (b != kNoBuffer && ends_with(b, position)) forget(static_cast<std::size_t>(b));
    }

    static VirtualInstruction transfer(program::Operation op, BufferId buffer, std::uint8_t queue,
                                       const VirtualInstruction& beside) {
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
        Saved saved = area_.take(coverage_[b].pieces());
        area_.stores(saved, [&](const program::DmaStore& store, std::uint8_t queue) {
            instructions_.push_back(transfer(store, alias_[b], queue, beside));
        });
        saved.position = static_cast<std::int32_t>(instructions_.size()) - 1;
        tensors_[b].save_bytes += saved.bytes;
        ++tensors_[b].saves;
        saved_[b] = std::move(saved);
    }

    void bring_back(const Eviction& e, const VirtualInstruction& beside) {
        switch (e.by) {
            case Return::reload: return reload(static_cast<std::size_t>(e.buffer), fresh(e.buffer), beside);
            case Return::reissue: return issue_again(e.buffer, fresh(e.buffer), beside);
            case Return::recompute: return compute_again(e, recipe(e), beside);
        }
    }

    BufferId another(BufferId b) {
        fresh_buffers_.push_back(sketch_.liveness.buffers[static_cast<std::size_t>(b)]);
        fresh_buffers_.back().rotates = false;
        return static_cast<BufferId>(buffers() + fresh_buffers_.size()) - 1;
    }
    /// A buffer of its own for the next stretch of the life of b.
    BufferId fresh(BufferId b) { return alias_[static_cast<std::size_t>(b)] = another(b); }

    LoadId next_load() const { return static_cast<std::int32_t>(sketch_.liveness.loads.size() + fresh_loads_.size()); }

    void reload(std::size_t b, BufferId home, const VirtualInstruction& beside) {
        INFSIM_CHECK(saved_[b].has_value(), "a buffer comes back that was never saved");
        const LoadId load = next_load();
        fresh_loads_.push_back({home, kReloadStream, saved_[b]->position + 1});
        area_.loads(*saved_[b], [&](const program::DmaLoad& dma, std::uint8_t queue) {
            instructions_.push_back(transfer(dma, home, queue, beside));
            instructions_.back().load = load;
        });
        tensors_[b].reload_bytes += saved_[b]->bytes;
        ++tensors_[b].reloads;
    }

    /// The load that alone fills b, into `home`.
    void issue_again(BufferId b, BufferId home, const VirtualInstruction& beside) {
        const std::int32_t original = sole_load(b);
        const LoadId load = next_load();
        fresh_loads_.push_back({home, sketch_.liveness.loads[static_cast<std::size_t>(original)].stream, 0});
        for (VirtualInstruction again : original_loads_.at(original)) {
            again.load = load;
            again.layer = beside.layer;
            again.image = beside.image;
            for (BufferId& operand : again.buffer)
                if (operand != kNoBuffer) operand = home;
            if (const auto* dma = std::get_if<program::DmaLoad>(&again.op))
                report_.reissued_bytes += program::total_bytes(dma->dst);
            instructions_.push_back(std::move(again));
        }
        ++report_.reissues;
    }

    /// The instructions of `recipe`, on what stands for their operands now or was loaded or made for them alone.
    void compute_again(const Eviction& e, const Recipe& recipe, const VirtualInstruction& beside) {
        std::vector<std::pair<BufferId, BufferId>> stand_in;
        for (BufferId o : recipe.loaded) {
            if (e.kept_loads) continue;
            stand_in.emplace_back(o, another(o));
            issue_again(o, stand_in.back().second, beside);
        }
        for (BufferId o : recipe.made) stand_in.emplace_back(o, another(o));
        const BufferId home = fresh(e.buffer);
        for (BufferId o : recipe.in_place) stand_in.emplace_back(o, home);
        for (std::int32_t p : recipe.instructions) {
            VirtualInstruction again = originals_.at(p);
            again.layer = beside.layer;
            again.image = beside.image;
            for (BufferId& operand : again.buffer) {
                if (operand == kNoBuffer) continue;
                const auto found = std::find_if(stand_in.begin(), stand_in.end(),
                                                [&](const auto& pair) { return pair.first == operand; });
                operand = found != stand_in.end() ? found->second : alias_[static_cast<std::size_t>(operand)];
            }
            instructions_.push_back(std::move(again));
        }
        report_.recomputed_instructions += static_cast<std::int64_t>(recipe.instructions.size());
        report_.recompute_time += recipe.engines;
    }
};

}  // namespace

Spilled apply_evictions(const CodeSource& source, const DryRun& dry_run, const std::vector<Eviction>& evictions,
                        int region) {
    Rewriter rewriter(dry_run, evictions, region);
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
