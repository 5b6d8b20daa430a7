// The stem and fused sections: layers that stream in stripes of rows, each stripe keeping or computing anew the rows
// that it shares with the one before.
#include <algorithm>

#include "compiler/emit/emitter.hpp"

namespace infsim::compiler {

namespace {

struct Window {
    int stride = 1, dilation = 1, kernel = 1, pad = 0;
};

Window row_window(const Layer& layer) {
    if (const auto* conv = std::get_if<ConvOp>(&layer.op))
        return {conv->stride_rows, conv->dilation_rows, conv->kernel_rows, conv->pad_top};
    if (const auto* copy = std::get_if<ReplicateOp>(&layer.op))
        return {copy->stride, copy->dilation, copy->replicas, copy->pad};
    const auto& pool = std::get<PoolOp>(layer.op);
    return {pool.stride_rows, pool.dilation_rows, pool.kernel_rows, pool.pad_top};
}

}  // namespace

/// Rows [lo, hi) of every value of the chain that starts at `first_layer` that the last layer's rows [row, row + count)
/// need.
std::vector<RowRange> Emitter::stem_ranges(const std::vector<ValueId>& chain, int first_layer, int row,
                                           int count) const {
    std::vector<RowRange> need(chain.size());
    need.back() = {row, row + count};
    for (std::size_t l = chain.size() - 1; l-- > 0;) {
        const Window w = row_window(net_.layers[static_cast<std::size_t>(first_layer) + l]);
        const int extent = value(chain[l]).phys.rows;
        need[l].lo = std::clamp(need[l + 1].lo * w.stride - w.pad, 0, extent - 1);
        need[l].hi = std::clamp((need[l + 1].hi - 1) * w.stride - w.pad + (w.kernel - 1) * w.dilation + 1,
                                need[l].lo + 1, extent);
    }
    return need;
}

/// True when the stem's input is converted for the whole batch before anything else runs.
bool Emitter::converts_whole_input() const {
    const Value& input = value(net_.layers[0].inputs[0].value);
    return !options_.stream_converted_input && dram_dtype(input.input) != input.dtype;
}

void Emitter::emit_stem_of(int first_image, int images) {
    if (net_.stem_layers == 0) return;
    int from = 0;
    if (converts_whole_input()) {
        // The copies of a replicated input are what is converted, stripe by stripe; they are held, the input is not.
        from = std::holds_alternative<ReplicateOp>(net_.layers[0].op) ? 1 : 0;
        for (int i = first_image; i < first_image + images; ++i) {
            layer_ = 0;
            if (from == 1) emit_stem(i, {0, 1, 1, plan_.stem_stripe_rows});
            else emit_input(net_.layers[0].inputs[0].value, i);
        }
    }
    for (int i = first_image; i < first_image + images && from < net_.stem_layers; ++i)
        emit_stem(i, {from, net_.stem_layers, 1, plan_.stem_stripe_rows});
}

/// Layers of a section, of one image, in stripes. What the first of them reads is there already or, if it is a
/// graph input without a place, streams as well.
void Emitter::emit_stem(int image, const Section& stripes) {
    const int first_layer = stripes.first, end_layer = stripes.last;
    std::vector<ValueId> chain = {
        net_.layers[static_cast<std::size_t>(first_layer)].inputs[0].value};  // chain[k] is what the k-th layer reads
    for (int l = first_layer; l < end_layer; ++l)
        chain.push_back(net_.layers[static_cast<std::size_t>(l)].output.value);
    const bool streams =
        places_[static_cast<std::size_t>(chain[0])][static_cast<std::size_t>(image)].buffer == kNoBuffer;
    const int rows = value(chain.back()).phys.rows, stripe = stripes.stripe_rows;
    // All windows of a value have one size, so that each fits where an earlier one lay.
    std::vector<int> most(chain.size(), 0);
    for (int row = 0; row < rows; row += stripe) {
        const auto need = stem_ranges(chain, first_layer, row, std::min(stripe, rows - row));
        for (std::size_t k = 0; k < chain.size(); ++k) most[k] = std::max(most[k], need[k].hi - need[k].lo);
    }
    std::vector<int> done(chain.size(), 0);  // rows of each value that exist so far
    for (int row = 0; row < rows; row += stripe) {
        const auto need = stem_ranges(chain, first_layer, row, std::min(stripe, rows - row));
        for (std::size_t k = streams ? 0 : 1; k < chain.size(); ++k) {
            const int layer = first_layer + static_cast<int>(k) - 1;
            layer_ = std::max(layer, first_layer);
            image_ = image;
            // A layer whose stride exceeds its kernel skips rows for good.
            const bool again = stripes.recompute_halo && k > 0 && k + 1 < chain.size();
            const int kept = again ? need[k].lo : done[k];
            const int hi = std::max(need[k].hi, need[k].lo), first = std::max(need[k].lo, kept);
            if (k + 1 < chain.size()) open_window(chain[k], image, need[k], kept, most[k]);
            if (hi > first) emit_stem_rows(layer, chain[k], image, first, hi);
            done[k] = std::max(done[k], hi);
        }
    }
    for (std::size_t k = streams ? 0 : 1; k + 1 < chain.size(); ++k)
        places_[static_cast<std::size_t>(chain[k])][static_cast<std::size_t>(image)] = Place{};
    store_outputs(end_layer - 1, image);
}

/// Makes rows [first, last) of `v`, which `layer` writes; before the first layer it is the input.
void Emitter::emit_stem_rows(int layer, ValueId v, int image, int first, int last) {
    if (layer < 0) {
        const Place& p = place(v, image);
        return load_input(v, image, first, last, p.buffer, p.row0, p.rows);
    }
    const LayerOp& op = net_.layers[static_cast<std::size_t>(layer)].op;
    if (std::holds_alternative<ConvOp>(op)) emit_conv(layer, image, 1, first, last - first);
    else if (std::holds_alternative<ReplicateOp>(op)) emit_replicate(layer, image, first, last - first);
    else emit_pool(layer, image, first, last - first);
}

void Emitter::emit_replicate(int layer, int image, int first_row, int rows) {
    layer_ = layer;
    image_ = image;
    const ValueId out = net_.layers[static_cast<std::size_t>(layer)].output.value;
    ensure_storage(out, image);
    for (const RowRange& piece : cut_rows({out}, first_row, rows))
        emit_replicate_rows(layer, image, piece.lo, piece.hi - piece.lo);
}

void Emitter::emit_replicate_rows(int layer, int image, int first_row, int rows) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<ReplicateOp>(l.op);
    const ValueId in = l.inputs[0].value, out = l.output.value;
    const Physical& from = value(in).phys;
    const int channels = from.channels(), all = channels * op.replicas, last = first_row + rows;
    // Rows for which some copy reaches into the padding start as zeros.
    const int inner_lo = (op.pad + op.stride - 1) / op.stride;
    const int last_start =
        from.rows - 1 + op.pad - (op.replicas - 1) * op.dilation;  // negative: every row has such a copy
    const int inner_hi = last_start < 0 ? 0 : last_start / op.stride + 1;
    const auto zero = [&](int lo, int hi) {
        lo = std::max(lo, first_row);
        hi = std::min(hi, last);
        if (lo >= hi) return;
        const Operand rows_of = access(out, 0, all, image, {lo, hi - lo, 1, 0, from.cols, 1});
        push(pool(), program::Memset{rows_of.ap, 0.0F}, {rows_of.buffer});
    };
    zero(first_row, std::min(last, inner_lo));
    zero(std::max({first_row, inner_hi, std::min(last, inner_lo)}), last);
    for (int r = 0; r < op.replicas; ++r) {
        const int shift = r * op.dilation - op.pad;
        const int lo = std::max(first_row, shift >= 0 ? 0 : (-shift + op.stride - 1) / op.stride);
        const int hi = std::min(last, shift >= from.rows ? 0 : (from.rows - 1 - shift) / op.stride + 1);
        if (lo >= hi) continue;
        for_each_source_piece(in, {lo, hi}, op.stride, shift, [&](const RowRange& piece) {
            const int count = piece.hi - piece.lo;
            const Operand src =
                access(in, 0, channels, image, {piece.lo * op.stride + shift, count, op.stride, 0, from.cols, 1});
            Operand dst = access(out, 0, channels, image, {piece.lo, count, 1, 0, from.cols, 1});
            dst.ap.partition_start = static_cast<std::uint8_t>(dst.ap.partition_start + r * channels);
            push(ring(next_engine_++, 3), program::DmaCopy{src.ap, dst.ap}, {src.buffer, dst.buffer});
        });
    }
}

