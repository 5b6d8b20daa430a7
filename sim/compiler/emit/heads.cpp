// Attention: products of two activations head by head, transposes through the array, values spread over the lanes.
#include <algorithm>
#include <vector>

#include "base/check.hpp"
#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

namespace {

/// The chunks of parts whose slots belong to `heads` heads, none of them to two heads.
std::vector<LaneChunk> head_chunks(const EmitContext& c, std::initializer_list<Part> parts, int heads) {
    const int per_head = parts.begin()->slots / heads;
    std::vector<LaneChunk> list;
    for (const LaneChunk& k : c.storage.chunks(parts)) {
        for (int s = k.slot, left = k.lanes, end = k.slot + k.slots; s < end;) {  // heads may share the group
            const int next = std::min(end, (s / per_head + 1) * per_head);
            const int lanes = next < end ? (next - s) * c.slots().region : left;
            list.push_back({s, next - s, lanes});
            left -= lanes;
            s = next;
        }
    }
    return contracted(c, list);
}

/// The chunks of `list` whose slots belong to head `head`.
std::vector<LaneChunk> of_head(const std::vector<LaneChunk>& list, int head, int slots_per_head) {
    std::vector<LaneChunk> mine;
    for (const LaneChunk& k : list)
        if (k.slot >= head * slots_per_head && k.slot < (head + 1) * slots_per_head) mine.push_back(k);
    return mine;
}

/// `heads` heads from `first` on, every `step`-th; their slots are `group_step` groups apart.
struct HeadRun {
    int first = 0, heads = 1, step = 1, group_step = 1;
    int head(int i) const { return first + i * step; }
};

/// Heads whose blocks of `elements` leave one bank together: their slots lie on the same partitions, equally far apart.
std::vector<HeadRun> head_runs(const EmitContext& c, int heads, int slots_per_head, std::int64_t elements) {
    const int step = c.slots().period(slots_per_head);
    const int most = static_cast<int>(std::max<std::int64_t>(1, most_moving(c) / elements));
    std::vector<HeadRun> runs;
    for (int start = 0; start < std::min(step, heads); ++start) {
        const int all = (heads - start + step - 1) / step;
        for (int done = 0; done < all; done += most)
            runs.push_back(
                {start + done * step, std::min(most, all - done), step, c.slots().group_of(step * slots_per_head)});
    }
    return runs;
}

/// Calls visit(run, slot, column) for every slot of the output of the first head of each run; `column` is the first
/// column of the operand for its lanes.
template <class Visit>
void for_each_output(const EmitContext& c, const Layer& l, int heads, std::int64_t elements, Visit&& visit) {
    const int per_head = l.output.slots / heads;
    for (const HeadRun& run : head_runs(c, heads, per_head, elements))
        for (int j = 0, column = 0; j < per_head; ++j) {
            const int slot = run.first * per_head + j;
            visit(run, slot, column);
            column += c.lanes(l.output, slot);
        }
}

/// sum = (columns `stationary` of the first operand)^T x (columns `moving` of the second) over the lanes of
/// `contraction`.
void emit_product(EmitContext& c, const Where& at, const std::vector<LaneChunk>& contraction, const Rect& stationary,
                  const Rect& moving, const Operand& sum) {
    const Layer& l = c.layer(at.layer);
    bool first = true;
    for (const LaneChunk& k : contraction) {
        const Operand a = from_lane(access(c, l.inputs[0], k.slot, k.lanes, at.image, stationary), k.first_lane);
        const Operand b = from_lane(access(c, l.inputs[1], k.slot, k.lanes, at.image, moving), k.first_lane);
        INFSIM_CHECK(a.ap.partition_start == b.ap.partition_start,
                     "both operands of a product lie on the same partitions");
        c.builder.push(at, c.builder.pe(), program::LoadStationary{a.ap}, {a.buffer});
        c.builder.push(at, c.builder.pe(), program::Matmul{b.ap, sum.ap, !first}, {b.buffer, kNoBuffer});
        first = false;
    }
}

Operand groups_of(const EmitContext& c, const Where& at, const HeadRun& run, int slot, const Rect& rect) {
    const Part& out = c.layer(at.layer).output;
    return c.storage.access_groups(out.value, out.first_slot + slot, c.lanes(out, slot), at.image, rect, run.heads,
                                   run.group_step);
}

/// Evacuates one slot of every head of the run from PSUM, scaled, with its addend.
void evacuate_product(EmitContext& c, const Where& at, const HeadMatmulOp& op, const HeadRun& run, int slot,
                      const Rect& rect, int bank) {
    const int columns = c.lanes(c.layer(at.layer).output, slot);
    const Operand src = psum(c, bank, columns, 0, {{1, std::int64_t{run.heads} * rect.cols}});
    const Operand dst = groups_of(c, at, run, slot, rect);
    if (!op.added) return push_activate(c, at, src, dst, program::ActFunction::identity, op.scale);
    Operand added = access(c, *op.added, slot % op.added->slots, columns, at.image, rect);
    added.ap.count = {1, 1, step_or_count(run.heads), step_or_count(rect.cols)};
    added.ap.step = {0, 0, 0, 1};
    program::TensorTensor add;
    add.a = src.ap;
    add.b = added.ap;
    add.dst = dst.ap;
    add.op = program::AluOp::add;
    if (op.scale != 1.0F) {
        add.scalar_op = program::AluOp::multiply;
        add.scalar = program::ScalarOperand::immediate(op.scale);
    }
    c.builder.push(at, c.builder.pool(), add, {kNoBuffer, added.buffer, dst.buffer});
}

}  // namespace

