// Copies of a low-channel input in idle partitions, one per filter row.
#include <algorithm>

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

namespace {

struct Replication {
    const ReplicateOp& op;
    ValueId in, out;
    const Physical& from;
    int channels() const { return from.channels(); }

    /// Output rows among `rows` for which copy `r` reads inside the input; if there are none, an empty range at the
    /// end.
    RowRange inside(int r, RowRange rows) const {
        const int shift = r * op.dilation - op.pad;
        const RowRange found{std::max(rows.lo, shift >= 0 ? 0 : (-shift + op.stride - 1) / op.stride),
                             std::min(rows.hi, shift >= from.rows ? 0 : (from.rows - 1 - shift) / op.stride + 1)};
        return found.lo < found.hi ? found : RowRange{rows.hi, rows.hi};
    }
};

void zero_rows(EmitContext& c, const Where& at, const Replication& v, RowRange rows) {
    if (rows.lo >= rows.hi) return;
    const Operand all = c.storage.access(v.out, 0, v.channels() * v.op.replicas, at.image,
                                         {rows.lo, rows.count(), 1, 0, v.from.cols, 1});
    c.builder.push(at, c.builder.pool(), program::Memset{all.ap, 0.0F}, {all.buffer});
}

/// Rows for which some copy reaches into the padding start as zeros.
void zero_borders(EmitContext& c, const Where& at, const Replication& v, RowRange rows) {
    const ReplicateOp& op = v.op;
    const int inner_lo = (op.pad + op.stride - 1) / op.stride;
    // Negative: every row has such a copy.
    const int last_start = v.from.rows - 1 + op.pad - (op.replicas - 1) * op.dilation;
    const int inner_hi = last_start < 0 ? 0 : last_start / op.stride + 1;
    const int top = std::min(rows.hi, inner_lo);
    zero_rows(c, at, v, {rows.lo, top});
    zero_rows(c, at, v, {std::max({rows.lo, inner_hi, top}), rows.hi});
}

/// Rows of copy `r`.
Operand rows_of_copy(const EmitContext& c, const Where& at, const Replication& v, int r, RowRange rows) {
    const Operand first =
        c.storage.access(v.out, 0, v.channels(), at.image, {rows.lo, rows.count(), 1, 0, v.from.cols, 1});
    return from_lane(first, r * v.channels());
}

/// Rows of copy `r` in the padding, as a DMA of zeros: nothing else writes them, so no copy waits for it.
void copy_zeros(EmitContext& c, const Where& at, const Replication& v, int r, RowRange rows) {
    if (rows.lo >= rows.hi) return;
    const std::int64_t elements = std::int64_t{rows.count()} * v.from.cols;
    const BufferId zeros = c.constants.zeros(at, elements);
    const auto src =
        make_access(program::Space::state_buffer, 0, v.channels(), 0, c.value(v.out).dtype, {{1, elements}});
    const Operand dst = rows_of_copy(c, at, v, r, rows);
    c.builder.push(at, c.builder.next_ring(Ring::others), program::DmaCopy{src, dst.ap}, {zeros, dst.buffer});
}

void emit_rows(EmitContext& c, const Where& at, const Replication& v, RowRange rows) {
    const bool by_dma = c.input.options.overlap_stripes;
    if (!by_dma) zero_borders(c, at, v, rows);
    const int channels = v.channels(), cols = v.from.cols;
    for (int r = 0; r < v.op.replicas; ++r) {
        const int shift = r * v.op.dilation - v.op.pad;
        const RowRange inside = v.inside(r, rows);
        if (by_dma) {
            copy_zeros(c, at, v, r, {rows.lo, inside.lo});
            copy_zeros(c, at, v, r, {inside.hi, rows.hi});
        }
        if (inside.lo >= inside.hi) continue;
        c.storage.for_each_source_piece(v.in, inside, v.op.stride, shift, [&](const RowRange& piece) {
            const Operand src = c.storage.access(
                v.in, 0, channels, at.image, {piece.lo * v.op.stride + shift, piece.count(), v.op.stride, 0, cols, 1});
            const Operand dst = rows_of_copy(c, at, v, r, piece);
            c.builder.push(at, c.builder.next_ring(Ring::others), program::DmaCopy{src.ap, dst.ap},
                           {src.buffer, dst.buffer});
        });
    }
}

}  // namespace

void emit_replicate(EmitContext& c, const Where& at, const ReplicateOp& op, RowRange rows) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const Replication v{op, l.inputs[0].value, l.output.value, c.phys(l.inputs[0])};
    for (const RowRange& piece : c.storage.cut_rows({v.out}, rows.lo, rows.count())) emit_rows(c, at, v, piece);
}

}  // namespace infsim::compiler
