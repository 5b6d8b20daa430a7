// Graph inputs and outputs, whole or in stretches of rows.
#include <algorithm>

#include "compiler/emit/transfers.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using program::Purpose;
using program::Space;

namespace {

/// The DRAM side that matches an on-chip pattern of `rows` x `cols` elements.
program::DramPattern dram_side(std::uint32_t segment, std::int64_t element_offset, const RowMajor& order, int element,
                               std::int64_t rows, std::int64_t cols) {
    program::DramPattern p;
    p.segment = segment;
    p.offset = static_cast<std::uint32_t>(element_offset * element);
    p.partition_step = static_cast<std::uint32_t>(order.lane * element);
    p.count[2] = step_or_count(rows);
    p.count[3] = step_or_count(cols);
    p.step[2] = static_cast<std::uint32_t>(order.row * element);
    p.step[3] = static_cast<std::uint32_t>(order.col * element);
    return p;
}

/// Converts rows that have arrived in `stage` as another element type into their place.
void convert_rows(EmitContext& c, const Where& at, ValueId v, RowRange rows, BufferId stage, DType from, int slots,
                  const Place& into) {
    const Value& value = c.value(v);
    const std::int64_t cols = value.phys.cols, plane = rows.count() * cols;
    for (int s = 0; s < slots; ++s) {
        const int lanes = value.phys.lanes[static_cast<std::size_t>(s)];
        const int start = c.storage.first_partition(v, s, at.image);
        const std::int64_t dst = c.slots().group_of(s) * into.rows * cols + (rows.lo - into.row0) * cols;
        const Operand src{make_access(Space::state_buffer, start, lanes,
                                      c.slots().group_of(s) * plane * dtype_bytes(from), from, {{1, plane}}),
                          stage};
        push_activate(
            c, at, src,
            {make_access(Space::state_buffer, start, lanes, dst * dtype_bytes(value.dtype), value.dtype, {{1, plane}}),
             into.buffer});
    }
}

}  // namespace

void load_input_rows(EmitContext& c, const Where& at, ValueId v, RowRange rows, const Place& into) {
    const auto which = static_cast<std::size_t>(c.dram.input_index(v));
    const View& view = c.input.network.inputs[which];
    const Value& value = c.value(v);
    const Physical& phys = value.phys;
    const RowMajor order = row_major(view, phys);
    const DType dram = c.dram.dtype(value.input);
    const DramTensor there = c.dram.input(which);
    const bool converts = dram != value.dtype;
    const std::int64_t stage_plane = std::int64_t{rows.count()} * phys.cols;
    BufferId stage = into.buffer;
    if (converts)
        stage = c.builder.new_buffer(at.layer, value.name + "/as received",
                                     elements_per_partition(c.slots(), phys, rows.count()) * dtype_bytes(dram),
                                     c.builder.buffer(into.buffer).half, Purpose::input);
    const Where inside = at.in(c.builder.new_load(stage, LoadStream::inputs));
    const std::int64_t plane = converts ? stage_plane : std::int64_t{into.rows} * phys.cols;
    const std::int64_t first = converts ? 0 : std::int64_t{rows.lo - into.row0} * phys.cols;
    for (int s = 0; s < view.slots; ++s) {
        program::DmaLoad dma;
        dma.dst = make_access(Space::state_buffer, c.storage.first_partition(v, s, at.image),
                              phys.lanes[static_cast<std::size_t>(s)],
                              (c.slots().group_of(s) * plane + first) * dtype_bytes(dram), dram,
                              {{phys.cols, rows.count()}, {1, phys.cols}});
        dma.src = dram_side(
            there.segment,
            at.image.value() * there.image_elements + order.slot[static_cast<std::size_t>(s)] + rows.lo * order.row,
            order, dtype_bytes(dram), rows.count(), phys.cols);
        c.builder.push(inside, c.builder.next_ring(Ring::inputs), dma, {stage});
    }
    if (converts) convert_rows(c, at, v, rows, stage, dram, view.slots, into);
}

