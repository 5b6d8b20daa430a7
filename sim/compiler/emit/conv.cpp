// Convolutions and dense layers: one shifted matmul per filter tap, weights in slabs.
#include <algorithm>

#include "compiler/emit/conv_tiles.hpp"

namespace infsim::compiler {

namespace {

/// A tile in a bank.
struct BankTile {
    Tile tile;
    int bank = 0;
};

struct Conv {
    LayerId id;
    const Layer& layer;
    const ConvOp& op;
    const Physical &in, &out;
};

TapAxis row_axis(const Conv& v) { return {v.op.stride_rows, v.op.dilation_rows, v.op.pad_top, v.in.rows}; }
TapAxis col_axis(const Conv& v) { return {v.op.stride_cols, v.op.dilation_cols, v.op.pad_left, v.in.cols}; }

/// One stationary operand: one tap of a block of weights.
struct Tap {
    const SlabBlock* block;
    int row, col;
    std::int64_t offset;  ///< in the slab
};

struct Valid {
    RowRange rows, cols;
    bool empty() const { return rows.hi <= rows.lo || cols.hi <= cols.lo; }
};
Valid valid_outputs(const Conv& v, const Tap& tap, const Rect& rect) {
    return {row_axis(v).valid(tap.row, rect.row, rect.row + rect.rows),
            col_axis(v).valid(tap.col, rect.col, rect.col + rect.cols)};
}

/// Lets the output of an image overwrite its residual, if nobody reads that afterwards.
void place_in_residual(EmitContext& c, const Conv& v, ImageId image) {
    const Part& output = v.layer.output;
    if (c.storage.has(output.value, image) || !c.input.options.in_place_add || !v.op.residual) return;
    const Part& residual = *v.op.residual;
    const ValueFacts &from = c.storage.facts(residual.value), &to = c.storage.facts(output.value);
    const bool alike = from.small == to.small && from.array_images == to.array_images && from.pairable == to.pairable &&
                       from.band_rows == to.band_rows;
    // Not if the residual is the layer's own input: later taps and output channels still read it.
    if (residual.value != v.layer.inputs[0].value && residual.slots == c.phys(residual).slots() &&
        output.slots == v.out.slots() && from.last_reader == v.id && alike)
        c.storage.take_over(residual.value, output.value, image);
}

/// The taps of all blocks for one slot of the output, starting with one that covers all tiles: the first tap of an
/// accumulation group must write every element of a tile. `covered`: whether there is such a tap.
std::vector<Tap> tap_order(const Conv& v, const Slab& slab, int slot, const std::vector<BankTile>& group,
                           bool& covered) {
    std::vector<Tap> order;
    for (const SlabBlock& block : slab.blocks)
        if (block.slot == slot)
            for (int i = 0; i < block.taps; ++i) {
                const int tap = block.first_tap + i;
                order.push_back(
                    {&block, tap / v.op.kernel_cols, tap % v.op.kernel_cols, block.offset + i * block.tap_bytes});
            }
    const auto covers = [&](const Tap& tap) {
        return std::all_of(group.begin(), group.end(), [&](const BankTile& b) {
            const Valid valid = valid_outputs(v, tap, b.tile.rect);
            return valid.rows.count() == b.tile.rect.rows && valid.cols.count() == b.tile.rect.cols;
        });
    };
    const auto first = std::find_if(order.begin(), order.end(), covers);
    covered = first != order.end();
    if (covered) std::rotate(order.begin(), first, first + 1);
    return order;
}

/// Matmuls of one tap over the tiles of a group.
class TapEmission {
public:
    TapEmission(EmitContext& c, const Conv& v, const Where& at, BufferId weights, const Tap& tap, bool overwrite)
        : c_(c), v_(v), at_(at), weights_(weights), tap_(tap), overwrite_(overwrite) {}

    void emit(const BankTile& b) {
        const Valid valid = valid_outputs(v_, tap_, b.tile.rect);
        if (valid.empty()) return;
        const ValueId in = v_.layer.inputs[0].value;
        const int together = c_.storage.is_array(in) ? b.tile.images : 1;
        for (int i = 0; i < b.tile.images; i += together)
            c_.storage.for_each_source_piece(in, valid.rows, v_.op.stride_rows, row_axis(v_).shift(tap_.row),
                                             [&](const RowRange& rows) {
                                                 emit_piece(b, i, together, {rows, valid.cols});
                                             });
    }

private:
    EmitContext& c_;
    const Conv& v_;
    const Where& at_;
    BufferId weights_;
    const Tap& tap_;
    bool overwrite_, loaded_ = false;