void Emitter::open_window(ValueId v, int image, RowRange rows, int done, int most) {
    const Physical& phys = value(v).phys;
    Place& p = places_[static_cast<std::size_t>(v)][static_cast<std::size_t>(image)];
    const Place before = p;
    Half half = Half::both;
    if (phys.slots() == 1) half = half_of(v, 0, image) == 1 ? Half::upper : Half::lower;
    const auto purpose =
        input_index_[static_cast<std::size_t>(v)] >= 0 ? program::Purpose::input : program::Purpose::spill;
    const BufferId b = new_buffer(
        value(v).name, std::int64_t{phys.groups()} * most * phys.cols * dtype_bytes(value(v).dtype), half, purpose);
    code_.buffers[b].rotates = true;
    const Place now{b, rows.lo, rows.hi - rows.lo, 0, 1};
    if (before.buffer != kNoBuffer && done > rows.lo) {
        const Part part{v, 0, phys.slots()};
        for (const LaneChunk& c : chunks({part})) {
            const Rect halo{rows.lo, done - rows.lo, 1, 0, phys.cols, 1};
            p = before;
            const Operand src = access(v, c.slot, c.lanes, image, halo);
            p = now;
            const Operand dst = access(v, c.slot, c.lanes, image, halo);
            // POOL works in order behind the stripe before; an input's rows can move while it does.
            if (purpose == program::Purpose::input)
                push(ring(next_engine_++, 3), program::DmaCopy{src.ap, dst.ap}, {src.buffer, dst.buffer});
            else
                push(pool(), program::TensorScalar{src.ap, dst.ap, {}, {}, program::AluOp::none, program::AluOp::none},
                     {src.buffer, dst.buffer});
        }
    }
    p = now;
}

}  // namespace infsim::compiler
