// Normalisation over channels, which lie on partitions: sums go through the PE array.
#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

using program::AluOp;
using program::Space;

namespace {

/// Elements per partition of one instruction of a normalisation.
constexpr std::int64_t kNormElements = 1024;

/// Sums `source(chunk)` over the lanes of all chunks into one PSUM bank: every one of its lanes holds the sum.
template <class Source>
Operand sum_over_lanes(EmitContext& c, const Where& at, const std::vector<LaneChunk>& list, std::int64_t elements,
                       Source&& source) {
    const BufferId one = c.constants.ones(at);
    const int columns = c.slots().width;
    const Operand sum = psum(c, c.builder.take_bank(), columns, 0, {{1, elements}});
    std::optional<std::pair<int, int>> loaded;  // the partitions whose ones are in the array
    for (const LaneChunk& chunk : contracted(c, list)) {
        const Operand moving = from_lane(source(chunk), chunk.first_lane);
        const std::pair<int, int> lanes{moving.ap.partition_start, chunk.lanes};
        if (loaded != lanes) {
            program::LoadStationary load;
            load.src = make_access(Space::state_buffer, lanes.first, lanes.second, 0, c.input.dtype, {{1, columns}});
            c.builder.push(at, c.builder.pe(), load, {one});
        }
        c.builder.push(at, c.builder.pe(), program::Matmul{moving.ap, sum.ap, loaded.has_value()},
                       {moving.buffer, kNoBuffer});
        loaded = lanes;
    }
    return sum;
}

/// function(sum * scale + bias).
struct Finish {
    const char* name;
    float scale, bias;
    program::ActFunction function;
};

/// Evacuates a PSUM row block that all lanes share into all partitions.
Operand spread_sum(EmitContext& c, const Where& at, const Operand& sum, std::int64_t elements, const Finish& finish) {
    const int partitions = c.input.target.sb_partitions, step = sum.ap.partition_count;
    Operand all = scratch(c, at, finish.name, 0, partitions, elements, DType::fp32);
    for (int start = 0; start < partitions; start += step) {
        program::Activate a;
        a.src = sum.ap;
        a.src.partition_count = static_cast<std::uint16_t>(std::min(step, partitions - start));
        a.dst = make_access(Space::state_buffer, start, a.src.partition_count, 0, DType::fp32, {{1, elements}});
        a.scale = finish.scale;
        if (finish.bias != 0) a.bias = program::ScalarOperand::immediate(finish.bias);
        a.function = finish.function;
        c.builder.push(at, c.builder.act(), a, {kNoBuffer, all.buffer});
    }
    return all;
}

/// The layer on a stretch of columns.
class NormTile {
public:
    NormTile(EmitContext& c, const Where& at, const LayerNormOp& op, const Rect& rect)
        : c_(c),
          at_(at),
          l_(c.layer(at.layer)),
          rect_(rect),
          n_(rect.cols),
          epsilon_(op.epsilon),
          list_(c.storage.chunks({l_.inputs[0], l_.output})),
          runs_(chunk_runs(list_, c.slots().ways, n_, kNormElements)) {}

    void emit() {
        const ChannelConstants constants = c_.constants.channels(at_);
        const float share = 1.0F / static_cast<float>(channels());
        const Operand mean =
            spread_sum(c_, at_, sum_over_lanes(c_, at_, list_, n_, [&](const LaneChunk& k) { return source(k); }), n_,
                       {"mean", share, 0, program::ActFunction::identity});
        const std::int64_t bytes = static_cast<std::int64_t>(list_.size()) * n_ * dtype_bytes(c_.input.dtype);
        const auto fresh = [&](const char* name) {
            return c_.builder.new_buffer(at_.layer, name, bytes, Half::both, program::Purpose::spill);
        };
        const BufferId centred = fresh("centred"), squares = fresh("squares");
        for (const ChunkRun& run : runs_) centre(run, mean, centred, squares);
        const Operand sum =
            sum_over_lanes(c_, at_, list_, n_, [&](const LaneChunk& k) { return beside(squares, k, 1); });
        const Operand norm =
            spread_sum(c_, at_, sum, n_, {"inverse deviation", share, epsilon_, program::ActFunction::rsqrt});
        for (const ChunkRun& run : runs_) {
            const Operand d = beside(centred, run.chunk, run.count);
            push_alu(d, repeated(norm, run), d, AluOp::multiply);
        }
        for (const LaneChunk& chunk : list_) scale(chunk, centred, constants);
    }

private:
    EmitContext& c_;
    const Where& at_;
    const Layer& l_;
    Rect rect_;
    std::int64_t n_;
    float epsilon_;
    std::vector<LaneChunk> list_;
    std::vector<ChunkRun> runs_;