    /// Outputs `part` of images [i, i + together) of a tile.
    void emit_piece(const BankTile& b, int i, int together, const Valid& part) {
        const RowRange &rows = part.rows, &cols = part.cols;
        const Rect rect{rows.lo * v_.op.stride_rows + row_axis(v_).shift(tap_.row), rows.count(), v_.op.stride_rows,
                        cols.lo * v_.op.stride_cols + col_axis(v_).shift(tap_.col), cols.count(), v_.op.stride_cols};
        const Part& in = v_.layer.inputs[0];
        const ImageId image = b.tile.image.next(i);
        if (loaded_ && c_.builder.reads_suffice())  // the first matmul has checked the pattern
            return c_.builder.push_read(at_, c_.storage.place(in.value, image, rect.row).buffer);
        const KTile& tile = tap_.block->tile;
        const Operand moving = from_lane(access(c_, in, tile.slot, tile.count, image, rect, together), tile.first_lane);
        if (!loaded_) load_stationary(moving);
        const Rect& of = b.tile.rect;
        const std::int64_t at = i * b.tile.plane() + std::int64_t{rows.lo - of.row} * of.cols + (cols.lo - of.col);
        const Operand dst = psum(c_, b.bank, tap_.block->columns, at,
                                 {{b.tile.plane(), together}, {of.cols, rows.count()}, {1, cols.count()}});
        if (c_.builder.reads_suffice()) return c_.builder.push_read(at_, moving.buffer);
        c_.builder.push(at_, c_.builder.pe(), program::Matmul{moving.ap, dst.ap, !overwrite_},
                        {moving.buffer, kNoBuffer});
    }

