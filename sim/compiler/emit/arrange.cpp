// Moves elements within their partitions: copies with an access pattern at each end, by POOL and ACT in turn; weighted
// sums by ACT and POOL together.
#include <algorithm>

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

namespace {

using Piece = ArrangeOp::Piece;
using Walk = ArrangeOp::Walk;

/// The last element of a plane that a walk reaches.
std::int64_t last_of(std::int64_t first, const std::vector<Walk>& walks, std::int64_t Walk::*step) {
    for (const Walk& w : walks) first += (w.count - 1) * w.*step;
    return first;
}

/// One layer and image, lane chunk by lane chunk.
class Arrangement {
public:
    Arrangement(EmitContext& c, const Where& at, const ArrangeOp& op, RowRange rows)
        : c_(c), at_(at), layer_(c.layer(at.layer)), op_(op), rows_(rows) {}

    /// Everything for one band of the output is written together, so that the next band may take its place.
    void emit() {
        for (const Piece& piece : op_.pieces) cut(piece);
        const Physical& to = c_.phys(layer_.output);
        for (const RowRange& rows : c_.storage.cut_rows({layer_.output.value}, rows_.lo, rows_.count())) {
            if (op_.fill) fill(rows, *op_.fill);
            for (const Piece& piece : cut_) {
                if (piece.to / to.cols < rows.lo || piece.to / to.cols >= rows.hi) continue;
                for (const LaneChunk& chunk : c_.storage.chunks({source(piece), layer_.output})) push(piece, chunk);
            }
        }
    }

private:
    EmitContext& c_;
    const Where& at_;
    const Layer& layer_;
    const ArrangeOp& op_;
    RowRange rows_;           ///< of the output
    std::vector<Piece> cut_;  ///< each in one band of input and output, and in the wanted rows or outside
    int turn_ = 0;

    const Part& source(const Piece& piece) const { return layer_.inputs[static_cast<std::size_t>(piece.input)]; }

    std::int64_t band_of(const Part& part, std::int64_t element) const {
        if (!c_.storage.in_bands(part.value)) return 0;
        return element / (std::int64_t{c_.storage.facts(part.value).band_rows} * c_.phys(part).cols);
    }
    /// Whether elements [first, last] of a plane lie in one of its bands.
    bool together(const Part& part, std::int64_t first, std::int64_t last) const {
        return band_of(part, first) == band_of(part, last);
    }
    /// Whether an element of the output is before the wanted rows, among them, or behind them.
    int side_of(std::int64_t element) const {
        const std::int64_t row = element / c_.phys(layer_.output).cols;
        return row < rows_.lo ? 0 : row < rows_.hi ? 1 : 2;
    }
    bool together(const Piece& piece) const {
        const std::int64_t last = last_of(piece.to, piece.walks, &Walk::to);
        return together(source(piece), piece.from, last_of(piece.from, piece.walks, &Walk::from)) &&
               together(layer_.output, piece.to, last) && side_of(piece.to) == side_of(last);
    }

    void fill(const RowRange& rows, float number) {
        const Rect all{rows.lo, rows.count(), 1, 0, c_.phys(layer_.output).cols, 1};
        for (const LaneChunk& chunk : c_.storage.chunks({layer_.output})) {
            const Operand dst = access(c_, layer_.output, chunk.slot, chunk.lanes, at_.image, all);
            c_.builder.push(at_, c_.builder.pool(), program::Memset{dst.ap, number}, {dst.buffer});
        }
    }

    /// If a piece spans bands, it is cut into as many steps of its outermost walk as stay in one band.
    void cut(const Piece& piece) {
        if (together(piece)) return cut_.push_back(piece);
        Piece part = piece;
        const Walk outer = piece.walks.front();
        for (std::int64_t done = 0; done < outer.count; done += part.walks.front().count) {
            part.walks = piece.walks;
            part.walks.front().count = 1;
            while (done + part.walks.front().count < outer.count && more_fits(part)) ++part.walks.front().count;
            if (together(part)) cut_.push_back(part);
            else cut(inner_of(part));
            part.from += part.walks.front().count * outer.from;
            part.to += part.walks.front().count * outer.to;
        }
    }
    static Piece inner_of(Piece piece) {
        piece.walks.erase(piece.walks.begin());
        return piece;
    }
    bool more_fits(Piece part) const {
        ++part.walks.front().count;
        return together(part);
    }

    void push(const Piece& piece, const LaneChunk& chunk) {
        const Operand src = operand(source(piece), chunk, piece.from, piece.walks, &Walk::from);
        const Operand dst = operand(layer_.output, chunk, piece.to, piece.walks, &Walk::to);
        if (piece.add) return push_sum(piece, src, dst);
        if (piece.weight != 1) return push_activate(c_, at_, src, dst, program::ActFunction::identity, piece.weight);
        const bool exact = src.ap.dtype == DType::fp16 || src.ap.dtype == DType::fp32 || src.ap.dtype == DType::bf16;
        if (exact && turn_++ % 2 == 1) push_activate(c_, at_, src, dst);
        else push_copy(c_, at_, src, dst);
    }

    /// dst += src * weight
    void push_sum(const Piece& piece, const Operand& src, const Operand& dst) {
        program::TensorTensor sum;
        sum.a = src.ap;
        sum.b = dst.ap;
        sum.dst = dst.ap;
        sum.scalar = program::ScalarOperand::immediate(piece.weight);
        sum.scalar_op = program::AluOp::multiply;
        sum.op = program::AluOp::add;
        c_.builder.push(at_, c_.builder.pool(), sum, {src.buffer, dst.buffer, dst.buffer});
    }

    Operand operand(const Part& part, const LaneChunk& chunk, std::int64_t first, const std::vector<Walk>& walks,
                    std::int64_t Walk::*step) const {
        const int cols = c_.phys(part).cols;
        const Rect start{static_cast<int>(first / cols), 1, 1, static_cast<int>(first % cols), 1, 1};
        Operand o = access(c_, part, chunk.slot, chunk.lanes, at_.image, start);
        std::array<Step, program::kAccessDims> steps;
        for (std::size_t i = 0; i < walks.size(); ++i) steps.at(i) = {walks[i].*step, walks[i].count};
        o.ap = make_access(program::Space::state_buffer, o.ap.partition_start, chunk.lanes, o.ap.offset, o.ap.dtype,
                           {steps[0], steps[1], steps[2], steps[3]});
        return o;
    }
};

}  // namespace

void emit_arrange(EmitContext& c, const Where& at, const ArrangeOp& op, RowRange rows) {
    c.storage.ensure(c.layer(at.layer).output.value, at);
    Arrangement(c, at, op, rows).emit();
}

}  // namespace infsim::compiler
