// The stem: layers that stream in stripes of rows, each stripe keeping the rows that the next one needs again.
#include <algorithm>

#include "compiler/emit/emitter.hpp"

namespace infsim::compiler {

namespace {

struct Window { int stride = 1, dilation = 1, kernel = 1, pad = 0; };

Window row_window(const Layer& layer) {
    if (const auto* conv = std::get_if<ConvOp>(&layer.op)) return {conv->stride_rows, conv->dilation_rows, conv->kernel_rows, conv->pad_top};
    const auto& pool = std::get<PoolOp>(layer.op);
    return {pool.stride_rows, pool.dilation_rows, pool.kernel_rows, pool.pad_top};
}

}  // namespace

void Emitter::emit_stem(int image) {
    const int n = net_.stem_layers;
    const ValueId input = net_.layers[0].inputs[0].value;
    std::vector<ValueId> chain = {input};                     // chain[k] is what stem layer k reads
    for (int l = 0; l < n; ++l) chain.push_back(net_.layers[static_cast<std::size_t>(l)].output.value);
    const int rows = value(chain.back()).phys.rows;
    std::vector<int> done(chain.size(), 0);                   // rows of each value that exist so far
    for (int row = 0; row < rows;) {
        const int stripe = std::min(plan_.stem_stripe_rows, rows - row);
        // What this stripe needs of each value, from the last layer back to the input.
        std::vector<int> lo(chain.size()), hi(chain.size());
        lo.back() = row;
        hi.back() = row + stripe;
        for (int l = n - 1; l >= 0; --l) {
            const Window w = row_window(net_.layers[static_cast<std::size_t>(l)]);
            const auto at = static_cast<std::size_t>(l);
            const int extent = value(chain[at]).phys.rows;
            lo[at] = std::clamp(lo[at + 1] * w.stride - w.pad, 0, extent - 1);
            hi[at] = std::clamp((hi[at + 1] - 1) * w.stride - w.pad + (w.kernel - 1) * w.dilation + 1, lo[at] + 1, extent);
            if (row + stripe == rows) hi[at] = std::max(hi[at], std::min(extent, done[at]));
        }
        for (std::size_t k = 0; k < chain.size(); ++k) {
            const ValueId v = chain[k];
            layer_ = static_cast<int>(k == 0 ? 0 : k - 1);
            image_ = image;
            if (k + 1 < chain.size()) open_window(v, image, lo[k], hi[k], done[k]);
            const int first = std::max(lo[k], done[k]);
            if (k == 0) {
                const Place& p = place(v, image);
                if (hi[k] > first) load_input(v, image, first, hi[k], p.buffer, p.row0, p.rows);
            } else if (hi[k] > first) {
                const int l = static_cast<int>(k) - 1;
                if (std::holds_alternative<ConvOp>(net_.layers[static_cast<std::size_t>(l)].op)) emit_conv(l, image, 1, first, hi[k] - first);
                else emit_pool(l, image, first, hi[k] - first);
            }
            done[k] = std::max(done[k], hi[k]);
        }
        row += stripe;
    }
    for (std::size_t k = 0; k + 1 < chain.size(); ++k) places_[static_cast<std::size_t>(chain[k])][static_cast<std::size_t>(image)] = Place{};
    store_outputs(n - 1, image);
}

void Emitter::open_window(ValueId v, int image, int lo, int hi, int done) {
    const Physical& phys = value(v).phys;
    Place& p = places_[static_cast<std::size_t>(v)][static_cast<std::size_t>(image)];
    const Place before = p;
    Half half = Half::both;
    if (phys.slots() == 1) half = half_of(v, 0, image) == 1 ? Half::upper : Half::lower;
    const auto purpose = input_index_[static_cast<std::size_t>(v)] >= 0 ? program::Purpose::input : program::Purpose::spill;
    const BufferId b = new_buffer(value(v).name, std::int64_t{phys.groups()} * (hi - lo) * phys.cols * dtype_bytes(value(v).dtype), half, purpose);
    const Place now{b, lo, hi - lo, 0, 1};
    if (before.buffer != kNoBuffer && done > lo) {
        const Part part{v, 0, phys.slots()};
        for (const LaneChunk& c : chunks({part})) {
            const Rect halo{lo, done - lo, 1, 0, phys.cols, 1};
            p = before;
            const Operand src = access(v, c.slot, c.lanes, image, halo);
            p = now;
            const Operand dst = access(v, c.slot, c.lanes, image, halo);
            program::TensorScalar copy;
            copy.src = src.ap;
            copy.dst = dst.ap;
            push(pool(), copy, {src.buffer, dst.buffer});
        }
    }
    p = now;
}

}  // namespace infsim::compiler
