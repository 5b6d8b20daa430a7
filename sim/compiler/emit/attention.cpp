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
        if (c.slots == 2 && c.slot / per_head != (c.slot + 1) / per_head) {   // two heads share the group
            const int half = target_.sb_partitions / 2;
            list.push_back({c.slot, 1, half});
            list.push_back({c.slot + 1, 1, c.lanes - half});
        } else {
            list.push_back(c);
        }
    }
    return list;
}

void Emitter::emit_head_matmul(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<HeadMatmulOp>(l.op);
    ensure_storage(l.output.value, image);
    const Part &st = l.inputs[0], &mv = l.inputs[1];
    const Physical& out = value(l.output.value).phys;
    const auto contraction = head_chunks({st, mv}, op.heads);
    const int out_per_head = l.output.slots / op.heads;
    for (int h = 0; h < op.heads; ++h)
        for (int j = 0, column = 0; j < out_per_head; ++j) {
            const int slot = h * out_per_head + j;
            const int columns = out.lanes[static_cast<std::size_t>(l.output.first_slot + slot)];
            for (int col = 0; col < out.cols; col += most_moving()) {
                const int n = std::min(most_moving(), out.cols - col);
                const Operand sum = psum(take_bank(), columns, 0, {{1, n}});
                bool first = true;
                for (const LaneChunk& c : of_head(contraction, h, st.slots / op.heads)) {
                    const Operand stationary = access(st.value, st.first_slot + c.slot, c.lanes, image, {0, 1, 1, column, columns, 1});
                    const Operand moving = access(mv.value, mv.first_slot + c.slot, c.lanes, image, {0, 1, 1, col, n, 1});
                    INFSIM_CHECK(stationary.ap.partition_start == moving.ap.partition_start, "both operands of a product lie on the same partitions");
                    push(pe(), program::LoadStationary{stationary.ap}, {stationary.buffer});
                    push(pe(), program::Matmul{moving.ap, sum.ap, !first}, {moving.buffer, kNoBuffer});
                    first = false;
                }
                const Operand dst = access(l.output.value, l.output.first_slot + slot, columns, image, {0, 1, 1, col, n, 1});
                program::Activate evacuate;
                evacuate.src = sum.ap;
                evacuate.dst = dst.ap;
                evacuate.scale = op.scale;
                push(act(), evacuate, {kNoBuffer, dst.buffer});
            }
            column += columns;
        }
}

void Emitter::emit_transpose(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const int heads = std::get<TransposeOp>(l.op).heads;
    ensure_storage(l.output.value, image);
    const Part& in = l.inputs[0];
    const Physical& out = value(l.output.value).phys;
    const auto list = head_chunks({in}, heads);
    const int out_per_head = l.output.slots / heads;
    const int most = most_moving();
    for (int h = 0; h < heads; ++h)
        for (int j = 0, column = 0; j < out_per_head; ++j) {
            const int slot = h * out_per_head + j;
            const int columns = out.lanes[static_cast<std::size_t>(l.output.first_slot + slot)];
            const auto mine = of_head(list, h, in.slots / heads);
            int lane = 0;
            for (std::size_t c = 0; c < mine.size();) {
                // As many blocks as one bank holds go out in one evacuation.
                const int bank = take_bank(), from = lane;
                int filled = 0;
                for (; c < mine.size() && filled + mine[c].lanes <= most; ++c) {
                    const Operand src = access(in.value, in.first_slot + mine[c].slot, mine[c].lanes, image, {0, 1, 1, column, columns, 1});
                    const Operand dst = psum(bank, columns, filled, {{1, mine[c].lanes}});
                    push(pe(), program::Transpose{src.ap, dst.ap}, {src.buffer, kNoBuffer});
                    filled += mine[c].lanes;
                }
                lane += filled;
                const Operand src = psum(bank, columns, 0, {{1, filled}});
                const Operand dst = access(l.output.value, l.output.first_slot + slot, columns, image, {0, 1, 1, from, filled, 1});
                program::Activate evacuate;
                evacuate.src = src.ap;
                evacuate.dst = dst.ap;
                push(act(), evacuate, {kNoBuffer, dst.buffer});
            }
            column += columns;
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
        const Operand dst = access(l.output.value, l.output.first_slot + c.slot, c.lanes, image, {0, 1, 1, 0, value(l.output.value).phys.cols, 1});
        program::DmaGather gather;
        gather.index = index.ap;
        gather.dst = dst.ap;
        gather.table.segment = constant_segment_[key];
        gather.table.partition_step = static_cast<std::uint32_t>(op.row_elements * dtype_bytes(dtype_));
        gather.table.count = dst.ap.count;
        for (int d = 0; d < program::kAccessDims; ++d) gather.table.step[d] = static_cast<std::uint32_t>(dst.ap.step[d] * dtype_bytes(dtype_));
        gather.table_rows = static_cast<std::uint32_t>(op.rows);
        push(ring(next_engine_++, 2), gather, {index.buffer, dst.buffer});
    }
}

}  // namespace infsim::compiler
