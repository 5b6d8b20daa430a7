#include "compiler/memory/dry_run.hpp"

#include <algorithm>
#include <utility>

namespace infsim::compiler {

void DryRunRecorder::see(const VirtualInstruction& in, const std::vector<program::Segment>& segments) {
    const auto position = static_cast<std::int32_t>(layer_.size());
    layer_.push_back(in.layer);
    for (BufferId b : in.buffer)
        if (b != kNoBuffer) touch(b, position);
    const auto* dma = std::get_if<program::DmaLoad>(&in.op);
    const bool from_outside = !dma || segments[dma->src.segment].purpose != program::Purpose::spill;
    see_operands(in, position, from_outside ? in.load.value() : kNone);
    if (in.load.exists()) note_load(in, position);
    if (wants_repeatable_) note_repeatable(in, position, segments);
}

void DryRunRecorder::see_read(BufferId b, LayerId layer) {
    const auto position = static_cast<std::int32_t>(layer_.size());
    layer_.push_back(static_cast<std::uint16_t>(layer.value()));
    touch(b, position);
    note_use(uses_.size(), b, position, false);
}

void DryRunRecorder::touch(BufferId b, std::int32_t position) {
    grow(b);
    Lifetime& life = lives_[static_cast<std::size_t>(b)];
    life.first = std::min(life.first, position);
    life.last = position;
}

void DryRunRecorder::grow(BufferId b) {
    const auto n = static_cast<std::size_t>(b) + 1;
    if (lives_.size() >= n) return;
    lives_.resize(n);
    last_load_.resize(n, kNone);
    sole_load_.resize(n, kUnseen);
    coverage_.resize(n);
    written_bytes_.resize(n, 0);
}

void DryRunRecorder::see_operands(const VirtualInstruction& in, std::int32_t position, std::int32_t load_from_outside) {
    const std::size_t mine = uses_.size();
    for_each_operand(
        in.op,
        [&](const program::AccessPattern& ap, int operand, bool write) {
            const BufferId b = in.buffer[static_cast<std::size_t>(operand)];
            if (b == kNoBuffer) return;
            note_use(mine, b, position, write);
            if (!write) return;
            written_bytes_[static_cast<std::size_t>(b)] += coverage_[static_cast<std::size_t>(b)].add(ap);
            std::int32_t& sole = sole_load_[static_cast<std::size_t>(b)];
            sole = sole == kUnseen || sole == load_from_outside ? load_from_outside : kNone;
        },
        [&](const program::ScalarOperand&, int operand) {
            if (const BufferId b = in.buffer[static_cast<std::size_t>(operand)]; b != kNoBuffer)
                note_use(mine, b, position, false);
        });
    note_written_bytes(mine);
}

void DryRunRecorder::note_written_bytes(std::size_t from) {
    for (std::size_t i = from; i < uses_.size(); ++i)
        if (uses_[i].write) write_bytes_.push_back(written_bytes_[uses_[i].buffer]);
}

/// Uses from index `from` on are those of the same instruction: of each buffer one is kept.
void DryRunRecorder::note_use(std::size_t from, BufferId b, std::int32_t position, bool write) {
    for (std::size_t i = from; i < uses_.size(); ++i)
        if (uses_[i].buffer == static_cast<std::uint32_t>(b)) {
            uses_[i].write |= write ? 1U : 0U;
            return;
        }
    Use use;
    use.buffer = static_cast<std::uint32_t>(b) & 0x7FFF'FFFFU;
    use.write = write ? 1U : 0U;
    use.position = position;
    uses_.push_back(use);
}

void DryRunRecorder::note_load(const VirtualInstruction& in, std::int32_t position) {
    const auto load = in.load.index();
    if (front_.size() <= load) front_.resize(load + 1, kNone);
    if (front_[load] < 0) front_[load] = position;
    for (BufferId b : in.buffer)
        if (b != kNoBuffer) last_load_[static_cast<std::size_t>(b)] = position;
    for (std::size_t i = uses_.size(); i-- > 0 && uses_[i].position == position;)
        if (!uses_[i].write) reading_.emplace_back(in.load, static_cast<BufferId>(uses_[i].buffer));
}

void DryRunRecorder::note_repeatable(const VirtualInstruction& in, std::int32_t position,
                                     const std::vector<program::Segment>& segments) {
    if (const auto* dma = std::get_if<program::DmaLoad>(&in.op)) {
        const auto purpose = segments[dma->src.segment].purpose;
        if (in.load.exists() && (purpose == program::Purpose::constants || purpose == program::Purpose::input))
            repeatable_.loads.push_back(in);
    } else if (repeatable(in)) {
        repeatable_.position.push_back(position);
        repeatable_.instructions.push_back(in);
    }
}

/// A load that fills one buffer and reads another (rows that move on) does not stand alone.
std::vector<std::int32_t> DryRunRecorder::sole_loads() {
    std::vector<std::int32_t> shared;
    for (const auto& [load, buffer] : reading_)
        if (sole_load_[static_cast<std::size_t>(buffer)] != load) shared.push_back(load);
    std::sort(shared.begin(), shared.end());
    for (std::int32_t& s : sole_load_)
        if (s < 0 || std::binary_search(shared.begin(), shared.end(), s)) s = kNone;
    return std::move(sole_load_);
}

void DryRunRecorder::list_uses(std::size_t buffers, Uses& out) const {
    out.begin.assign(buffers + 1, 0);
    out.write_begin.assign(buffers + 1, 0);
    for (const Use& u : uses_) {
        ++out.begin[u.buffer + 1];
        out.write_begin[u.buffer + 1] += u.write;
    }
    for (std::size_t b = 0; b < buffers; ++b) {
        out.begin[b + 1] += out.begin[b];
        out.write_begin[b + 1] += out.write_begin[b];
    }
    out.position.resize(uses_.size());
    out.write_position.resize(out.write_begin[buffers]);
    out.write_bytes.resize(out.write_begin[buffers]);
    std::size_t write = 0;
    std::vector<std::uint32_t> next(out.begin.begin(), out.begin.end() - 1),
        next_write(out.write_begin.begin(), out.write_begin.end() - 1);
    for (const Use& u : uses_) {
        out.position[next[u.buffer]++] = u.position;
        if (!u.write) continue;
        const std::uint32_t at = next_write[u.buffer]++;
        out.write_position[at] = u.position;
        out.write_bytes[at] = write_bytes_[write++];
    }
}

DryRun DryRunRecorder::finish(const Code& code) {
    const std::size_t n = code.buffers.size();
    if (n > 0) grow(static_cast<BufferId>(n) - 1);
    front_.resize(code.loads.size(), kNone);
    DryRun dry_run;
    dry_run.queues = code.queues;
    dry_run.segments = code.segments.size();
    for (const LoadId l : code.loads.ids())
        dry_run.liveness.loads.push_back(
            {code.loads[l].buffer, code.loads[l].stream, code.loads[l].earliest, front_[l.index()]});
    list_uses(n, dry_run.uses);
    dry_run.uses.sole_load = sole_loads();
    dry_run.uses.last_load = std::move(last_load_);
    dry_run.uses.written_bytes = std::move(written_bytes_);
    dry_run.repeatable = std::move(repeatable_);
    dry_run.liveness.buffers = code.buffers.items();
    dry_run.liveness.lives = std::move(lives_);
    dry_run.liveness.layer = std::move(layer_);
    return dry_run;
}

DryRun dry_run_of(const Code& code, bool repeatable) {
    DryRunRecorder sketcher(repeatable);
    for (const VirtualInstruction& in : code.instructions) sketcher.see(in, code.segments);
    return sketcher.finish(code);
}

}  // namespace infsim::compiler
