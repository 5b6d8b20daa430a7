// Elementwise operators, by ACT and POOL.
#include <algorithm>
#include <vector>

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

namespace {

/// A stretch of rows of a chunk of slots, covered by one instruction.
struct Stretch {
    LaneChunk chunk;
    Rect rect;
};

/// Rows of the output, cut where a band of it or of an input begins.
std::vector<Stretch> stretches(const EmitContext& c, const Layer& l, const std::vector<LaneChunk>& chunks,
                               RowRange rows) {
    const Physical& phys = c.phys(l.output);
    const ValueId first = l.inputs[0].value, last = l.inputs.back().value;
    std::vector<Stretch> list;
    for (const RowRange& piece : c.storage.cut_rows({first, last, l.output.value}, rows.lo, rows.count()))
        for (const LaneChunk& chunk : chunks) list.push_back({chunk, {piece.lo, piece.count(), 1, 0, phys.cols, 1}});
    return list;
}

std::vector<Stretch> unary_stretches(const EmitContext& c, const Layer& l, RowRange rows) {
    return stretches(c, l, c.storage.chunks({l.inputs[0], l.output}), rows);
}

/// Chunks whose lanes have their scalars in the same partitions.
std::vector<Stretch> scalar_stretches(const EmitContext& c, const Layer& l, RowRange rows) {
    if (l.inputs.size() == 1) return unary_stretches(c, l, rows);
    return stretches(c, l, c.storage.chunks({l.inputs[0], l.inputs[1], l.inputs.back(), l.output}), rows);
}

program::ScalarOperand of_partitions(const program::AccessPattern& ap) {
    return program::ScalarOperand::per_partition(ap.offset, ap.partition_start, ap.dtype);
}

Operand operand(const EmitContext& c, const Part& part, const Stretch& s, ImageId image) {
    return access(c, part, s.chunk.slot, s.chunk.lanes, image, s.rect);
}

}  // namespace

void emit_unary(EmitContext& c, const Where& at, const UnaryOp& op, RowRange rows) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    for (const Stretch& s : unary_stretches(c, l, rows)) {
        const Operand src = operand(c, l.inputs[0], s, at.image), dst = operand(c, l.output, s, at.image);
        program::Activate a;
        a.src = src.ap;
        a.dst = dst.ap;
        a.scale = op.scale;
        a.function = op.function;
        if (op.bias != 0) a.bias = program::ScalarOperand::immediate(op.bias);
        c.builder.push(at, c.builder.act(), a, {src.buffer, dst.buffer});
    }
}

void emit_scalar(EmitContext& c, const Where& at, const ScalarOp& op, RowRange rows) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const ChannelConstants constants = c.constants.channels(at);
    for (const Stretch& s : scalar_stretches(c, l, rows)) {
        const Operand src = operand(c, l.inputs[0], s, at.image), dst = operand(c, l.output, s, at.image);
        int next = 0;
        const auto in_value = [&](const ChannelScalar& of) {
            const Part& part = l.inputs[static_cast<std::size_t>(of.input)];
            return access(c, part, s.chunk.slot, s.chunk.lanes, at.image, {});
        };
        const auto scalar = [&](const ChannelScalar& of) {
            if (of.op == program::AluOp::none) return program::ScalarOperand{};
            if (of.input > 0) return of_partitions(in_value(of).ap);
            if (of.per_channel == graph::kNoTensor) return program::ScalarOperand::immediate(of.immediate);
            return channel_scalar(c, l.output, constants, s.chunk.slot, next++);
        };
        const auto buffer = [&](const ChannelScalar& of) {
            if (of.input > 0) return in_value(of).buffer;
            return of.per_channel == graph::kNoTensor ? kNoBuffer : constants.buffer;
        };
        program::TensorScalar t;
        t.src = src.ap;
        t.dst = dst.ap;
        t.op0 = op.first.op;
        t.op1 = op.second.op;
        t.scalar0 = scalar(op.first);
        t.scalar1 = scalar(op.second);
        c.builder.push(at, c.builder.pool(), t, {src.buffer, dst.buffer}, buffer(op.first), buffer(op.second));
    }
}

namespace {

/// The part of a second operand with one element per `inner` elements of the plane that belongs to a stretch of rows.
Operand repeated(const EmitContext& c, const Layer& l, std::int64_t inner, const Stretch& s, ImageId image) {
    const std::int64_t elements = std::int64_t{s.rect.rows} * s.rect.cols, each = std::min(inner, elements);
    const int first = static_cast<int>(std::int64_t{s.rect.row} * s.rect.cols / inner);
    const int count = static_cast<int>(elements / each);
    Operand b = access(c, l.inputs[1], s.chunk.slot, s.chunk.lanes, image, {0, 1, 1, first, count, 1});
    b.ap = make_access(program::Space::state_buffer, b.ap.partition_start, s.chunk.lanes, b.ap.offset, b.ap.dtype,
                       {{1, count}, {0, each}});
    return b;
}

/// The second operand of a stretch. A spread value lies on all lanes of a slot, so any of its slots serves any
/// single-slot chunk.
Operand second_operand(const EmitContext& c, const Layer& l, const BinaryOp& op, const Stretch& s, ImageId image) {
    const Part& part = l.inputs[1];
    const Physical& second = c.phys(part);
    // Spread and repeated operands do not lie in bands.
    const bool whole = s.rect.rows == c.phys(l.output).rows;
    if (op.inner > 1 && (!whole || op.inner > program::kMostCounted)) return repeated(c, l, op.inner, s, image);
    const Rect rect = whole ? Rect{0, second.rows, 1, 0, second.cols, 1} : s.rect;
    Operand b = access(c, part, op.spread ? 0 : s.chunk.slot, s.chunk.lanes, image, rect);
    if (op.inner > 1) {
        b.ap.step = {0, 0, 1, 0};
        b.ap.count = {1, 1, step_or_count(second.plane()), step_or_count(op.inner)};
    }
    return b;
}

}  // namespace