    int channels() const {
        const Part& in = l_.inputs[0];
        const auto first = c_.phys(in).lanes.begin() + in.first_slot;
        return std::accumulate(first, first + in.slots, 0);
    }
    Operand source(const LaneChunk& k) const { return access(c_, l_.inputs[0], k.slot, k.lanes, at_.image, rect_); }

    /// The chunks of a run from `k` on, in a buffer where chunks lie side by side.
    Operand beside(BufferId b, const LaneChunk& k, int count) const {
        const auto index =
            std::find_if(list_.begin(), list_.end(), [&](const LaneChunk& o) { return o.slot == k.slot; }) -
            list_.begin();
        return {make_access(Space::state_buffer, source(k).ap.partition_start, k.lanes,
                            index * n_ * dtype_bytes(c_.input.dtype), c_.input.dtype, {{1, std::int64_t{count} * n_}}),
                b};
    }
    /// The same row for every chunk of a run.
    Operand repeated(const Operand& row, const ChunkRun& run) const {
        Operand o{make_access(Space::state_buffer, source(run.chunk).ap.partition_start, run.chunk.lanes, 0,
                              DType::fp32, {{1, n_}}),
                  row.buffer};
        o.ap.count = {1, 1, step_or_count(run.count), step_or_count(n_)};
        o.ap.step = {0, 0, 0, 1};
        return o;
    }

    void push_alu(const Operand& a, const Operand& b, const Operand& dst, AluOp op) {
        program::TensorTensor t;
        t.a = a.ap;
        t.b = b.ap;
        t.dst = dst.ap;
        t.op = op;
        c_.builder.push(at_, c_.builder.pool(), t, {a.buffer, b.buffer, dst.buffer});
    }

    void centre(const ChunkRun& run, const Operand& mean, BufferId centred, BufferId squares) {
        const Part& in = l_.inputs[0];
        const Operand src = c_.storage.access_groups(in.value, in.first_slot + run.chunk.slot, run.chunk.lanes,
                                                     at_.image, rect_, run.count, 1);
        const Operand d = beside(centred, run.chunk, run.count);
        push_alu(src, repeated(mean, run), d, AluOp::subtract);
        push_activate(c_, at_, d, beside(squares, run.chunk, run.count), program::ActFunction::square);
    }

    /// Multiplies by gamma and adds beta.
    void scale(const LaneChunk& k, BufferId centred, const ChannelConstants& constants) {
        const Operand d = beside(centred, k, 1), dst = access(c_, l_.output, k.slot, k.lanes, at_.image, rect_);
        program::TensorScalar affine;
        affine.src = d.ap;
        affine.dst = dst.ap;
        affine.op0 = AluOp::multiply;
        affine.scalar0 = channel_scalar(c_, l_.output, constants, k.slot, 0);
        if (constants.count > 1) {
            affine.op1 = AluOp::add;
            affine.scalar1 = channel_scalar(c_, l_.output, constants, k.slot, 1);
        }
        c_.builder.push(at_, c_.builder.pool(), affine, {d.buffer, dst.buffer}, constants.buffer,
                        constants.count > 1 ? constants.buffer : kNoBuffer);
    }
};

}  // namespace

void emit_layer_norm(EmitContext& c, const Where& at, const LayerNormOp& op) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const int cols = c.phys(l.inputs[0]).cols, tile = most_moving(c);
    for (int col = 0; col < cols; col += tile)
        NormTile(c, at, op, {0, 1, 1, col, std::min(tile, cols - col), 1}).emit();
}

}  // namespace infsim::compiler
