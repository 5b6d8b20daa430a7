// Local response normalisation: sums over neighbouring channels are products with bands of ones.
#include <algorithm>
#include <vector>

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

namespace {

struct Lrn {
    const Layer& layer;
    const LrnOp& op;
    std::vector<LrnBand> bands;
    BufferId constants = kNoBuffer;  ///< the bands
};

/// The squares of every slot of the input in a rectangle.
std::vector<Operand> squares_of(EmitContext& c, const Where& at, const Part& in, const Rect& rect) {
    std::vector<Operand> squares;
    for (int s = 0; s < in.slots; ++s) {
        const Operand src = access(c, in, s, c.lanes(in, s), at.image, rect);
        squares.push_back(scratch(c, at, "squares", src.ap.partition_start, src.ap.partition_count,
                                  std::int64_t{rect.rows} * rect.cols, c.input.dtype));
        push_activate(c, at, src, squares.back(), program::ActFunction::square);
    }
    return squares;
}

/// The sum of the squares of each channel's window, for slot `out`.
Operand window_sum(EmitContext& c, const Where& at, const Lrn& v, int out, const std::vector<Operand>& squares,
                   std::int64_t elements) {
    const int lanes = c.lanes(v.layer.inputs[0], out);
    const Operand sum = psum(c, c.builder.take_bank(), lanes, 0, {{1, elements}});
    bool first = true;
    for (const LrnBand& b : v.bands) {
        if (b.out != out) continue;
        const Operand& sq = squares[static_cast<std::size_t>(b.from)];
        for (const LaneChunk& k : contracted(c, {{b.from, 1, sq.ap.partition_count}})) {
            Operand some = from_lane(sq, k.first_lane);
            some.ap.partition_count = static_cast<std::uint16_t>(k.lanes);
            program::LoadStationary load;
            load.src = make_access(program::Space::state_buffer, some.ap.partition_start, k.lanes, b.offset,
                                   c.input.dtype, {{1, lanes}});
            c.builder.push(at, c.builder.pe(), load, {v.constants});
            c.builder.push(at, c.builder.pe(), program::Matmul{some.ap, sum.ap, !first}, {some.buffer, kNoBuffer});
            first = false;
        }
    }
    return sum;
}

/// x * (bias + alpha / size * sum) ^ -beta: the power by logarithm and exponential.
void scale_slot(EmitContext& c, const Where& at, const Lrn& v, int slot, const Rect& rect, const Operand& sum) {
    const Part& in = v.layer.inputs[0];
    const int lanes = c.lanes(in, slot);
    const std::int64_t elements = std::int64_t{rect.rows} * rect.cols;
    const Operand src = access(c, in, slot, lanes, at.image, rect);
    const Operand log = scratch(c, at, "lrn log", src.ap.partition_start, lanes, elements, DType::fp32);
    const Operand power = scratch(c, at, "lrn power", src.ap.partition_start, lanes, elements, DType::fp32);
    program::Activate a;
    a.src = sum.ap;
    a.dst = log.ap;
    a.scale = v.op.alpha / static_cast<float>(v.op.size);
    a.bias = program::ScalarOperand::immediate(v.op.bias);
    a.function = program::ActFunction::log;
    c.builder.push(at, c.builder.act(), a, {kNoBuffer, log.buffer});
    push_activate(c, at, log, power, program::ActFunction::exp, -v.op.beta);
    const Operand dst = access(c, v.layer.output, slot, lanes, at.image, rect);
    program::TensorTensor t;
    t.a = src.ap;
    t.b = power.ap;
    t.dst = dst.ap;
    t.op = program::AluOp::multiply;
    c.builder.push(at, c.builder.pool(), t, {src.buffer, power.buffer, dst.buffer});
}

void emit_tile(EmitContext& c, const Where& at, const Lrn& v, const Rect& rect) {
    const Part& in = v.layer.inputs[0];
    const std::vector<Operand> squares = squares_of(c, at, in, rect);
    for (int out = 0; out < in.slots; ++out)
        scale_slot(c, at, v, out, rect, window_sum(c, at, v, out, squares, std::int64_t{rect.rows} * rect.cols));
}

}  // namespace

void emit_lrn(EmitContext& c, const Where& at, const LrnOp& op) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const Part& in = l.inputs[0];
    const Physical& phys = c.phys(in);
    const std::vector<int> lanes(phys.lanes.begin() + in.first_slot, phys.lanes.begin() + in.first_slot + in.slots);
    Lrn v{l, op, lrn_bands(lanes, op.size, c.input.target.pe_columns, dtype_bytes(c.input.dtype))};
    v.constants = c.constants.bands(at, v.bands);
    const int cols = std::min(phys.cols, most_moving(c)), rows = most_moving(c) / cols;
    for (const RowRange& band : c.storage.cut_rows({in.value, l.output.value}, 0, phys.rows))
        for (int row = band.lo; row < band.hi; row += rows)
            for (int col = 0; col < phys.cols; col += cols)
                emit_tile(c, at, v, {row, std::min(rows, band.hi - row), 1, col, std::min(cols, phys.cols - col), 1});
}

}  // namespace infsim::compiler
