#include "compiler/emit/stripes.hpp"

#include <algorithm>

#include "compiler/emit/order_of_work.hpp"
#include "compiler/emit/transfers.hpp"

namespace infsim::compiler {

namespace {

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

/// Whether a stripe needs only what its new rows read; else windows hold all that their rows read.
bool only_new_rows(const EmitContext& c, const Section& section) {
    return c.input.options.overlap_stripes && !section.recompute_halo;
}

/// Layers that run fused, for one image.
class Stripes {
public:
    /// `window_rows`: by item, rows of its windows, all of one size, so that each fits where another was.
    Stripes(EmitContext& c, const FusedLayers& layers, const std::vector<int>& window_rows, ImageId image,
            const Section& section)
        : c_(c),
          layers_(layers),
          window_rows_(window_rows),
          image_(image),
          section_(section),
          input_streams_(!c.storage.has(layers.items()[0].value, image)) {}

    void emit() {
        keep_what_residuals_hold();
        layers_.for_each_stripe(
            section_.stripe_rows, only_new_rows(c_, section_),
            [&](const std::vector<RowRange>& need, const std::vector<int>& done) { emit_stripe(need, done); });
        for (std::size_t i = 0; i < layers_.items().size(); ++i)
            if (streams(i)) c_.storage.set_whole(layers_.items()[i].value, image_, Place{});
        for (const LayerId l : IdRange<LayerId>(layers_.first(), layers_.end()))
            naming_layer(c_.input, l, [&] { store_outputs(c_, {l, image_}); });
    }

private:
    EmitContext& c_;
    const FusedLayers& layers_;
    const std::vector<int>& window_rows_;
    ImageId image_;
    const Section& section_;
    bool input_streams_ = false;

    bool streams(std::size_t item) const { return item == 0 ? input_streams_ : layers_.items()[item].streams; }

    /// An output must not take the place of its residual here: later stripes may still read that.
    void keep_what_residuals_hold() {
        for (const LayerId l : IdRange<LayerId>(layers_.first(), layers_.end())) {
            const auto* conv = std::get_if<ConvOp>(&c_.layer(l).op);
            if (conv && conv->residual && !streams(layers_.made_by(l)))
                c_.storage.ensure(c_.layer(l).output.value, {l, image_});
        }
    }

    void emit_stripe(const std::vector<RowRange>& need, const std::vector<int>& done) {
        if (input_streams_) emit_item(0, layers_.first(), need[0], done[0]);
        for (const LayerId l : IdRange<LayerId>(layers_.first(), layers_.end())) {
            const std::size_t item = layers_.made_by(l);
            emit_item(item, l, need[item], done[item]);
        }
    }

    /// Emits the rows of an item that the stripe needs and that are missing: the part that `maker` makes.
    void emit_item(std::size_t item, LayerId maker, RowRange need, int done) {
        const Where at{maker, image_};
        const FusedLayers::Item& what = layers_.items()[item];
        // If a layer's stride exceeds its kernel, it skips rows for good.
        const bool again = section_.recompute_halo && item > 0 && streams(item);
        const int kept = again ? need.lo : done;
        const RowRange fresh{std::max(need.lo, kept), std::max(need.hi, need.lo)};
        naming_layer(c_.input, maker, [&] {
            if (streams(item) && (item == 0 || what.maker == maker))
                open_window(c_, at, what.value, need, kept, window_rows_[item]);
            if (fresh.hi <= fresh.lo) return;
            if (item == 0) load_input_rows(c_, at, what.value, fresh, c_.storage.place(what.value, image_));
            else emit_layer_rows(c_, at, fresh);
        });
    }
};

/// Whether the stem's input is converted for the whole batch before anything else runs.
bool converts_whole_input(const EmitContext& c) {
    const Value& input = c.value(c.layer(LayerId(0)).inputs[0].value);
    return !c.input.options.stream_converted_input && c.dram.dtype(input.input) != input.dtype;
}

/// `before(image)` comes before the layers of an image.
template <class Before>
void emit_stripes(EmitContext& c, ImageSpan images, const Section& section, Before&& before) {
    const FusedLayers layers(c.input.network, c.rows, LayerId(section.first), LayerId(section.last));
    const std::vector<int> window_rows = layers.window_rows(section.stripe_rows, only_new_rows(c, section));
    for (const ImageId image : images.ids()) {
        before(image);
        Stripes(c, layers, window_rows, image, section).emit();
    }
}

/// What the first layer reads is there, or streams as well.
void emit_stripes(EmitContext& c, ImageSpan images, const Section& section) {
    emit_stripes(c, images, section, [](ImageId) {});
}

}  // namespace

void emit_stem(EmitContext& c, ImageSpan images) {
    const int layers = c.input.network.stem_layers;
    int from = 0;
    if (converts_whole_input(c)) {
        const Layer& first = c.layer(LayerId(0));
        // The copies of a replicated input are converted, stripe by stripe; they are held, the input is not.
        from = std::holds_alternative<ReplicateOp>(first.op) ? 1 : 0;
        if (from == 1) emit_stripes(c, images, {0, 1, 1, c.plan.stem_stripe_rows});
        else
            for (const ImageId i : images.ids()) {
                const Where at{LayerId(0), i};
                naming_layer(c.input, at.layer, [&] { load_input(c, at, first.inputs[0].value); });
            }
    }
    if (from < layers) emit_stripes(c, images, {from, layers, 1, c.plan.stem_stripe_rows});
}

void emit_fused(EmitContext& c, ImageSpan images, const Section& section) {
    emit_stripes(c, images, section, [&](ImageId image) {
        for (const LayerId l : IdRange<LayerId>(LayerId(section.first), LayerId(section.last)))
            for (const Part& in : c.layer(l).inputs)
                naming_layer(c.input, l, [&] { load_input(c, {l, image}, in.value); });
    });
}

}  // namespace infsim::compiler