void emit_binary(EmitContext& c, const Where& at, const BinaryOp& op, RowRange rows) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const auto chunks =
        op.spread ? c.storage.chunks({l.inputs[0], l.output}) : c.storage.chunks({l.inputs[0], l.inputs[1], l.output});
    for (const Stretch& s : stretches(c, l, chunks, rows)) {
        const Operand a = operand(c, l.inputs[0], s, at.image);
        const Operand b = second_operand(c, l, op, s, at.image);
        const Operand dst = operand(c, l.output, s, at.image);
        program::TensorTensor t;
        t.a = a.ap;
        t.b = b.ap;
        t.dst = dst.ap;
        t.op = op.op;
        t.relu = op.relu;
        c.builder.push(at, c.builder.pool(), t, {a.buffer, b.buffer, dst.buffer});
    }
}

void emit_copy(EmitContext& c, const Where& at, RowRange rows) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    for (const Stretch& s : unary_stretches(c, l, rows))
        push_copy(c, at, operand(c, l.inputs[0], s, at.image), operand(c, l.output, s, at.image));
}

namespace {

/// Reduces `count` groups of `each` consecutive elements from a stretch of rows. Returns the instruction without its
/// destination.
program::Reduce reduction(const ReduceOp& op, Operand& src, std::int64_t count, std::int64_t each) {
    program::Reduce reduce;
    reduce.scale = op.scale;
    reduce.op = op.op;
    std::int64_t long_rows = 1;  // if a reduction covers more than one count holds
    while (each / long_rows > program::kMostCounted || each % long_rows != 0) ++long_rows;
    const std::int64_t row = each / long_rows;
    src.ap.step = {0, step_or_count(std::min(each, program::kMostCounted)), step_or_count(row), 1};
    src.ap.count = {1, step_or_count(count), step_or_count(long_rows), step_or_count(row)};
    if (long_rows > 1 && count > 1) step_or_count(each);  // the step from one to the next
    reduce.reduced_dims = 2;
    reduce.src = src.ap;
    return reduce;
}

/// Reduction over a plane in bands. If each result covers some rows, band by band; if it covers all of them, the
/// results of the bands are reduced once more.
void reduce_bands(EmitContext& c, const Where& at, const ReduceOp& op, const LaneChunk& chunk) {
    const Layer& l = c.layer(at.layer);
    const Physical& from = c.phys(l.inputs[0]);
    const std::vector<RowRange> bands = c.storage.cut_rows({l.inputs[0].value}, 0, from.rows);
    const bool all = op.inner == from.plane() && bands.size() > 1;
    Operand dst = access(c, l.output, chunk.slot, chunk.lanes, at.image, {});
    Operand partial = dst;
    if (all)
        partial = scratch(c, at, "reduce bands", dst.ap.partition_start, chunk.lanes,
                          static_cast<std::int64_t>(bands.size()), DType::fp32);
    std::int64_t next = 0;
    for (const RowRange& rows : bands) {
        const std::int64_t elements = std::int64_t{rows.count()} * from.cols,
                           each = std::min<std::int64_t>(op.inner, elements);
        Operand src =
            access(c, l.inputs[0], chunk.slot, chunk.lanes, at.image, {rows.lo, rows.count(), 1, 0, from.cols, 1});
        program::Reduce reduce = reduction(op, src, elements / each, each);
        const auto result = [&](const Operand& to) {
            return make_access(program::Space::state_buffer, to.ap.partition_start, chunk.lanes,
                               to.ap.offset + next * dtype_bytes(to.ap.dtype), to.ap.dtype, {{1, elements / each}});
        };
        if (all) reduce.scale = 1.0F;
        reduce.dst = result(partial);
        c.builder.push(at, c.builder.pool(), reduce, {src.buffer, partial.buffer});
        next += elements / each;
    }
    if (!all) return;
    partial.ap = make_access(program::Space::state_buffer, partial.ap.partition_start, chunk.lanes, partial.ap.offset,
                             DType::fp32, {{1, next}});
    c.builder.push(at, c.builder.pool(), program::Reduce{partial.ap, dst.ap, op.scale, op.op, 1},
                   {partial.buffer, dst.buffer});
}

}  // namespace

void emit_reduce(EmitContext& c, const Where& at, const ReduceOp& op) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const Physical &from = c.phys(l.inputs[0]), &to = c.phys(l.output);
    for (const LaneChunk& chunk : c.storage.chunks({l.inputs[0], l.output})) {
        if (c.storage.in_bands(l.inputs[0].value) || op.inner > program::kMostCounted) {
            reduce_bands(c, at, op, chunk);
            continue;
        }
        Operand src = access(c, l.inputs[0], chunk.slot, chunk.lanes, at.image, {0, from.rows, 1, 0, from.cols, 1});
        const Operand dst = access(c, l.output, chunk.slot, chunk.lanes, at.image, {0, to.rows, 1, 0, to.cols, 1});
        src.ap.step = {0, 0, step_or_count(op.inner), 1};
        src.ap.count = {1, 1, step_or_count(to.plane()), step_or_count(op.inner)};
        c.builder.push(at, c.builder.pool(), program::Reduce{src.ap, dst.ap, op.scale, op.op, 1},
                       {src.buffer, dst.buffer});
    }
}

}  // namespace infsim::compiler
