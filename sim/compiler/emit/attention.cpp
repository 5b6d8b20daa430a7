// Products of two activations, transposes through the array, and rows gathered from DRAM.
#include <algorithm>

#include "base/check.hpp"
#include "compiler/emit/emitter.hpp"

namespace infsim::compiler {

using program::Space;

namespace {

/// The chunks of `list` whose slots belong to head `head`.
std::vector<LaneChunk> of_head(const std::vector<LaneChunk>& list, int head, int slots_per_head) {
    std::vector<LaneChunk> mine;
    for (const LaneChunk& c : list)
        if (c.slot >= head * slots_per_head && c.slot < (head + 1) * slots_per_head) mine.push_back(c);
    return mine;
}

}  // namespace

std::vector<LaneChunk> Emitter::head_chunks(std::initializer_list<Part> parts, int heads) const {
    const int per_head = parts.begin()->slots / heads;
    std::vector<LaneChunk> list;
    for (const LaneChunk& c : chunks(parts)) {
        if (c.slots == 2 && c.slot / per_head != (c.slot + 1) / per_head) {  // two heads share the group
            const int half = target_.sb_partitions / 2;
            list.push_back({c.slot, 1, half});
            list.push_back({c.slot + 1, 1, c.lanes - half});
        } else {
            list.push_back(c);
        }
    }
    return list;
}

/// Heads whose blocks of `elements` leave one bank together: their slots lie in the same half, equally far apart.
std::vector<Emitter::HeadRun> Emitter::head_runs(int heads, int slots_per_head, std::int64_t elements) const {
    const int step = slots_per_head % 2 == 0 ? 1 : 2;
    const int most = static_cast<int>(std::max<std::int64_t>(1, most_moving() / elements));
    std::vector<HeadRun> runs;
    for (int start = 0; start < std::min(step, heads); ++start) {
        const int all = (heads - start + step - 1) / step;
        for (int done = 0; done < all; done += most)
            runs.push_back({start + done * step, std::min(most, all - done), step, step * slots_per_head / 2});
    }
    return runs;
}

void Emitter::emit_head_matmul(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<HeadMatmulOp>(l.op);
    ensure_storage(l.output.value, image);
    const Physical& out = value(l.output.value).phys;
    const auto contraction = head_chunks({l.inputs[0], l.inputs[1]}, op.heads);
    const int out_per_head = l.output.slots / op.heads;
    for (const HeadRun& run : head_runs(op.heads, out_per_head, std::min(most_moving(), out.cols)))
        for (int j = 0, column = 0; j < out_per_head; ++j) {
            const int slot = run.first * out_per_head + j;
            const int columns = out.lanes[static_cast<std::size_t>(l.output.first_slot + slot)];
            for (int col = 0; col < out.cols; col += most_moving()) {
                const int n = std::min(most_moving(), out.cols - col), bank = take_bank();
                for (int i = 0; i < run.heads; ++i)
                    emit_head_product(l, of_head(contraction, run.first + i * run.step, l.inputs[0].slots / op.heads),
                                      image, {0, 1, 1, column, columns, 1}, {0, 1, 1, col, n, 1},
                                      psum(bank, columns, std::int64_t{i} * n, {{1, n}}));
                evacuate_product(l, run, slot, image, columns, {0, 1, 1, col, n, 1}, bank);
            }
            column += columns;
        }
}

/// sum = (columns `stationary` of the first operand)^T x (columns `moving` of the second) over the lanes of
/// `contraction`.
void Emitter::emit_head_product(const Layer& l, const std::vector<LaneChunk>& contraction, int image,
                                const Rect& stationary, const Rect& moving, const Operand& sum) {
    const Part &st = l.inputs[0], &mv = l.inputs[1];
    bool first = true;
    for (const LaneChunk& c : contraction) {
        const Operand a = access(st.value, st.first_slot + c.slot, c.lanes, image, stationary);
        const Operand b = access(mv.value, mv.first_slot + c.slot, c.lanes, image, moving);
        INFSIM_CHECK(a.ap.partition_start == b.ap.partition_start,
                     "both operands of a product lie on the same partitions");
        push(pe(), program::LoadStationary{a.ap}, {a.buffer});
        push(pe(), program::Matmul{b.ap, sum.ap, !first}, {b.buffer, kNoBuffer});
        first = false;
    }
}

/// One slot of every head of the run leaves PSUM, scaled, and with what is added to it.
void Emitter::evacuate_product(const Layer& l, const HeadRun& run, int slot, int image, int columns, const Rect& rect,
                               int bank) {
    const auto& op = std::get<HeadMatmulOp>(l.op);
    const Operand src = psum(bank, columns, 0, {{1, std::int64_t{run.heads} * rect.cols}});
    const Operand dst =
        access_groups(l.output.value, l.output.first_slot + slot, columns, image, rect, run.heads, run.group_step);
    if (!op.added) {
        program::Activate evacuate;
        evacuate.src = src.ap;
        evacuate.dst = dst.ap;
        evacuate.scale = op.scale;
        push(act(), evacuate, {kNoBuffer, dst.buffer});
        return;
    }
    Operand added = access(op.added->value, op.added->first_slot + slot % op.added->slots, columns, image, rect);
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
    push(pool(), add, {kNoBuffer, added.buffer, dst.buffer});
}

void Emitter::emit_transpose(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const int heads = std::get<TransposeOp>(l.op).heads;
    ensure_storage(l.output.value, image);
    const Part& in = l.inputs[0];
    const Physical& out = value(l.output.value).phys;
    const auto list = head_chunks({in}, heads);
    const int out_per_head = l.output.slots / heads, most = most_moving();
    for (const HeadRun& run : head_runs(heads, out_per_head, out.cols))
        for (int j = 0, column = 0; j < out_per_head; ++j) {
            const int slot = run.first * out_per_head + j;
            const int columns = out.lanes[static_cast<std::size_t>(l.output.first_slot + slot)];
            std::vector<LaneChunk> blocks;
            for (int i = 0; i < run.heads; ++i)
                for (const LaneChunk& c : of_head(list, run.first + i * run.step, in.slots / heads))
                    blocks.push_back(c);
            int lane = 0;  // of all heads of the run, one after the other; several heads fit one bank together
            for (std::size_t b = 0; b < blocks.size();) {
                need_bank(blocks[b].lanes);
                const int bank = take_bank(), from = lane;
                int filled = 0;
                for (; b < blocks.size() && filled + blocks[b].lanes <= most; ++b) {
                    const Operand src = access(in.value, in.first_slot + blocks[b].slot, blocks[b].lanes, image,
                                               {0, 1, 1, column, columns, 1});
                    push(pe(), program::Transpose{src.ap, psum(bank, columns, filled, {{1, blocks[b].lanes}}).ap},
                         {src.buffer, kNoBuffer});
                    filled += blocks[b].lanes;
                }
                lane += filled;
                const Operand src = psum(bank, columns, 0, {{1, filled}});
                const Operand dst = access_groups(l.output.value, l.output.first_slot + slot, columns, image,
                                                  {0, 1, 1, from, filled / run.heads, 1}, run.heads, run.group_step);
                program::Activate evacuate;
                evacuate.src = src.ap;
                evacuate.dst = dst.ap;
                push(act(), evacuate, {kNoBuffer, dst.buffer});
            }
            column += columns;
        }
}

void Emitter::emit_spread(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    ensure_storage(l.output.value, image);
    const Physical& phys = value(l.output.value).phys;
    const int lanes = phys.lanes[0];
    const BufferId one = ones();
    for (int col = 0; col < phys.cols; col += most_moving()) {
        const Rect rect{0, 1, 1, col, std::min(most_moving(), phys.cols - col), 1};
        const Operand row = access(l.inputs[0].value, l.inputs[0].first_slot, 1, image, rect);
        const Operand all = psum(take_bank(), lanes, 0, {{1, rect.cols}});
        program::LoadStationary load;
        load.src = make_access(Space::state_buffer, row.ap.partition_start, 1, 0, dtype_, {{1, lanes}});
        push(pe(), load, {one});
        push(pe(), program::Matmul{row.ap, all.ap, false}, {row.buffer, kNoBuffer});
        for (int s = 0; s < l.output.slots; ++s) {
            const Operand dst = access(l.output.value, l.output.first_slot + s, lanes, image, rect);
            program::Activate evacuate;
            evacuate.src = all.ap;
            evacuate.dst = dst.ap;
            push(act(), evacuate, {kNoBuffer, dst.buffer});
        }
    }
}

void Emitter::emit_gather(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<GatherOp>(l.op);
    ensure_storage(l.output.value, image);
    const auto key = std::make_pair(layer, 0);
    if (constant_segment_.find(key) == constant_segment_.end()) {
        program::Segment table;
        table.name = l.name + "/table";
        table.purpose = program::Purpose::weights;
        table.dtype = dtype_;
        table.region = static_cast<std::uint8_t>(options_.weights_region);
        table.bytes = op.rows * op.row_elements * dtype_bytes(dtype_);
        table.tensors = {graph_.tensor(op.table).name};
        program::RecipeBox box;
        box.count = {op.rows, op.row_elements, 1, 1, 1, 1};
        box.segment_step = {op.row_elements * dtype_bytes(dtype_), dtype_bytes(dtype_), 0, 0, 0, 0};
        box.tensor_step = {op.row_elements, 1, 0, 0, 0, 0};
        table.recipe.push_back(box);
        constant_segment_[key] = static_cast<std::uint32_t>(code_.segments.size());
        code_.segments.push_back(std::move(table));
    }
    for (const LaneChunk& c : chunks({l.inputs[0], l.output})) {
        const Operand index = access(l.inputs[0].value, l.inputs[0].first_slot + c.slot, c.lanes, image, {});
        const Operand dst = access(l.output.value, l.output.first_slot + c.slot, c.lanes, image,
                                   {0, 1, 1, 0, value(l.output.value).phys.cols, 1});
        program::DmaGather gather;
        gather.index = index.ap;
        gather.dst = dst.ap;
        gather.table.segment = constant_segment_[key];
        gather.table.partition_step = static_cast<std::uint32_t>(op.row_elements * dtype_bytes(dtype_));
        gather.table.count = dst.ap.count;
        for (int d = 0; d < program::kAccessDims; ++d)
            gather.table.step[d] = static_cast<std::uint32_t>(dst.ap.step[d] * dtype_bytes(dtype_));
        gather.table_rows = static_cast<std::uint32_t>(op.rows);
        push(ring(next_engine_++, 2), gather, {index.buffer, dst.buffer});
    }
}

}  // namespace infsim::compiler
