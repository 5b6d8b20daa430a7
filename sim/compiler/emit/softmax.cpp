// Softmax and its logarithm over the columns of every lane.
#include <vector>

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

using program::AluOp;
using program::Space;

namespace {

/// Elements per partition that concurrent softmaxes may keep as scratch: 8 KiB of fp32.
constexpr int kScratchElements = 2048;

/// A run of chunks with its intermediates: one fp32 element per chunk and lane, except for `exps`.
struct Work {
    ChunkRun run;
    Operand src, minus_max, exps, sum, norm;
};

class Softmax {
public:
    Softmax(EmitContext& c, const Where& at, bool log)
        : c_(c), at_(at), l_(c.layer(at.layer)), log_(log), cols_(c.phys(l_.output).cols) {}

    /// Step by step for all runs, so that the queues work on different runs at the same time.
    void emit(const std::vector<ChunkRun>& runs) {
        for (const ChunkRun& run : runs) begin(run);
        for (const Work& w : work_)
            for (int i = 0; i < w.run.count; ++i) exponentiate(w, i);
        for (const Work& w : work_)
            c_.builder.push(at_, c_.builder.pool(),
                            program::Reduce{rows(w.exps, w.run.count).ap, w.sum.ap, 1.0F, AluOp::add, 1},
                            {w.exps.buffer, w.sum.buffer});
        for (const Work& w : work_)
            push_activate(c_, at_, w.sum, w.norm, log_ ? program::ActFunction::log : program::ActFunction::reciprocal);
        for (const Work& w : work_)
            for (int i = 0; i < w.run.count; ++i) normalise(w, i);
    }

private:
    EmitContext& c_;
    const Where& at_;
    const Layer& l_;
    bool log_;
    int cols_;
    std::vector<Work> work_;

    /// The columns of each chunk of a run, which must not be merged.
    Operand rows(Operand o, int count) const {
        o.ap.count = {1, 1, step_or_count(count), step_or_count(cols_)};
        o.ap.step = {0, 0, step_or_count(cols_), 1};
        return o;
    }
    Operand part(const Part& p, const LaneChunk& chunk, int i) const {
        return access(c_, p, chunk.slot + c_.slots().ways * i, chunk.lanes, at_.image, {0, 1, 1, 0, cols_, 1});
    }
    static program::ScalarOperand lane_scalar(const Operand& o, int i) {
        return program::ScalarOperand::per_partition(static_cast<std::uint32_t>(i * 4), o.ap.partition_start,
                                                     DType::fp32);
    }
    Operand exps_of(const Work& w, int i) const {
        return {make_access(Space::state_buffer, w.exps.ap.partition_start, w.exps.ap.partition_count,
                            std::int64_t{i} * cols_ * 4, DType::fp32, {{1, cols_}}),
                w.exps.buffer};
    }

    void begin(const ChunkRun& run) {
        const auto& [chunk, count] = run;
        Operand src = rows(part(l_.inputs[0], chunk, 0), count);
        const Place& p = c_.storage.place(l_.inputs[0].value, at_.image);
        src.ap.step[2] = step_or_count(std::int64_t{p.images} * cols_);  // from one group to the next
        const auto fresh = [&, lanes = chunk.lanes](const char* name, std::int64_t elements) {
            return scratch(c_, at_, name, src.ap.partition_start, lanes, elements, DType::fp32);
        };
        Work w{run, src, {}, {}, {}, {}};
        w.minus_max = fresh("softmax max", count);
        w.exps = fresh("softmax exp", std::int64_t{count} * cols_);
        w.sum = fresh("softmax sum", count);
        w.norm = fresh("softmax norm", count);
        c_.builder.push(at_, c_.builder.pool(), program::Reduce{src.ap, w.minus_max.ap, -1.0F, AluOp::max, 1},
                        {src.buffer, w.minus_max.buffer});
        work_.push_back(w);
    }

    void exponentiate(const Work& w, int i) {
        const Operand src = part(l_.inputs[0], w.run.chunk, i);
        program::Activate exp;
        exp.src = src.ap;
        exp.dst = exps_of(w, i).ap;
        exp.bias = lane_scalar(w.minus_max, i);
        exp.function = program::ActFunction::exp;
        c_.builder.push(at_, c_.builder.act(), exp, {src.buffer, w.exps.buffer}, w.minus_max.buffer);
    }

    /// exps * norm, or (src - max) - log(sum).
    void normalise(const Work& w, int i) {
        const Operand src = log_ ? part(l_.inputs[0], w.run.chunk, i) : exps_of(w, i);
        const Operand dst = part(l_.output, w.run.chunk, i);
        program::TensorScalar scale;
        scale.src = src.ap;
        scale.dst = dst.ap;
        scale.op0 = log_ ? AluOp::add : AluOp::multiply;
        scale.scalar0 = lane_scalar(log_ ? w.minus_max : w.norm, i);
        if (log_) {
            scale.op1 = AluOp::subtract;
            scale.scalar1 = lane_scalar(w.norm, i);
        }
        c_.builder.push(at_, c_.builder.pool(), scale, {src.buffer, dst.buffer},
                        log_ ? w.minus_max.buffer : w.norm.buffer, log_ ? w.norm.buffer : kNoBuffer);
    }
};

}  // namespace

void emit_softmax(EmitContext& c, const Where& at, const SoftmaxOp& op) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const int cols = c.phys(l.output).cols;
    const auto runs = chunk_runs(c.storage.chunks({l.inputs[0], l.output}), c.slots().ways, cols, most_moving(c));
    for (std::size_t next = 0; next < runs.size();) {
        std::vector<ChunkRun> together;  // as many as fit the scratch space
        for (int elements = 0; next < runs.size(); ++next) {
            elements += runs[next].count * cols;
            if (!together.empty() && elements > kScratchElements) break;
            together.push_back(runs[next]);
        }
        Softmax(c, at, op.log).emit(together);
    }
}

}  // namespace infsim::compiler
