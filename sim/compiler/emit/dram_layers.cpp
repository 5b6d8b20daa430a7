// Layers that move tensors between the state buffer and device DRAM: stores, fetches, rows gathered by index.
#include <algorithm>

#include "compiler/emit/layers.hpp"
#include "compiler/emit/transfers.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using program::Space;

void emit_gather(EmitContext& c, const Where& at, const GatherOp& op) {
    const Layer& l = c.layer(at.layer);
    c.storage.ensure(l.output.value, at);
    const std::uint32_t table = c.constants.table(at.layer);
    const int element = dtype_bytes(c.input.dtype);
    for (const LaneChunk& k : c.storage.chunks({l.inputs[0], l.output})) {
        const Operand index = access(c, l.inputs[0], k.slot, k.lanes, at.image, {});
        const Operand dst = access(c, l.output, k.slot, k.lanes, at.image, {0, 1, 1, 0, c.phys(l.output).cols, 1});
        program::DmaGather gather;
        gather.index = index.ap;
        gather.dst = dst.ap;
        gather.table.segment = table;
        gather.table.partition_step = static_cast<std::uint32_t>(op.row_elements * element);
        gather.table.count = dst.ap.count;
        for (std::size_t d = 0; d < program::kAccessDims; ++d)
            gather.table.step[d] = static_cast<std::uint32_t>(dst.ap.step[d] * element);
        gather.table_rows = static_cast<std::uint32_t>(op.rows);
        c.builder.push(at, c.builder.next_ring(Ring::constants), gather, {index.buffer, dst.buffer});
    }
}

void emit_store(EmitContext& c, const Where& at, const StoreOp& op) {
    const View& from = op.from;
    FetchBox whole;
    whole.from.axes = row_major_axes(shape_of(from));
    const ImageTransfer what{from, whole, c.dram.scratch(c.layer(at.layer).output.value, at.image), Direction::store,
                             Ring::stores};
    for (const Residence& here : residences(c, ValueId(from.value), at.image)) transfer_rows(c, at, what, here);
}

namespace {

bool is_constant(const FetchBox& b) {
    return b.from.source == Strided::Source::constant || b.from.source == Strided::Source::literal;
}

/// The element type that the boxes of a fetch have in device DRAM.
DType dtype_there(const EmitContext& c, const FetchOp& op) {
    DType dtype = op.from_dtype;
    for (const FetchBox& b : op.boxes)
        if (b.from.source == Strided::Source::input)
            dtype = c.dram.dtype(c.input.graph.inputs[static_cast<std::size_t>(b.from.index)]);
    return dtype;
}

void fill_slots(EmitContext& c, const Where& at, const Residence& here, const Part& part, float number) {
    const Physical& phys = c.phys(part);
    for (int s = part.first_slot; s < part.first_slot + part.slots; ++s) {
        const std::int64_t first = here.base + c.slots().group_of(s) * here.group_step + here.rows.lo * phys.cols;
        const auto ap = make_access(Space::state_buffer, c.storage.first_partition(here.value, s, here.image),
                                    phys.lanes[static_cast<std::size_t>(s)], first * dtype_bytes(here.dtype),
                                    here.dtype, {{1, std::int64_t{here.rows.count()} * phys.cols}});
        c.builder.push(at, c.builder.pool(), program::Memset{ap, number}, {here.buffer});
    }
}

/// A value that is the same for all images is fetched only for the first one. False: it is already there.
bool make_place(EmitContext& c, const Where& at, const FetchOp& op, const Part& output) {
    const ValueId v = output.value;
    const bool whole = output.slots == c.phys(output).slots();
    const bool shared = c.input.options.batching && whole && !c.storage.is_array(v) && !c.storage.in_bands(v) &&
                        std::all_of(op.boxes.begin(), op.boxes.end(), is_constant);
    if (shared && c.storage.whole(v, at.image).buffer.exists()) return false;
    c.storage.ensure(v, at);
    if (shared) c.storage.set_whole_for_all(v, Place(c.storage.whole(v, at.image)));
    return true;
}

/// Box `index` of a fetch into `view`, and the type its elements have in device DRAM.
struct BoxOfFetch {
    const View& view;
    const FetchBox& box;
    std::size_t index = 0;
    DType dtype = DType::fp16;
};

/// Loads a constant from its copy in the order of the chip; false: it is read in its original order.
bool load_packed(EmitContext& c, const Where& at, const BoxOfFetch& what, const Residence& into) {
    const Strided& from = what.box.from;
    if (!c.input.options.packed_constants || !is_constant(what.box)) return false;
    const bool literal = from.source == Strided::Source::literal;
    const auto* numbers = literal ? &c.input.network.literals.at(static_cast<std::size_t>(from.index)) : nullptr;
    const TransferWalk walk = transfer_walk(what.view, c.value(into.value).phys, from, what.box.start, what.box.step,
                                            !holds_all_rows(c, into));
    const auto copy = packed(walk, dtype_bytes(what.dtype), numbers);
    if (!copy) return false;
    const DramTensor there = c.dram.packed_constant({at.layer, what.index}, from, *copy, what.dtype);
    for (const TransferWalk& part : resident_part(c, copy->walk, into))
        transfer(c, at, part, into, there.segment, 0, Direction::load, Ring::constants);
    return true;
}

}  // namespace

void emit_fetch(EmitContext& c, const Where& at, const FetchOp& op) {
    const Part& output = c.layer(at.layer).output;
    const ValueId v = output.value;
    if (!make_place(c, at, op, output)) return;
    const DType dtype = dtype_there(c, op);
    View to = op.to;  // a part of a concatenation may have been given another place since
    to.value = v;
    to.first_slot = output.first_slot;
    for (const Residence& home : residences(c, v, at.image)) {
        const bool converts = dtype != home.dtype;
        const Residence into = converts ? staged(c, at, home, dtype, "/as received", program::Purpose::spill) : home;
        if (op.fill) fill_slots(c, at, into, output, *op.fill);
        for (std::size_t i = 0; i < op.boxes.size(); ++i) {
            const FetchBox& b = op.boxes[i];
            if (load_packed(c, at, {to, b, i, dtype}, into)) continue;
            const Ring ring = is_constant(b) ? Ring::constants : Ring::inputs;
            transfer_rows(c, at, {to, b, c.dram.source(b.from, dtype, at.image), Direction::load, ring}, into);
        }
        if (converts) convert(c, at, into, home, to);
    }
}

}  // namespace infsim::compiler