void load_input(EmitContext& c, const Where& at, ValueId v) {
    if (c.dram.input_index(v) < 0 || c.storage.has(v, at.image)) return;
    const Value& value = c.value(v);
    const Physical& phys = value.phys;
    if (c.storage.in_bands(v)) {
        c.storage.make_bands(v, at, Purpose::input);
        for (const Place& band : c.storage.bands(v, at.image))
            load_input_rows(c, at, v, {band.row0, band.row0 + band.rows}, band);
        return;
    }
    // Every image of an input has its own buffer: images arrive and die one by one.
    const BufferId b =
        c.builder.new_buffer(at.layer, value.name, elements_per_partition(c.slots(), phys) * dtype_bytes(value.dtype),
                             c.storage.partitions_of(v, at.image), Purpose::input);
    const Place place{b, 0, phys.rows, 0, 1};
    c.storage.set_whole(v, at.image, place);
    load_input_rows(c, at, v, {0, phys.rows}, place);
}

namespace {

/// What the next image or pass begins with should not lie where the outputs of this one still leave.
void let_linger(EmitContext& c, BufferId b) {
    if (c.input.options.own_rings) c.builder.let_linger(b);
}

void store_band(EmitContext& c, const Where& at, std::size_t output, const Place& band) {
    const View& view = c.input.network.outputs[output];
    const ValueId v(view.value);
    const Physical& phys = c.value(v).phys;
    const RowMajor order = row_major(view, phys);
    const DType dram = c.dram.dtype(c.input.graph.outputs[output]);
    const DramTensor there = c.dram.output(output);
    const std::int64_t plane = std::int64_t{band.rows} * phys.cols;
    BufferId cast = kNoBuffer;
    if (dram != c.value(v).dtype)
        cast = c.builder.new_buffer(at.layer, c.value(v).name + "/as sent",
                                    elements_per_partition(c.slots(), phys, band.rows) * dtype_bytes(dram),
                                    c.builder.buffer(band.buffer).half, Purpose::spill);
    for (int s = 0; s < view.slots; ++s) {
        const int slot = view.first_slot + s, lanes = phys.lanes[static_cast<std::size_t>(slot)];
        Operand src = c.storage.access(v, slot, lanes, at.image, {band.row0, band.rows, 1, 0, phys.cols, 1});
        if (cast.exists()) {
            const int group = c.slots().group_of(slot);
            const Operand sent{make_access(Space::state_buffer, src.ap.partition_start, lanes,
                                           group * plane * dtype_bytes(dram), dram, {{1, plane}}),
                               cast};
            push_activate(c, at, src, sent);
            src = sent;
        }
        const auto to = dram_side(
            there.segment,
            at.image.value() * there.image_elements + order.slot[static_cast<std::size_t>(s)] + band.row0 * order.row,
            order, dtype_bytes(dram), band.rows, phys.cols);
        let_linger(c, src.buffer);
        c.builder.push(at, c.builder.next_ring(Ring::stores), program::DmaStore{src.ap, to}, {src.buffer});
    }
}

void store_view(EmitContext& c, const Where& at, std::size_t output) {
    const View& view = c.input.network.outputs[output];
    const ValueId v(view.value);
    if (c.storage.in_bands(v) && is_image(view)) {
        for (const Place& band : c.storage.bands(v, at.image)) store_band(c, at, output, band);
        return;
    }
    const DType dram = c.dram.dtype(c.input.graph.outputs[output]);
    FetchBox whole;
    whole.from.axes = row_major_axes(shape_of(view));
    for (const Residence& here : residences(c, v, at.image)) {
        const bool converts = dram != here.dtype;
        const Residence from = converts ? staged(c, at, here, dram, "/as sent", Purpose::spill) : here;
        if (converts) convert(c, at, here, from, view);
        let_linger(c, from.buffer);
        transfer_rows(c, at, {view, whole, c.dram.output(output), Direction::store, Ring::stores}, from);
    }
}

}  // namespace

void store_outputs(EmitContext& c, const Where& at) {
    for (std::size_t output : c.dram.outputs_of(at.layer)) store_view(c, at, output);
}

}  // namespace infsim::compiler
