// Convolutions and dense layers: one shifted matmul per filter tap, weights in slabs.
#include <algorithm>

#include "base/check.hpp"
#include "compiler/emit/emitter.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using program::Purpose;
using program::Space;

namespace {

/// Output positions [lo, hi) of one axis for which tap `tap` reads inside the input.
struct Span {
    int lo = 0, hi = 0;
};
Span valid_outputs(int tap, int stride, int dilation, int pad, int in_extent, int out_lo, int out_hi) {
    const int shift = tap * dilation - pad;  // input = output * stride + shift
    const int lo = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    const int hi = in_extent - 1 - shift < 0 ? 0 : (in_extent - 1 - shift) / stride + 1;
    return {std::max(lo, out_lo), std::min(hi, out_hi)};
}

const ConvOp& conv_op(const Network& net, int layer) {
    return std::get<ConvOp>(net.layers[static_cast<std::size_t>(layer)].op);
}

}  // namespace

std::vector<Emitter::Tile> Emitter::tiles(int layer, int first_image, int images, int first_row, int rows) const {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const Physical& out = value(l.output.value).phys;
    const int most = most_moving();
    std::vector<Tile> list;
    if (is_array(l.output.value) && rows == out.rows && out.plane() <= most) {
        // Paired input images lie in different partitions: one matmul cannot read two neighbours.
        const int together =
            pairable_[static_cast<std::size_t>(l.inputs[0].value)] ? 1 : static_cast<int>(most / out.plane());
        const int count = (images + together - 1) / together;
        for (int t = 0, done = 0; t < count; ++t) {
            const int share = (images - done + count - t - 1) / (count - t);
            list.push_back({first_image + done, share, {0, out.rows, 1, 0, out.cols, 1}});
            done += share;
        }
        return list;
    }
    const int col_tiles = (out.cols + most - 1) / most;
    const int row_tile = std::max(1, most / out.cols);
    const int row_tiles = (rows + row_tile - 1) / row_tile;
    for (int image = first_image; image < first_image + images; ++image)
        for (int r = 0, row = 0; r < row_tiles; ++r) {
            const int share = (rows - row + row_tiles - r - 1) / (row_tiles - r);
            for (int c = 0, col = 0; c < col_tiles; ++c) {
                const int width = (out.cols - col + col_tiles - c - 1) / (col_tiles - c);
                list.push_back({image, 1, {first_row + row, share, 1, col, width, 1}});
                col += width;
            }
            row += share;
        }
    return list;
}

/// Gives the output of an image its place: that of its residual where nobody reads that afterwards.
void Emitter::place_output(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const ConvOp& conv = conv_op(net_, layer);
    const ValueId out = l.output.value;
    if (has_storage(out, image) || !options_.in_place_add || !conv.residual) return;
    const ValueId residual = conv.residual->value;
    const auto same = [&](const auto& of) {
        return of[static_cast<std::size_t>(residual)] == of[static_cast<std::size_t>(out)];
    };
    // Not where the residual is the layer's own input: later taps and output channels still read it.
    const bool in_place = residual != l.inputs[0].value && conv.residual->slots == value(residual).phys.slots() &&
                          l.output.slots == value(out).phys.slots() &&
                          last_reader_[static_cast<std::size_t>(residual)] == layer && same(small_) &&
                          same(array_images_) && same(pairable_) && same(band_rows_);
    if (!in_place) return;
    if (in_bands(out)) row_bands_[{out, image}] = row_bands_.at({residual, image});
    else places_[static_cast<std::size_t>(out)][static_cast<std::size_t>(image)] = place(residual, image);
}

void Emitter::emit_conv(int layer, int first_image, int images, int first_row, int rows) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto* conv = std::get_if<ConvOp>(&l.op);
    if (!in_bands(l.inputs[0].value) && !in_bands(l.output.value) &&
        !(conv->residual && in_bands(conv->residual->value)))
        return emit_conv_rows(layer, first_image, images, first_row, rows);
    for (int image = first_image; image < first_image + images; ++image)
        for (const RowRange& piece : output_pieces(l, first_row, rows))
            emit_conv_rows(layer, image, 1, piece.lo, piece.hi - piece.lo);
}

