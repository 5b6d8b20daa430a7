#include "compiler/memory/dry_run.hpp"

#include <algorithm>
#include <utility>

namespace infsim::compiler {

namespace {

constexpr std::int32_t kNone = -1;

/// Turns counts, each stored one entry after its buffer, into the begins of the buffers' lists.
void sum_up(IdVector<BufferId, std::uint32_t>& begin) {
    std::uint32_t sum = 0;
    for (std::uint32_t& b : begin) b = sum += b;
}

}  // namespace

std::int32_t DryRunRecorder::next_position(std::uint16_t layer) {
    layer_.push_back(layer);
    return static_cast<std::int32_t>(layer_.size()) - 1;
}

void DryRunRecorder::see(const VirtualInstruction& in, const std::vector<program::Segment>& segments) {
    const std::int32_t position = next_position(in.layer);
    for (BufferId b : in.buffer)
        if (b.exists()) touch(b, position);
    const auto* dma = std::get_if<program::DmaLoad>(&in.op);
    const bool from_outside = !dma || !program::is_scratch(segments[dma->src.segment].purpose);
    see_operands(in, position, from_outside ? in.load : kNoLoad);
    if (in.load.exists()) note_load(in, position);
    const auto* store = std::get_if<program::DmaStore>(&in.op);
    if (store && segments[store->dst.segment].purpose == program::Purpose::relayout) ++scratch_stores_;
    if (wants_repeatable_) note_repeatable(in, position, segments);
}

void DryRunRecorder::see_read(BufferId b, LayerId layer) {
    const std::int32_t position = next_position(static_cast<std::uint16_t>(layer.value()));
    touch(b, position);
    note_use(uses_.size(), b, position, false);
}

void DryRunRecorder::touch(BufferId b, std::int32_t position) {
    grow(b.index() + 1);
    Lifetime& life = lives_[b];
    life.first = std::min(life.first, position);
    life.last = position;
}

void DryRunRecorder::grow(std::size_t buffers) {
    if (lives_.size() >= buffers) return;
    lives_.resize(buffers);
    last_load_.resize(buffers, kNone);
    writer_.resize(buffers);
    coverage_.resize(buffers);
    written_bytes_.resize(buffers, 0);
    transfers_.resize(buffers, 0);
}

void DryRunRecorder::see_operands(const VirtualInstruction& in, std::int32_t position, LoadId load_from_outside) {
    const std::size_t mine = uses_.size();
    for_each_operand(
        in.op,
        [&](const program::AccessPattern& ap, int operand, bool write) {
            const BufferId b = in.buffer[static_cast<std::size_t>(operand)];
            if (!b.exists()) return;
            note_use(mine, b, position, write);
            if (write) see_write(b, ap, load_from_outside);
        },
        [&](const program::ScalarOperand&, int operand) {
            if (const BufferId b = in.buffer[static_cast<std::size_t>(operand)]; b.exists())
                note_use(mine, b, position, false);
        });
    note_written_bytes(mine);
}

void DryRunRecorder::see_write(BufferId b, const program::AccessPattern& to, LoadId load_from_outside) {
    if (const std::int64_t grown = coverage_[b].add(to); grown > 0) {
        written_bytes_[b] += grown;
        transfers_[b] = coverage_[b].transfers(dma_engines_);
    }
    Writer& writer = writer_[b];
    const bool same = !writer.seen || writer.load.value() == load_from_outside.value();
    writer = {same ? load_from_outside : kNoLoad, true};
}

void DryRunRecorder::note_written_bytes(std::size_t from) {
    for (std::size_t i = from; i < uses_.size(); ++i)
        if (uses_[i].write) {
            write_bytes_.push_back(written_bytes_[uses_[i].id()]);
            write_transfers_.push_back(transfers_[uses_[i].id()]);
        }
}

/// Uses from index `from` on belong to the same instruction: one is kept for each buffer.
void DryRunRecorder::note_use(std::size_t from, BufferId b, std::int32_t position, bool write) {
    const auto number = static_cast<std::uint32_t>(b.value());
    for (std::size_t i = from; i < uses_.size(); ++i)
        if (uses_[i].buffer == number) {
            uses_[i].write |= write ? 1U : 0U;
            return;
        }
    Use use;
    use.buffer = number & 0x7FFF'FFFFU;
    use.write = write ? 1U : 0U;
    use.position = position;
    uses_.push_back(use);
}

void DryRunRecorder::note_load(const VirtualInstruction& in, std::int32_t position) {
    if (front_.size() <= in.load.index()) {
        front_.resize(in.load.index() + 1, kNone);
        load_instructions_.resize(in.load.index() + 1, 0);
    }
    ++load_instructions_[in.load];
    if (front_[in.load] < 0) front_[in.load] = position;
    for (BufferId b : in.buffer)
        if (b.exists()) last_load_[b] = position;
    for (std::size_t i = uses_.size(); i-- > 0 && uses_[i].position == position;)
        if (!uses_[i].write) reading_.emplace_back(in.load, uses_[i].id());
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

/// A load that fills one buffer and reads another (rows that move on) does not count as sole.
IdVector<BufferId, LoadId> DryRunRecorder::sole_loads() const {
    IdVector<LoadId, bool> shared(front_.size(), false);
    for (const auto& [load, buffer] : reading_)
        if (writer_[buffer].load.value() != load.value()) shared[load] = true;
    IdVector<BufferId, LoadId> sole(writer_.size());
    for (BufferId b : writer_.ids())
        if (const LoadId load = writer_[b].load; load.exists() && !shared[load]) sole[b] = load;
    return sole;
}

void DryRunRecorder::list_uses(std::size_t buffers, Uses& out) const {
    out.begin.assign(buffers + 1, 0);
    out.write_begin.assign(buffers + 1, 0);
    for (const Use& u : uses_) {
        ++out.begin[u.id().next()];
        out.write_begin[u.id().next()] += u.write;
    }
    sum_up(out.begin);
    sum_up(out.write_begin);
    out.position.resize(uses_.size());
    out.write_position.resize(write_bytes_.size());
    out.write_bytes.resize(write_bytes_.size());
    out.write_transfers.resize(write_bytes_.size());
    std::size_t write = 0;
    IdVector<BufferId, std::uint32_t> next = out.begin, next_write = out.write_begin;
    for (const Use& u : uses_) {
        out.position[next[u.id()]++] = u.position;
        if (!u.write) continue;
        const std::uint32_t at = next_write[u.id()]++;
        out.write_position[at] = u.position;
        out.write_bytes[at] = write_bytes_[write];
        out.write_transfers[at] = write_transfers_[write++];
    }
}

DryRun DryRunRecorder::finish(const Code& code) {
    grow(code.buffers.size());
    front_.resize(code.loads.size(), kNone);
    DryRun dry_run;
    dry_run.queues = code.queues;
    dry_run.segments = code.segments.size();
    dry_run.scratch_stores = scratch_stores_;
    for (LoadId l : code.loads.ids())
        dry_run.liveness.loads.push_back(
            {code.loads[l].buffer, code.loads[l].stream, code.loads[l].earliest, front_[l]});
    list_uses(code.buffers.size(), dry_run.uses);
    dry_run.uses.sole_load = sole_loads();
    dry_run.uses.last_load = std::move(last_load_);
    dry_run.uses.written_bytes = std::move(written_bytes_);
    load_instructions_.resize(code.loads.size(), 0);
    dry_run.uses.load_instructions = std::move(load_instructions_);
    dry_run.repeatable = std::move(repeatable_);
    dry_run.liveness.buffers = code.buffers;
    for (BufferId b : code.buffers.ids())  // there before the first instruction, and needed by the next inference
        if (code.buffers[b].is_static && lives_[b].exists())
            lives_[b] = {0, static_cast<std::int32_t>(layer_.size()) - 1};
    dry_run.liveness.lives = std::move(lives_);
    dry_run.liveness.layer = std::move(layer_);
    return dry_run;
}

int dma_engines_of(const std::vector<program::Queue>& queues) {
    int engines = 0;
    for (const program::Queue& q : queues)
        if (q.engine == program::Engine::dma) engines = std::max(engines, q.engine_index + 1);
    return engines;
}

DryRun dry_run_of(const Code& code, bool repeatable) {
    DryRunRecorder recorder(dma_engines_of(code.queues), repeatable);
    for (const VirtualInstruction& in : code.instructions) recorder.see(in, code.segments);
    return recorder.finish(code);
}

}  // namespace infsim::compiler
