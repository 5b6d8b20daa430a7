// Maximum and average pooling, by POOL.
#include <algorithm>

#include "base/check.hpp"
#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

using program::AluOp;

namespace {

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

struct Pool {
    const Layer& layer;
    const PoolOp& op;
    const Physical& in;

    /// First row and column that the windows of these classes read.
    int row(int out_row, const PoolClass& r) const {
        return out_row * op.stride_rows + r.tap * op.dilation_rows - op.pad_top;
    }
    int col(const PoolClass& k) const { return k.out * op.stride_cols + k.tap * op.dilation_cols - op.pad_left; }

    int divisor(const Rect& out, const PoolClass& r, const PoolClass& k) const {
        if (!op.count_include_pad) return r.taps * k.taps;
        return padded_taps(out.row, op.stride_rows, op.dilation_rows, op.kernel_rows, op.pad_top, op.pad_bottom,
                           in.rows) *
               padded_taps(out.col, op.stride_cols, op.dilation_cols, op.kernel_cols, op.pad_left, op.pad_right,
                           in.cols);
    }
};

/// What the windows of a rectangle of outputs read: two dimensions of outputs, two of taps.
Operand windows(const EmitContext& c, const Pool& p, const LaneChunk& chunk, ImageId image, const Rect& out,
                const PoolClass& r, const PoolClass& k) {
    const PoolOp& op = p.op;
    const Part& in = p.layer.inputs[0];
    const int row = p.row(out.row, r);
    Operand src = access(c, in, chunk.slot, chunk.lanes, image, {row, 1, 1, p.col(k), 1, 1});
    const int last_row = row + (out.rows - 1) * op.stride_rows + (r.taps - 1) * op.dilation_rows;
    const Place& place = c.storage.place(in.value, image, row);
    INFSIM_CHECK(last_row < place.row0 + place.rows, "a pooling window outside of what is resident");
    src.ap.count = {step_or_count(out.rows), step_or_count(out.cols), step_or_count(r.taps), step_or_count(k.taps)};
    src.ap.step = {step_or_count(std::int64_t{op.stride_rows} * p.in.cols), step_or_count(op.stride_cols),
                   step_or_count(std::int64_t{op.dilation_rows} * p.in.cols), step_or_count(op.dilation_cols)};
    INFSIM_CHECK(
        program::end_offset(src.ap) <= c.builder.buffer(src.buffer).bytes + dtype_bytes(c.value(in.value).dtype),
        "a pooling window runs past its buffer");
    return src;
}

/// Outputs whose windows lose the same taps.
void emit_class(EmitContext& c, const Where& at, const Pool& p, const Rect& out, const PoolClass& r,
                const PoolClass& k) {
    const Part &in = p.layer.inputs[0], &output = p.layer.output;
    for (const LaneChunk& chunk : c.storage.chunks({in, output})) {
        const Operand dst = access(c, output, chunk.slot, chunk.lanes, at.image, out);
        if (r.taps == 0 || k.taps == 0) {  // a window entirely in the padding
            c.builder.push(at, c.builder.pool(), program::Memset{dst.ap, p.op.average ? 0.0F : -65504.0F},
                           {dst.buffer});
            continue;
        }
        const Operand src = windows(c, p, chunk, at.image, out, r, k);
        program::Reduce reduce;
        reduce.src = src.ap;
        reduce.dst = dst.ap;
        reduce.reduced_dims = 2;
        reduce.op = p.op.average ? AluOp::add : AluOp::max;
        if (p.op.average) reduce.scale = 1.0F / static_cast<float>(p.divisor(out, r, k));
        c.builder.push(at, c.builder.pool(), reduce, {src.buffer, dst.buffer});
    }
}

/// Copies rows [lo, hi) of a value from several bands into one buffer, which replaces them until the storage's window
/// is closed.
void gather_window(EmitContext& c, const Where& at, const Part& part, RowRange rows) {
    const ValueId v = part.value;
    const Physical& phys = c.value(v).phys;
    const std::int64_t bytes = elements_per_partition(c.slots(), phys, rows.count()) * dtype_bytes(c.value(v).dtype);
    const BufferId b = c.builder.new_buffer(at.layer, c.value(v).name + "/window", bytes,
                                            c.storage.partitions_of(v, at.image), program::Purpose::spill);
    c.builder.let_rotate(b);
    const Place here{b, rows.lo, rows.count(), 0, 1};
    for (const RowRange& range : c.storage.cut_rows({v}, rows.lo, rows.count()))
        for (const LaneChunk& chunk : c.storage.chunks({part})) {
            const Rect rect{range.lo, range.count(), 1, 0, phys.cols, 1};
            const Operand src = access(c, part, chunk.slot, chunk.lanes, at.image, rect);
            c.storage.open_window(v, here);
            const Operand dst = access(c, part, chunk.slot, chunk.lanes, at.image, rect);
            c.storage.close_window();
            push_copy(c, at, src, dst);
        }
    c.storage.open_window(v, here);
}

/// One row of outputs whose windows span many bands: each band is reduced by itself, and then the results of the bands
/// are.
void reduce_bands(EmitContext& c, const Where& at, const Pool& p, const PoolClass& r, const PoolClass& k, int row) {
    const Part &in = p.layer.inputs[0], &output = p.layer.output;
    const int first = p.row(row, r);
    const std::vector<RowRange> bands = c.storage.cut_rows({in.value}, first, r.taps);
    const auto count = static_cast<std::int64_t>(bands.size());
    const Rect out{row, 1, 1, k.out, k.count, 1};
    program::Reduce reduce;
    reduce.op = p.op.average ? AluOp::add : AluOp::max;
    for (const LaneChunk& chunk : c.storage.chunks({in, output})) {
        const Operand dst = access(c, output, chunk.slot, chunk.lanes, at.image, out);
        const Operand partial =
            scratch(c, at, "pool bands", dst.ap.partition_start, chunk.lanes, count * k.count, DType::fp32);
        reduce.reduced_dims = 2;
        reduce.scale = 1.0F;
        for (std::int64_t b = 0; b < count; ++b) {
            const RowRange& rows = bands[static_cast<std::size_t>(b)];
            const PoolClass taps{row, 1, r.tap + rows.lo - first, rows.count()};
            const Operand src = windows(c, p, chunk, at.image, out, taps, k);
            reduce.src = src.ap;
            reduce.dst = make_access(program::Space::state_buffer, partial.ap.partition_start, chunk.lanes,
                                     partial.ap.offset + b * dtype_bytes(DType::fp32), DType::fp32, {{count, k.count}});
            c.builder.push(at, c.builder.pool(), reduce, {src.buffer, partial.buffer});
        }
        reduce.reduced_dims = 1;
        if (p.op.average) reduce.scale = 1.0F / static_cast<float>(p.divisor(out, r, k));
        reduce.src = partial.ap;
        reduce.src.step = {0, 0, step_or_count(count), 1};
        reduce.src.count = {1, 1, step_or_count(k.count), step_or_count(count)};
        reduce.dst = dst.ap;
        c.builder.push(at, c.builder.pool(), reduce, {partial.buffer, dst.buffer});
    }
}

/// Whether the windows of an output row are too tall to copy what they read.
bool is_high(const Pool& p, const PoolClass& r, int band_rows) {
    return p.op.dilation_rows == 1 && r.taps > 3 * band_rows;
}

/// Output rows of one class, in stretches whose windows lie in one band. A window across a border is gathered first, or
/// reduced band by band.
template <class Emit>
void over_bands(EmitContext& c, const Where& at, const Pool& p, const PoolClass& r, const std::vector<PoolClass>& cols,
                Emit&& emit) {
    const int height = c.storage.facts(p.layer.inputs[0].value).band_rows;
    const auto last = [&](int o) { return p.row(o, r) + (std::max(1, r.taps) - 1) * p.op.dilation_rows; };
    for (int row = r.out; row < r.out + r.count;) {
        int end = row;
        while (end < r.out + r.count && p.row(row, r) / height == last(end) / height) ++end;
        if (end == row && is_high(p, r, height)) {
            for (const PoolClass& k : cols) reduce_bands(c, at, p, r, k, row);
            ++row;
            continue;
        }
        if (end == row) {
            ++end;
            gather_window(c, at, p.layer.inputs[0], {p.row(row, r), last(row) + 1});
        }
        emit(row, end - row);
        c.storage.close_window();
        row = end;
    }
}

/// Output rows that lie in one band.
void emit_rows(EmitContext& c, const Where& at, const Pool& p, RowRange rows) {
    const PoolOp& op = p.op;
    const auto cols = pool_classes(0, c.phys(p.layer.output).cols, op.stride_cols, op.dilation_cols, op.kernel_cols,
                                   op.pad_left, p.in.cols);
    for (const PoolClass& r :
         pool_classes(rows.lo, rows.hi, op.stride_rows, op.dilation_rows, op.kernel_rows, op.pad_top, p.in.rows)) {
        const auto emit = [&](int row, int count) {
            for (const PoolClass& k : cols) emit_class(c, at, p, {row, count, 1, k.out, k.count, 1}, r, k);
        };
        if (c.storage.in_bands(p.layer.inputs[0].value)) over_bands(c, at, p, r, cols, emit);
        else emit(r.out, r.count);
    }
}

}  // namespace

void emit_pool(EmitContext& c, const Where& at, const PoolOp& op, RowRange rows) {
    const Layer& layer = c.layer(at.layer);
    c.storage.ensure(layer.output.value, at);
    const Pool p{layer, op, c.phys(layer.inputs[0])};
    for (const RowRange& piece : output_pieces(c.storage, layer, rows.lo, rows.count())) emit_rows(c, at, p, piece);
}

}  // namespace infsim::compiler