void Emitter::emit_conv_rows(int layer, int first_image, int images, int first_row, int rows) {
    layer_ = layer;
    image_ = first_image;
    ConvState& state = conv_state(layer);
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    for (int i = first_image; i < first_image + images; ++i) place_output(layer, i);
    bias(layer);
    std::vector<Tile> all = tiles(layer, first_image, images, first_row, rows);
    const int chosen = plan_.psum_banks.empty() ? 0 : plan_.psum_banks[static_cast<std::size_t>(layer)];
    const auto step =
        static_cast<std::size_t>(std::clamp(chosen > 0 ? chosen : options_.psum_banks_per_load, 1, target_.psum_banks));
    // Images in different halves of the partitions need the stationary operand in different rows.
    const ValueId in = l.inputs[0].value;
    const auto lower = [&](const Tile& tile) { return half_of(in, l.inputs[0].first_slot, tile.image) == 0; };
    if (is_array(l.output.value)) std::stable_partition(all.begin(), all.end(), lower);
    for (std::size_t index = 0; index < state.slabs.size(); ++index)
        for (int s = 0; s < state.slabs[index].slots; ++s)
            for (std::size_t t = 0; t < all.size();) {
                std::vector<Tile> chunk;
                while (t < all.size() && chunk.size() < step && (chunk.empty() || lower(all[t]) == lower(chunk[0])))
                    chunk.push_back(all[t++]);
                emit_chunk(layer, static_cast<int>(index), state.slabs[index].first_slot + s, chunk);
            }
}

void Emitter::emit_chunk(int layer, int slab_index, int slot, const std::vector<Tile>& chunk) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const ConvOp& op = conv_op(net_, layer);
    const Physical& in = value(l.inputs[0].value).phys;
    const int columns = value(l.output.value).phys.lanes[static_cast<std::size_t>(l.output.first_slot + slot)];
    image_ = chunk[0].image;
    const BufferId weights = slab(layer, slab_index);
    std::vector<Stationary> order = stationaries(layer, slab_index, slot);
    // The first tap of an accumulation group must write every element of the tile.
    const auto covers = [&](const Stationary& st) {
        return std::all_of(chunk.begin(), chunk.end(), [&](const Tile& tile) {
            const Span r = valid_outputs(st.tap_row, op.stride_rows, op.dilation_rows, op.pad_top, in.rows,
                                         tile.rect.row, tile.rect.row + tile.rect.rows);
            const Span c = valid_outputs(st.tap_col, op.stride_cols, op.dilation_cols, op.pad_left, in.cols,
                                         tile.rect.col, tile.rect.col + tile.rect.cols);
            return r.hi - r.lo == tile.rect.rows && c.hi - c.lo == tile.rect.cols;
        });
    };
    const auto first = std::find_if(order.begin(), order.end(), covers);
    const bool covered = first != order.end();
    if (covered) std::rotate(order.begin(), first, first + 1);
    std::vector<int> banks;
    for (const Tile& tile : chunk) {
        banks.push_back(take_bank());
        if (!covered) {
            const Operand all =
                psum(banks.back(), columns, 0, {{1, std::int64_t{tile.images} * tile.rect.rows * tile.rect.cols}});
            push(pool(), program::Memset{all.ap, 0.0F}, {});
        }
    }
    bool overwrite = covered;
    for (const Stationary& st : order) {
        emit_tap(layer, st, columns, weights, chunk, banks, overwrite);
        overwrite = false;
    }
    for (std::size_t i = 0; i < chunk.size(); ++i) evacuate(layer, slot, chunk[i], banks[i]);
}