    void load_stationary(const Operand& moving) {
        program::LoadStationary load;
        load.src = make_access(program::Space::state_buffer, moving.ap.partition_start, tap_.block->tile.count,
                               tap_.offset, c_.input.dtype, {{1, tap_.block->columns}});
        loaded_ = true;
        if (c_.builder.reads_suffice()) return c_.builder.push_read(at_, weights_);
        c_.builder.push(at_, c_.builder.pe(), load, {weights_});
    }
};

/// max(min(sums + bias, limit), 0), by POOL in one pass.
void evacuate_limited(EmitContext& c, const Conv& v, const Where& at, const Operand& src, const Operand& dst,
                      program::ScalarOperand bias, BufferId bias_buffer) {
    const BufferId limit = c.constants.filled(at, *v.op.limit);
    program::TensorTensor cut;
    cut.a = src.ap;
    cut.b = make_access(program::Space::state_buffer, 0, src.ap.partition_count, 0, DType::fp32,
                        {{0, program::elements(src.ap)}});
    cut.dst = dst.ap;
    cut.scalar = bias;
    cut.scalar_op = bias_buffer.exists() ? program::AluOp::add : program::AluOp::none;
    cut.op = program::AluOp::min;
    cut.relu = true;
    c.builder.push(at, c.builder.pool(), cut, {kNoBuffer, limit, dst.buffer}, bias_buffer);
}

/// Evacuates one slot of a tile from PSUM, with bias, residual and function.
void evacuate_images(EmitContext& c, const Conv& v, const Where& at, int slot, const Operand& src, const Rect& rect,
                     int images) {
    const int columns = c.lanes(v.layer.output, slot);
    const ChannelConstants constants = c.constants.channels(at);
    const BufferId bias = constants.buffer;
    const auto scalar = bias.exists() ? program::ScalarOperand::per_partition(
                                            static_cast<std::uint32_t>(constants.offset + slot * 4), 0, DType::fp32)
                                      : program::ScalarOperand{};
    const Operand dst = access(c, v.layer.output, slot, columns, at.image, rect, images);
    if (v.op.limit) return evacuate_limited(c, v, at, src, dst, scalar, bias);
    if (v.op.residual) {
        const Operand residual = access(c, *v.op.residual, slot, columns, at.image, rect, images);
        program::TensorTensor add;
        add.a = src.ap;
        add.b = residual.ap;
        add.dst = dst.ap;
        add.scalar = scalar;
        add.scalar_op = bias.exists() ? program::AluOp::add : program::AluOp::none;
        add.relu = v.op.relu_after_add;
        c.builder.push(at, c.builder.pool(), add, {kNoBuffer, residual.buffer, dst.buffer}, bias);
        return;
    }
    program::Activate activate;
    activate.src = src.ap;
    activate.dst = dst.ap;
    activate.bias = scalar;
    activate.function = v.op.function;
    c.builder.push(at, c.builder.act(), activate, {kNoBuffer, dst.buffer}, bias);
}

void evacuate(EmitContext& c, const Conv& v, int slot, const BankTile& b) {
    const ValueId out = v.layer.output.value;
    const Tile& tile = b.tile;
    const bool arrays = c.storage.is_array(out) && (!v.op.residual || c.storage.is_array(v.op.residual->value));
    const int together = arrays ? tile.images : 1;
    for (int i = 0; i < tile.images; i += together) {
        const Where at{v.id, tile.image.next(i)};
        for (int k = 0; k < together; ++k) c.storage.ensure(out, at.of(tile.image.next(i + k)));
        const Operand src =
            psum(c, b.bank, c.lanes(v.layer.output, slot), i * tile.plane(), {{1, tile.plane() * together}});
        evacuate_images(c, v, at, slot, src, tile.rect, together);
    }
}

/// Slabs [first, end) that contribute to the sums of one slot of the output; usually one slab.
struct Parts {
    std::size_t first = 0, end = 1;
    bool several() const { return end - first > 1; }
};

/// Adds up the taps of one slab over the tiles of a group; `overwrite`: they are the first.
void sum_up(EmitContext& c, const Conv& v, const Where& at, BufferId weights, const std::vector<Tap>& order,
            const std::vector<BankTile>& group, bool& overwrite) {
    for (const Tap& tap : order) {
        TapEmission emission(c, v, at, weights, tap, overwrite);
        for (const BankTile& b : group) emission.emit(b);
        overwrite = false;
    }
}

/// One slot of the output, for as many tiles as one stationary operand serves. If weights come in parts, only one part
/// is there at a time: it serves the whole group, and the next group reads it again.
void emit_group(EmitContext& c, const Conv& v, const Parts& parts, int slot, const std::vector<Tile>& tiles) {
    const Where at{v.id, tiles[0].image};
    const BufferId weights = c.weights.slab(parts.first, at);
    const SlabLayout& layout = c.weights.layout(v.id);
    std::vector<BankTile> group;
    for (const Tile& tile : tiles) group.push_back({tile, 0});
    bool covered = false;
    const std::vector<Tap> order = tap_order(v, layout.slabs[parts.first], slot, group, covered);
    for (BankTile& b : group) {
        b.bank = c.builder.take_bank();
        if (covered) continue;
        const Operand all = psum(c, b.bank, c.lanes(v.layer.output, slot), 0, {{1, b.tile.images * b.tile.plane()}});
        c.builder.push(at, c.builder.pool(), program::Memset{all.ap, 0.0F}, {});
    }
    bool overwrite = covered;
    sum_up(c, v, at, weights, order, group, overwrite);
    for (std::size_t part = parts.first + 1; part < parts.end; ++part) {
        bool any = false;
        const BufferId more = c.weights.slab(part, at);
        sum_up(c, v, at, more, tap_order(v, layout.slabs[part], slot, group, any), group, overwrite);
    }
    if (parts.several())
        for (std::size_t part = parts.first; part < parts.end; ++part) c.weights.let_go(part, v.id);
    for (const BankTile& b : group) evacuate(c, v, slot, b);
}

/// Tiles that one stationary load serves.
std::size_t tiles_per_load(const EmitContext& c, LayerId layer) {
    const int chosen = c.plan.psum_banks.empty() ? 0 : c.plan.psum_banks[layer.index()];
    return static_cast<std::size_t>(
        std::clamp(chosen > 0 ? chosen : c.input.options.psum_banks_per_load, 1, c.input.target.psum_banks));
}

void emit_conv_rows(EmitContext& c, const Conv& v, ImageSpan images, RowRange rows) {
    const SlabLayout& layout = c.weights.layout(v.id);
    for (const ImageId i : images.ids()) place_in_residual(c, v, i);
    c.constants.channels({v.id, images.first});
    std::vector<Tile> all = conv_tiles(c, v.layer, images, rows);
    const std::size_t usual = tiles_per_load(c, v.id), most = static_cast<std::size_t>(c.input.target.psum_banks);
    // Images in different halves of the partitions need the stationary operand in different rows.
    const Part& in = v.layer.inputs[0];
    const auto lower = [&](const Tile& tile) { return !c.storage.in_upper_half(in.value, tile.image); };
    if (c.storage.is_array(v.layer.output.value)) std::stable_partition(all.begin(), all.end(), lower);
    for (Parts parts; parts.first < layout.slabs.size(); parts.first = parts.end) {
        parts.end = layout.end_of_parts(parts.first);
        const Slab& slab = layout.slabs[parts.first];
        const std::size_t step = parts.several() ? most : usual;
        for (int s = 0; s < slab.slots; ++s)
            for (std::size_t t = 0; t < all.size();) {
                std::vector<Tile> group;
                while (t < all.size() && group.size() < step && (group.empty() || lower(all[t]) == lower(group[0])))
                    group.push_back(all[t++]);
                emit_group(c, v, parts, slab.first_slot + s, group);
            }
    }
}

}  // namespace

void emit_conv(EmitContext& c, LayerId id, ImageSpan images, RowRange rows) {
    const Layer& layer = c.layer(id);
    const auto& op = std::get<ConvOp>(layer.op);
    const Conv v{id, layer, op, c.phys(layer.inputs[0]), c.phys(layer.output)};
    const bool banded = c.storage.in_bands(layer.inputs[0].value) || c.storage.in_bands(layer.output.value) ||
                        (op.residual && c.storage.in_bands(op.residual->value));
    if (!banded) return emit_conv_rows(c, v, images, rows);
    for (const ImageId image : images.ids())
        for (const RowRange& piece : output_pieces(c.storage, layer, rows.lo, rows.count()))
            emit_conv_rows(c, v, {image, 1}, piece);
}

}  // namespace infsim::compiler
