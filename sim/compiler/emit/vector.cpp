// What ACT and POOL do on their own: pooling, elementwise operators, copies, softmax.
#include <algorithm>

#include "base/check.hpp"
#include "compiler/emit/emitter.hpp"

namespace infsim::compiler {

using program::AluOp;
using program::Space;

namespace {

/// Elements per partition that softmaxes under way may keep as scratch: 8 KiB of fp32.
constexpr int kSoftmaxElements = 2048;

/// Consecutive output positions of one axis whose windows lose the same taps to padding.
struct PoolClass {
    int out = 0, count = 0, tap = 0, taps = 0;
};

std::vector<PoolClass> pool_classes(int first, int last, int stride, int dilation, int kernel, int pad, int extent) {
    std::vector<PoolClass> list;
    for (int o = first; o < last; ++o) {
        int lo = 0, hi = kernel;
        while (lo < hi && o * stride + lo * dilation - pad < 0) ++lo;
        while (hi > lo && o * stride + (hi - 1) * dilation - pad >= extent) --hi;
        if (!list.empty() && list.back().tap == lo && list.back().taps == hi - lo) ++list.back().count;
        else list.push_back({o, 1, lo, hi - lo});
    }
    return list;
}

/// Taps of a window that count for an average with padding included: those inside the padded input.
int padded_taps(int out, int stride, int dilation, int kernel, int pad_lo, int pad_hi, int extent) {
    int n = 0;
    for (int t = 0; t < kernel; ++t) n += out * stride + t * dilation - pad_lo < extent + pad_hi ? 1 : 0;
    return n;
}

}  // namespace

void Emitter::emit_pool(int layer, int image, int first_row, int rows) {
    layer_ = layer;
    image_ = image;
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<PoolOp>(l.op);
    ensure_storage(l.output.value, image);
    for (const RowRange& piece : output_pieces(l, first_row, rows)) emit_pool_rows(l, op, image, piece);
}

/// Output rows that lie in one band. Windows across the border of two bands of the input are gathered first.
void Emitter::emit_pool_rows(const Layer& l, const PoolOp& op, int image, RowRange rows) {
    const Physical& in = value(l.inputs[0].value).phys;
    const Physical& out = value(l.output.value).phys;
    const auto row_classes =
        pool_classes(rows.lo, rows.hi, op.stride_rows, op.dilation_rows, op.kernel_rows, op.pad_top, in.rows);
    const auto col_classes =
        pool_classes(0, out.cols, op.stride_cols, op.dilation_cols, op.kernel_cols, op.pad_left, in.cols);
    const auto emit = [&](int row, int count, const PoolClass& r) {
        for (const PoolClass& c : col_classes)
            emit_pool_class(l, op, image, {row, count, 1, c.out, c.count, 1}, r.tap, r.taps, c.tap, c.taps);
    };
    if (!in_bands(l.inputs[0].value)) {
        for (const PoolClass& r : row_classes) emit(r.out, r.count, r);
        return;
    }
    const int height = band_rows_[static_cast<std::size_t>(l.inputs[0].value)];
    for (const PoolClass& r : row_classes)
        for (int row = r.out; row < r.out + r.count;) {
            const auto lo = [&](int o) { return o * op.stride_rows + r.tap * op.dilation_rows - op.pad_top; };
            const auto hi = [&](int o) { return lo(o) + (std::max(1, r.taps) - 1) * op.dilation_rows; };
            int end = row;
            while (end < r.out + r.count && lo(row) / height == hi(end) / height) ++end;
            const bool across = end == row;
            if (across) {
                ++end;
                gather_window(l.inputs[0], image, {lo(row), hi(row) + 1});
            }
            emit(row, end - row, r);
            window_.reset();
            row = end;
        }
}

void Emitter::emit_pool_class(const Layer& l, const PoolOp& op, int image, const Rect& out, int kr0, int krn, int kc0,
                              int kcn) {
    const Part& in = l.inputs[0];
    const Physical& phys = value(in.value).phys;
    const int element = dtype_bytes(value(in.value).dtype);
    for (const LaneChunk& chunk : chunks({in, l.output})) {
        const Operand dst = access(l.output.value, l.output.first_slot + chunk.slot, chunk.lanes, image, out);
        if (krn == 0 || kcn == 0) {  // a window that lies wholly in the padding
            push(pool(), program::Memset{dst.ap, op.average ? 0.0F : -65504.0F}, {dst.buffer});
            continue;
        }
        const int row = out.row * op.stride_rows + kr0 * op.dilation_rows - op.pad_top;
        const int col = out.col * op.stride_cols + kc0 * op.dilation_cols - op.pad_left;
        Operand src = access(in.value, in.first_slot + chunk.slot, chunk.lanes, image, {row, 1, 1, col, 1, 1});
        const int last_row = row + (out.rows - 1) * op.stride_rows + (krn - 1) * op.dilation_rows;
        const Place& p = place(in.value, image, row);
        INFSIM_CHECK(last_row < p.row0 + p.rows, "a pooling window outside of what is resident");
        auto& ap = src.ap;
        ap.count = {step_or_count(out.rows), step_or_count(out.cols), step_or_count(krn), step_or_count(kcn)};
        ap.step = {step_or_count(std::int64_t{op.stride_rows} * phys.cols), step_or_count(op.stride_cols),
                   step_or_count(std::int64_t{op.dilation_rows} * phys.cols), step_or_count(op.dilation_cols)};
        INFSIM_CHECK(program::end_offset(ap) <= static_cast<std::int64_t>(code_.buffers[src.buffer].bytes) + element,
                     "a pooling window runs past its buffer");
        program::Reduce reduce;
        reduce.src = ap;
        reduce.dst = dst.ap;
        reduce.reduced_dims = 2;
        reduce.op = op.average ? AluOp::add : AluOp::max;
        if (op.average) {
            int divisor = krn * kcn;
            if (op.count_include_pad)
                divisor = padded_taps(out.row, op.stride_rows, op.dilation_rows, op.kernel_rows, op.pad_top,
                                      op.pad_bottom, phys.rows) *
                          padded_taps(out.col, op.stride_cols, op.dilation_cols, op.kernel_cols, op.pad_left,
                                      op.pad_right, phys.cols);
            reduce.scale = 1.0F / static_cast<float>(divisor);
        }
        push(pool(), reduce, {src.buffer, dst.buffer});
    }
}

void Emitter::emit_unary(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<UnaryOp>(l.op);
    ensure_storage(l.output.value, image);
    const Physical& phys = value(l.output.value).phys;
    for (const RowRange& piece : cut_rows({l.inputs[0].value, l.output.value}, 0, phys.rows))
        for (const LaneChunk& c : chunks({l.inputs[0], l.output})) {
            const Rect all{piece.lo, piece.hi - piece.lo, 1, 0, phys.cols, 1};
            const Operand src = access(l.inputs[0].value, l.inputs[0].first_slot + c.slot, c.lanes, image, all);
            const Operand dst = access(l.output.value, l.output.first_slot + c.slot, c.lanes, image, all);
            program::Activate a;
            a.src = src.ap;
            a.dst = dst.ap;
            a.scale = op.scale;
            a.function = op.function;
            if (op.bias != 0) a.bias = program::ScalarOperand::immediate(op.bias);
            push(act(), a, {src.buffer, dst.buffer});
        }
}

void Emitter::emit_scalar(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<ScalarOp>(l.op);
    ensure_storage(l.output.value, image);
    std::vector<graph::TensorId> tensors;
    for (const ChannelScalar* s : {&op.first, &op.second})
        if (s->per_channel != graph::kNoTensor) tensors.push_back(s->per_channel);
    const BufferId constants = tensors.empty() ? kNoBuffer : channel_constants(layer, 0, l.output, tensors, false);
    layer_ = layer;
    const Physical& phys = value(l.output.value).phys;
    const int half = target_.sb_partitions / 2, count = static_cast<int>(tensors.size());
    for (const RowRange& piece : cut_rows({l.inputs[0].value, l.output.value}, 0, phys.rows))
        for (const LaneChunk& c : chunks({l.inputs[0], l.output})) {
            const Rect all{piece.lo, piece.hi - piece.lo, 1, 0, phys.cols, 1};
            const Operand src = access(l.inputs[0].value, l.inputs[0].first_slot + c.slot, c.lanes, image, all);
            const Operand dst = access(l.output.value, l.output.first_slot + c.slot, c.lanes, image, all);
            int next = 0;
            const int slot = l.output.first_slot % 2 + c.slot;
            const auto scalar = [&](const ChannelScalar& s) {
                if (s.op == AluOp::none) return program::ScalarOperand{};
                if (s.per_channel == graph::kNoTensor) return program::ScalarOperand::immediate(s.immediate);
                return program::ScalarOperand::per_partition(
                    static_cast<std::uint32_t>((slot / 2 * count + next++) * 4),
                    static_cast<std::uint8_t>(slot % 2 * half), DType::fp32);
            };
            program::TensorScalar t;
            t.src = src.ap;
            t.dst = dst.ap;
            t.op0 = op.first.op;
            t.op1 = op.second.op;
            t.scalar0 = scalar(op.first);
            t.scalar1 = scalar(op.second);
            push(pool(), t, {src.buffer, dst.buffer}, op.first.per_channel == graph::kNoTensor ? kNoBuffer : constants,
                 op.second.per_channel == graph::kNoTensor ? kNoBuffer : constants);
        }
}

void Emitter::emit_binary(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<BinaryOp>(l.op);
    ensure_storage(l.output.value, image);
    const Physical& phys = value(l.output.value).phys;
    // What is spread lies on all lanes of a slot, so any of its slots serves any chunk of one slot.
    for (const RowRange& piece : cut_rows({l.inputs[0].value, l.inputs[1].value, l.output.value}, 0, phys.rows))
        for (const LaneChunk& c :
             op.spread ? chunks({l.inputs[0], l.output}) : chunks({l.inputs[0], l.inputs[1], l.output})) {
            const Rect all{piece.lo, piece.hi - piece.lo, 1, 0, phys.cols, 1};
            const Operand a = access(l.inputs[0].value, l.inputs[0].first_slot + c.slot, c.lanes, image, all);
            const Physical& second = value(l.inputs[1].value).phys;
            // What is spread or repeated does not lie in bands, nor do what it goes with and what comes out.
            const Rect of_second = piece.hi - piece.lo == phys.rows ? Rect{0, second.rows, 1, 0, second.cols, 1} : all;
            Operand b =
                access(l.inputs[1].value, l.inputs[1].first_slot + (op.spread ? 0 : c.slot), c.lanes, image, of_second);
            if (op.inner > 1) {
                b.ap.step = {0, 0, 1, 0};
                b.ap.count = {1, 1, step_or_count(second.plane()), step_or_count(op.inner)};
            }
            const Operand dst = access(l.output.value, l.output.first_slot + c.slot, c.lanes, image, all);
            program::TensorTensor t;
            t.a = a.ap;
            t.b = b.ap;
            t.dst = dst.ap;
            t.op = op.op;
            t.relu = op.relu;
            push(pool(), t, {a.buffer, b.buffer, dst.buffer});
        }
}

void Emitter::emit_copy(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    ensure_storage(l.output.value, image);
    const Physical& phys = value(l.output.value).phys;
    for (const RowRange& piece : cut_rows({l.inputs[0].value, l.output.value}, 0, phys.rows))
        for (const LaneChunk& c : chunks({l.inputs[0], l.output})) {
            const Rect all{piece.lo, piece.hi - piece.lo, 1, 0, phys.cols, 1};
            const Operand src = access(l.inputs[0].value, l.inputs[0].first_slot + c.slot, c.lanes, image, all);
            const Operand dst = access(l.output.value, l.output.first_slot + c.slot, c.lanes, image, all);
            program::TensorScalar t;
            t.src = src.ap;
            t.dst = dst.ap;
            push(pool(), t, {src.buffer, dst.buffer});
        }
}

void Emitter::emit_softmax(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    ensure_storage(l.output.value, image);
    const int cols = value(l.output.value).phys.cols;
    const auto runs = chunk_runs({l.inputs[0], l.output}, cols, most_moving());
    // Step by step for all that fits the scratch space: the queues then work on different runs at the same time.
    for (std::size_t first = 0; first < runs.size();) {
        std::size_t last = first;
        for (int elements = 0;
             last < runs.size() && (last == first || elements + runs[last].count * cols <= kSoftmaxElements); ++last)
            elements += runs[last].count * cols;
        emit_softmax_runs(
            l, image,
            {runs.begin() + static_cast<std::ptrdiff_t>(first), runs.begin() + static_cast<std::ptrdiff_t>(last)});
        first = last;
    }
}

void Emitter::emit_softmax_runs(const Layer& l, int image, const std::vector<ChunkRun>& runs) {
    const bool log = std::get<SoftmaxOp>(l.op).log;
    const int cols = value(l.output.value).phys.cols;
    struct Work {
        Operand src, minus_max, exps, sum, norm;
    };
    std::vector<Work> work;
    const auto rows = [&](Operand o, int count) {  // the columns of each chunk of a run, which must not merge
        o.ap.count = {1, 1, step_or_count(count), step_or_count(cols)};
        o.ap.step = {0, 0, step_or_count(cols), 1};
        return o;
    };
    const auto part = [&](const Part& p, const LaneChunk& chunk, int i) {
        return access(p.value, p.first_slot + chunk.slot + 2 * i, chunk.lanes, image, {0, 1, 1, 0, cols, 1});
    };
    for (const auto& [chunk, count] : runs) {
        Operand src = rows(part(l.inputs[0], chunk, 0), count);
        const Place& p = place(l.inputs[0].value, image);
        src.ap.step[2] = step_or_count(std::int64_t{p.images} * cols);  // one group to the next
        const int start = src.ap.partition_start;
        work.push_back({src, scratch("softmax max", start, chunk.lanes, count, DType::fp32),
                        scratch("softmax exp", start, chunk.lanes, std::int64_t{count} * cols, DType::fp32),
                        scratch("softmax sum", start, chunk.lanes, count, DType::fp32),
                        scratch("softmax norm", start, chunk.lanes, count, DType::fp32)});
        push(pool(), program::Reduce{src.ap, work.back().minus_max.ap, -1.0F, AluOp::max, 1},
             {src.buffer, work.back().minus_max.buffer});
    }
    const auto lane_scalar = [](const Operand& o, int i) {
        return program::ScalarOperand::per_partition(static_cast<std::uint32_t>(i * 4), o.ap.partition_start,
                                                     DType::fp32);
    };
    const auto exps_of = [&](const Work& w, int i) {
        return make_access(Space::state_buffer, w.exps.ap.partition_start, w.exps.ap.partition_count,
                           std::int64_t{i} * cols * 4, DType::fp32, {{1, cols}});
    };
    for (std::size_t r = 0; r < runs.size(); ++r)
        for (int i = 0; i < runs[r].count; ++i) {
            const Operand src = part(l.inputs[0], runs[r].chunk, i);
            program::Activate exp;
            exp.src = src.ap;
            exp.dst = exps_of(work[r], i);
            exp.bias = lane_scalar(work[r].minus_max, i);
            exp.function = program::ActFunction::exp;
            push(act(), exp, {src.buffer, work[r].exps.buffer}, work[r].minus_max.buffer);
        }
    for (std::size_t r = 0; r < runs.size(); ++r)
        push(pool(), program::Reduce{rows(work[r].exps, runs[r].count).ap, work[r].sum.ap, 1.0F, AluOp::add, 1},
             {work[r].exps.buffer, work[r].sum.buffer});
    for (const Work& w : work) {
        program::Activate finish;
        finish.src = w.sum.ap;
        finish.dst = w.norm.ap;
        finish.function = log ? program::ActFunction::log : program::ActFunction::reciprocal;
        push(act(), finish, {w.sum.buffer, w.norm.buffer});
    }
    for (std::size_t r = 0; r < runs.size(); ++r)
        for (int i = 0; i < runs[r].count; ++i) {
            const Work& w = work[r];
            const Operand src = part(l.inputs[0], runs[r].chunk, i), dst = part(l.output, runs[r].chunk, i);
            program::TensorScalar scale;
            scale.dst = dst.ap;
            scale.src = log ? src.ap : exps_of(w, i);
            scale.op0 = log ? AluOp::add : AluOp::multiply;
            scale.scalar0 = lane_scalar(log ? w.minus_max : w.norm, i);
            if (log) {
                scale.op1 = AluOp::subtract;
                scale.scalar1 = lane_scalar(w.norm, i);
            }
            push(pool(), scale, {log ? src.buffer : w.exps.buffer, dst.buffer},
                 log ? w.minus_max.buffer : w.norm.buffer, log ? w.norm.buffer : kNoBuffer);
        }
}

}  // namespace infsim::compiler
