#include "compiler/emit/stripes.hpp"

#include <algorithm>

#include "compiler/emit/order_of_work.hpp"
#include "compiler/emit/transfers.hpp"

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

/// A fresh window of `most` rows for `rows` of an image; rows before `done` are copied from the previous window.
void open_window(EmitContext& c, const Where& at, ValueId v, RowRange rows, int done, int most) {
    const Physical& phys = c.value(v).phys;
    const Place before = c.storage.whole(v, at.image);
    const bool input = c.dram.input_index(v) >= 0;
    const BufferId b = c.builder.new_buffer(
        at.layer, c.value(v).name, elements_per_partition(c.slots(), phys, most) * dtype_bytes(c.value(v).dtype),
        c.storage.partitions_of(v, at.image), input ? program::Purpose::input : program::Purpose::spill);
    c.builder.let_rotate(b);
    const Place now{b, rows.lo, rows.count(), 0, 1};
    if (before.buffer.exists() && done > rows.lo) {
        const Part part{v, 0, phys.slots()};
        const Rect halo{rows.lo, done - rows.lo, 1, 0, phys.cols, 1};
        for (const LaneChunk& k : c.storage.chunks({part})) {
            c.storage.set_whole(v, at.image, before);
            const Operand src = access(c, part, k.slot, k.lanes, at.image, halo);
            c.storage.set_whole(v, at.image, now);
            const Operand dst = access(c, part, k.slot, k.lanes, at.image, halo);
            // POOL still works on the previous stripe. An input's rows can move meanwhile, by DMA, and ACT gets to rows
            // of the chain before POOL has finished that stripe.
            if (input)
                c.builder.push(at, c.builder.next_ring(Ring::others), program::DmaCopy{src.ap, dst.ap},
                               {src.buffer, dst.buffer});
            else if (c.input.options.overlap_stripes) push_activate(c, at, src, dst);
            else push_copy(c, at, src, dst);
        }
    }
    c.storage.set_whole(v, at.image, now);
}

/// A chain of streaming layers, for one image.
class Stripes {
public:
    Stripes(EmitContext& c, ImageId image, const Section& section)
        : c_(c),
          image_(image),
          section_(section),
          first_(section.first),
          end_(section.last),
          chain_{c.layer(first_).inputs[0].value} {
        for (const LayerId l : IdRange<LayerId>(first_, end_)) chain_.push_back(c.layer(l).output.value);
        rows_ = c.value(chain_.back()).phys.rows;
        streams_ = !c.storage.whole(chain_[0], image).buffer.exists();
        measure();
    }

    void emit() {
        std::vector<int> done(chain_.size(), 0);
        for (int row = 0; row < rows_; row += section_.stripe_rows) {
            const auto need = needed(row, done);
            for (std::size_t k = begin(); k < chain_.size(); ++k) emit_value(k, need[k], done[k]);
        }
        for (std::size_t k = begin(); k + 1 < chain_.size(); ++k) c_.storage.set_whole(chain_[k], image_, Place{});
        const Where last{end_.next(-1), image_};
        naming_layer(c_.input, last.layer, [&] { store_outputs(c_, last); });
    }

private:
    EmitContext& c_;
    ImageId image_;
    const Section& section_;
    LayerId first_, end_;
    std::vector<ValueId> chain_;  ///< chain_[k] is the input of the k-th layer
    int rows_ = 0;                ///< of the last value
    bool streams_ = false;        ///< whether the first value streams
    std::vector<int> most_;       ///< by value: rows of its windows, of one size, so that each fits where another was