void emit_head_matmul(EmitContext& c, const Where& at, const HeadMatmulOp& op) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const int cols = c.phys(l.output).cols, most = most_moving(c), in_per_head = l.inputs[0].slots / op.heads;
    const auto contraction = head_chunks(c, {l.inputs[0], l.inputs[1]}, op.heads);
    for_each_output(c, l, op.heads, std::min(most, cols), [&](const HeadRun& run, int slot, int column) {
        const int columns = c.lanes(l.output, slot);
        for (int col = 0; col < cols; col += most) {
            const Rect rect{0, 1, 1, col, std::min(most, cols - col), 1};
            const int bank = c.builder.take_bank();
            for (int i = 0; i < run.heads; ++i)
                emit_product(c, at, of_head(contraction, run.head(i), in_per_head), {0, 1, 1, column, columns, 1}, rect,
                             psum(c, bank, columns, std::int64_t{i} * rect.cols, {{1, rect.cols}}));
            evacuate_product(c, at, op, run, slot, rect, bank);
        }
    });
}

namespace {

/// Blocks of lanes of the input become columns of a slot of the output: one bank holds several heads.
void transpose_blocks(EmitContext& c, const Where& at, const HeadRun& run, int slot, int column,
                      const std::vector<LaneChunk>& blocks) {
    const Layer& l = c.layer(at.layer);
    const int columns = c.lanes(l.output, slot), most = most_moving(c);
    int lane = 0;  // of all heads of the run, one after the other
    for (std::size_t b = 0; b < blocks.size();) {
        need_bank(c, at.layer, blocks[b].lanes);
        const int bank = c.builder.take_bank();
        int filled = 0;
        for (; b < blocks.size() && filled + blocks[b].lanes <= most; ++b) {
            const LaneChunk& block = blocks[b];
            const Operand src =
                from_lane(access(c, l.inputs[0], block.slot, block.lanes, at.image, {0, 1, 1, column, columns, 1}),
                          block.first_lane);
            const Operand dst = psum(c, bank, columns, filled, {{1, blocks[b].lanes}});
            c.builder.push(at, c.builder.pe(), program::Transpose{src.ap, dst.ap}, {src.buffer, kNoBuffer});
            filled += blocks[b].lanes;
        }
        push_activate(c, at, psum(c, bank, columns, 0, {{1, filled}}),
                      groups_of(c, at, run, slot, {0, 1, 1, lane, filled / run.heads, 1}));
        lane += filled;
    }
}

}  // namespace

void emit_transpose(EmitContext& c, const Where& at, const TransposeOp& op) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const auto list = head_chunks(c, {l.inputs[0]}, op.heads);
    for_each_output(c, l, op.heads, c.phys(l.output).plane(), [&](const HeadRun& run, int slot, int column) {
        std::vector<LaneChunk> blocks;
        for (int i = 0; i < run.heads; ++i)
            for (const LaneChunk& k : of_head(list, run.head(i), l.inputs[0].slots / op.heads)) blocks.push_back(k);
        transpose_blocks(c, at, run, slot, column, blocks);
    });
}

void emit_spread(EmitContext& c, const Where& at) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const Physical& phys = c.phys(l.output);
    const int lanes = phys.lanes[0], most = most_moving(c);
    const BufferId one = c.constants.ones(at);
    for (int col = 0; col < phys.cols; col += most) {
        const Rect rect{0, 1, 1, col, std::min(most, phys.cols - col), 1};
        const Operand row = access(c, l.inputs[0], 0, 1, at.image, rect);
        const Operand all = psum(c, c.builder.take_bank(), lanes, 0, {{1, rect.cols}});
        program::LoadStationary load;
        load.src = make_access(program::Space::state_buffer, row.ap.partition_start, 1, 0, c.input.dtype, {{1, lanes}});
        c.builder.push(at, c.builder.pe(), load, {one});
        c.builder.push(at, c.builder.pe(), program::Matmul{row.ap, all.ap, false}, {row.buffer, kNoBuffer});
        for (int s = 0; s < l.output.slots; ++s)
            push_activate(c, at, all, access(c, l.output, s, lanes, at.image, rect));
    }
}

}  // namespace infsim::compiler