void Emitter::emit_tap(int layer, const Stationary& st, int columns, BufferId weights, const std::vector<Tile>& chunk,
                       const std::vector<int>& banks, bool first) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const ConvOp& op = conv_op(net_, layer);
    const Part& in = l.inputs[0];
    const Physical& phys = value(in.value).phys;
    bool loaded = false;
    for (std::size_t t = 0; t < chunk.size(); ++t) {
        const Tile& tile = chunk[t];
        const Span valid = valid_outputs(st.tap_row, op.stride_rows, op.dilation_rows, op.pad_top, phys.rows,
                                         tile.rect.row, tile.rect.row + tile.rect.rows);
        const Span c = valid_outputs(st.tap_col, op.stride_cols, op.dilation_cols, op.pad_left, phys.cols,
                                     tile.rect.col, tile.rect.col + tile.rect.cols);
        if (valid.hi <= valid.lo || c.hi <= c.lo) continue;
        const int together = is_array(in.value) ? tile.images : 1;
        const int shift = st.tap_row * op.dilation_rows - op.pad_top;
        for (int i = 0; i < tile.images; i += together)
            for_each_source_piece(in.value, {valid.lo, valid.hi}, op.stride_rows, shift, [&](const RowRange& r) {
                const Rect rect{r.lo * op.stride_rows + shift,
                                r.hi - r.lo,
                                op.stride_rows,
                                c.lo * op.stride_cols + st.tap_col * op.dilation_cols - op.pad_left,
                                c.hi - c.lo,
                                op.stride_cols};
                if (loaded && recorder_ &&
                    !keeps_) {  // a dry_run knows a matmul by the buffer it reads; the first one has tried the pattern
                    recorder_->see_read(place(in.value, tile.image + i, rect.row).buffer,
                                        static_cast<std::uint16_t>(layer_));
                    return;
                }
                const Operand moving =
                    access(in.value, in.first_slot + st.tile->slot, st.tile->count, tile.image + i, rect, together);
                if (!loaded) {
                    program::LoadStationary load;
                    load.src = make_access(Space::state_buffer, moving.ap.partition_start, st.tile->count, st.offset,
                                           dtype_, {{1, columns}});
                    push(pe(), load, {weights});
                    loaded = true;
                }
                const std::int64_t plane = std::int64_t{tile.rect.rows} * tile.rect.cols;
                const std::int64_t at =
                    i * plane + std::int64_t{r.lo - tile.rect.row} * tile.rect.cols + (c.lo - tile.rect.col);
                const Operand dst =
                    psum(banks[t], columns, at, {{plane, together}, {tile.rect.cols, r.hi - r.lo}, {1, c.hi - c.lo}});
                push(pe(), program::Matmul{moving.ap, dst.ap, !first}, {moving.buffer, kNoBuffer});
            });
    }
}

void Emitter::evacuate(int layer, int slot, const Tile& tile, int bank) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const ConvOp& op = conv_op(net_, layer);
    const int out_slot = l.output.first_slot + slot;
    const int columns = value(l.output.value).phys.lanes[static_cast<std::size_t>(out_slot)];
    const BufferId bias_buffer = bias(layer);
    const auto scalar = bias_buffer == kNoBuffer ? program::ScalarOperand{}
                                                 : program::ScalarOperand::per_partition(
                                                       static_cast<std::uint32_t>(slot * 4), 0, DType::fp32);
    bool arrays = is_array(l.output.value);
    if (op.residual) arrays = arrays && is_array(op.residual->value);
    const int together = arrays ? tile.images : 1;
    const std::int64_t plane = std::int64_t{tile.rect.rows} * tile.rect.cols;
    for (int i = 0; i < tile.images; i += together) {
        image_ = tile.image + i;
        for (int k = 0; k < together; ++k) ensure_storage(l.output.value, tile.image + i + k);
        const Operand src = psum(bank, columns, i * plane, {{1, plane * together}});
        const Operand dst = access(l.output.value, out_slot, columns, tile.image + i, tile.rect, together);
        if (op.residual) {
            const Operand residual = access(op.residual->value, op.residual->first_slot + slot, columns, tile.image + i,
                                            tile.rect, together);
            program::TensorTensor add;
            add.a = src.ap;
            add.b = residual.ap;
            add.dst = dst.ap;
            add.scalar = scalar;
            add.scalar_op = bias_buffer == kNoBuffer ? program::AluOp::none : program::AluOp::add;
            add.relu = op.relu_after_add;
            push(pool(), add, {kNoBuffer, residual.buffer, dst.buffer}, bias_buffer);
        } else {
            program::Activate activate;
            activate.src = src.ap;
            activate.dst = dst.ap;
            activate.bias = scalar;
            activate.function = op.function;
            push(act(), activate, {kNoBuffer, dst.buffer}, bias_buffer);
        }
    }
}

}  // namespace infsim::compiler