    std::size_t begin() const { return streams_ ? 0 : 1; }
    /// By value, the rows that the stripe from `row` on needs, given how many rows of each are `done`.
    std::vector<RowRange> needed(int row, const std::vector<int>& done) const {
        const RowRange last{row, std::min(row + section_.stripe_rows, rows_)};
        const bool only_for_new = c_.input.options.overlap_stripes && !section_.recompute_halo;
        return rows_needed(c_.input.network, first_, end_, last, only_for_new ? done : std::vector<int>{});
    }
    void measure() {
        most_.assign(chain_.size(), 0);
        std::vector<int> done(chain_.size(), 0);
        for (int row = 0; row < rows_; row += section_.stripe_rows) {
            const auto need = needed(row, done);
            for (std::size_t k = 0; k < chain_.size(); ++k) {
                most_[k] = std::max(most_[k], need[k].count());
                done[k] = std::max(done[k], need[k].hi);
            }
        }
    }

    /// Emits the rows of a value of the chain that the stripe needs and that are missing; `done` rows exist.
    void emit_value(std::size_t k, RowRange need, int& done) {
        const LayerId maker = first_.next(static_cast<int>(k) - 1);
        const Where at{k == 0 ? first_ : maker, image_};
        const bool inner = k + 1 < chain_.size();
        // If a layer's stride exceeds its kernel, it skips rows for good.
        const bool again = section_.recompute_halo && k > 0 && inner;
        const int kept = again ? need.lo : done;
        const RowRange fresh{std::max(need.lo, kept), std::max(need.hi, need.lo)};
        naming_layer(c_.input, at.layer, [&] {
            if (inner) open_window(c_, at, chain_[k], need, kept, most_[k]);
            if (fresh.hi <= fresh.lo) return;
            if (k == 0) load_input_rows(c_, at, chain_[0], fresh, c_.storage.place(chain_[0], image_));
            else emit_layer_rows(c_, at, fresh);
        });
        done = std::max(done, fresh.hi);
    }
};

/// Whether the stem's input is converted for the whole batch before anything else runs.
bool converts_whole_input(const EmitContext& c) {
    const Value& input = c.value(c.layer(LayerId(0)).inputs[0].value);
    return !c.input.options.stream_converted_input && c.dram.dtype(input.input) != input.dtype;
}

}  // namespace

std::vector<RowRange> rows_needed(const Network& network, LayerId first, LayerId end, RowRange last,
                                  const std::vector<int>& done) {
    std::vector<RowRange> need(IdRange<LayerId>(first, end).size() + 1);
    need.back() = last;
    for (std::size_t k = need.size() - 1; k-- > 0;) {
        const Layer& layer = network.layers[first.next(static_cast<int>(k))];
        const Window w = row_window(layer);
        const int extent = network.values[layer.inputs[0].value].phys.rows;
        const int there = done.empty() ? 0 : std::min(done[k + 1], need[k + 1].hi - 1);
        const RowRange made{std::max(need[k + 1].lo, there), need[k + 1].hi};
        need[k].lo = std::clamp(made.lo * w.stride - w.pad, 0, extent - 1);
        need[k].hi =
            std::clamp((made.hi - 1) * w.stride - w.pad + (w.kernel - 1) * w.dilation + 1, need[k].lo + 1, extent);
    }
    return need;
}

void emit_stem(EmitContext& c, ImageSpan images) {
    const int layers = c.input.network.stem_layers;
    int from = 0;
    if (converts_whole_input(c)) {
        const Layer& first = c.layer(LayerId(0));
        // The copies of a replicated input are converted, stripe by stripe; they are held, the input is not.
        from = std::holds_alternative<ReplicateOp>(first.op) ? 1 : 0;
        for (const ImageId i : images.ids()) {
            const Where at{LayerId(0), i};
            if (from == 1) emit_stripes(c, i, {0, 1, 1, c.plan.stem_stripe_rows});
            else naming_layer(c.input, at.layer, [&] { load_input(c, at, first.inputs[0].value); });
        }
    }
    if (from == layers) return;
    for (const ImageId i : images.ids()) emit_stripes(c, i, {from, layers, 1, c.plan.stem_stripe_rows});
}

void emit_stripes(EmitContext& c, ImageId image, const Section& stripes) { Stripes(c, image, stripes).emit(); }

}  // namespace infsim::compiler
