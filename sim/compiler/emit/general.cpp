// Tensors between the state buffer and scratch data in device DRAM, and reductions of what lies in a plane.
#include <algorithm>

#include "base/check.hpp"
#include "compiler/emit/emitter.hpp"
#include "compiler/emit/transfer_walk.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using program::Purpose;
using program::Space;

DType Emitter::dram_dtype(graph::TensorId tensor) const {
    switch (const DType t = graph_.tensor(tensor).dtype) {
        case DType::i64:
        case DType::i32: return DType::i32;
        case DType::u8:
        case DType::i8:
        case DType::boolean: return t;
        default: return io_dtype_;
    }
}

Emitter::Residence Emitter::residence(ValueId v, int image) const {
    const Place& p = place(v, image);
    const std::int64_t plane = value(v).phys.plane();
    return {v, image, p.buffer, value(v).dtype, p.images * plane, p.index * plane};
}

namespace {

/// Dimensions that do not fit an access pattern: one instruction for each of their indices.
struct OuterLoop {
    std::vector<FreeStep> steps;
    std::int64_t rounds = 1;

    explicit OuterLoop(const std::vector<FreeStep>& free) {
        if (free.size() > program::kAccessDims) steps.assign(free.begin(), free.end() - program::kAccessDims);
        for (const FreeStep& f : steps) rounds *= f.count;
    }
    /// Distance of round `round` from the first, here and there.
    std::pair<std::int64_t, std::int64_t> at(std::int64_t round) const {
        std::int64_t here = 0, there = 0;
        for (auto f = steps.rbegin(); f != steps.rend(); ++f) {
            here += round % f->count * f->here;
            there += round % f->count * f->there;
            round /= f->count;
        }
        return {here, there};
    }
};

/// Gives both sides of a DMA the inner dimensions of a walk.
void set_dimensions(const std::vector<FreeStep>& free, std::size_t outer, int element, program::AccessPattern& chip,
                    program::DramPattern& dram) {
    dram.step[program::kAccessDims - 1] = static_cast<std::uint32_t>(element);
    for (std::size_t i = outer; i < free.size(); ++i) {
        const FreeStep& f = free[i];
        const std::size_t d = program::kAccessDims - (free.size() - i);
        INFSIM_CHECK(f.here <= 65535 && f.count <= 65535, "a step or count exceeds 16 bits");
        chip.step[d] = static_cast<std::uint16_t>(f.here);
        chip.count[d] = dram.count[d] = static_cast<std::uint16_t>(f.count);
        dram.step[d] = static_cast<std::uint32_t>(f.there * element);
    }
}

}  // namespace

void Emitter::transfer(const TransferWalk& walk, const Residence& at, std::uint32_t segment,
                       std::int64_t segment_offset, bool load, int ring_number) {
    const OuterLoop loop(walk.free);
    const int element = dtype_bytes(at.dtype), half = target_.sb_partitions / 2, slots = value(at.value).phys.slots();
    for (const LaneRun& run : walk.runs)
        for (std::int64_t round = 0; round < loop.rounds; ++round) {
            const auto [here, there] = loop.at(round);
            const std::int64_t first = at.base + (slots > 1 ? run.slot / 2 : 0) * at.group_step + run.here + here;
            program::AccessPattern chip =
                make_access(Space::state_buffer, half_of(at.value, run.slot, at.image) * half + run.lane, run.lanes,
                            first * element, at.dtype, {});
            program::DramPattern dram;
            dram.segment = segment;
            dram.offset = static_cast<std::uint32_t>((segment_offset + run.there + there) * element);
            dram.partition_step = static_cast<std::uint32_t>(run.lane_there * element);
            set_dimensions(walk.free, loop.steps.size(), element, chip, dram);
            if (load) push(ring(next_engine_++, ring_number), program::DmaLoad{dram, chip}, {at.buffer});
            else push(ring(next_engine_++, ring_number), program::DmaStore{chip, dram}, {at.buffer});
        }
}

void Emitter::convert(const Residence& from, const Residence& to, const View& view) {
    const Physical& phys = value(to.value).phys;
    const int half = target_.sb_partitions / 2;
    for (int s = 0; s < view.slots; ++s) {
        const int slot = view.first_slot + s, lanes = phys.lanes[static_cast<std::size_t>(slot)];
        const int group = phys.slots() > 1 ? slot / 2 : 0, start = half_of(to.value, slot, to.image) * half;
        program::Activate cast;
        cast.src = make_access(Space::state_buffer, start, lanes,
                               (from.base + group * from.group_step) * dtype_bytes(from.dtype), from.dtype,
                               {{1, phys.plane()}});
        cast.dst =
            make_access(Space::state_buffer, start, lanes, (to.base + group * to.group_step) * dtype_bytes(to.dtype),
                        to.dtype, {{1, phys.plane()}});
        push(act(), cast, {from.buffer, to.buffer});
    }
}

Emitter::Residence Emitter::staged(ValueId v, int image, DType dtype, const char* suffix, Purpose purpose) {
    const Physical& phys = value(v).phys;
    Half half = Half::both;
    if (phys.slots() == 1) half = half_of(v, 0, image) == 1 ? Half::upper : Half::lower;
    const BufferId b =
        new_buffer(value(v).name + suffix, phys.groups() * phys.plane() * dtype_bytes(dtype), half, purpose);
    return {v, image, b, dtype, phys.plane(), 0};
}

std::uint32_t Emitter::scratch_segment(ValueId v) {
    const auto found = scratch_segment_.find(v);
    if (found != scratch_segment_.end()) return found->second;
    program::Segment s;
    s.name = value(v).name;
    s.purpose = Purpose::spill;
    s.dtype = value(v).dtype;
    s.region = static_cast<std::uint8_t>(options_.activations_region);
    s.bytes = value(v).scratch_elements * dtype_bytes(s.dtype) * batch_;
    code_.segments.push_back(std::move(s));
    return scratch_segment_[v] = static_cast<std::uint32_t>(code_.segments.size()) - 1;
}

std::uint32_t Emitter::operand_segment(const Strided& from, DType dtype) {
    const auto key = std::make_tuple(from.source == Strided::Source::literal, from.index, dtype);
    const auto found = operand_segment_.find(key);
    if (found != operand_segment_.end()) return found->second;
    program::Segment s;
    s.purpose = Purpose::constants;
    s.dtype = dtype;
    s.region = static_cast<std::uint8_t>(options_.activations_region);
    const int element = dtype_bytes(dtype);
    program::RecipeBox box;
    box.segment_step[0] = element;
    if (from.source == Strided::Source::literal) {
        const auto& values = net_.literals.at(static_cast<std::size_t>(from.index));
        s.name = "literal " + std::to_string(from.index);
        s.bytes = static_cast<std::int64_t>(values.size()) * element;
        box.tensor = program::kLiteral;
        for (std::size_t i = 0; i < values.size(); ++i) {
            box.segment_offset = static_cast<std::int64_t>(i) * element;
            box.literal = values[i];
            if (values[i] != 0) s.recipe.push_back(box);
        }
    } else {
        const graph::Tensor& tensor = graph_.tensor(from.index);
        s.name = tensor.name + "/operand";
        s.tensors = {tensor.name};
        box.count[0] = graph::element_count(tensor.shape);
        box.tensor_step[0] = 1;
        s.bytes = box.count[0] * element;
        s.recipe.push_back(box);
    }
    code_.segments.push_back(std::move(s));
    return operand_segment_[key] = static_cast<std::uint32_t>(code_.segments.size()) - 1;
}

void Emitter::emit_store(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const View& from = std::get<StoreOp>(l.op).from;
    Strided there;
    there.axes = row_major_axes(shape_of(from));
    transfer(transfer_walk(from, value(from.value).phys, there, {}, {}), residence(from.value, image),
             scratch_segment(l.output.value), image * value(l.output.value).scratch_elements, false, 3);
}

std::pair<std::uint32_t, std::int64_t> Emitter::fetch_source(const Strided& from, DType dram) {
    const auto index = static_cast<std::size_t>(from.index);
    switch (from.source) {
        case Strided::Source::scratch: return {scratch_segment(from.index), value(from.index).scratch_elements};
        case Strided::Source::input:
            return {input_segment_.at(index), graph::element_count(graph_.tensor(graph_.inputs.at(index)).shape)};
        case Strided::Source::constant:
        case Strided::Source::literal: break;
    }
    return {operand_segment(from, dram), 0};
}

void Emitter::fill_slots(const Residence& at, const Part& part, float number) {
    const Physical& phys = value(at.value).phys;
    for (int s = part.first_slot; s < part.first_slot + part.slots; ++s) {
        const std::int64_t first = at.base + (phys.slots() > 1 ? s / 2 : 0) * at.group_step;
        const auto ap = make_access(Space::state_buffer, half_of(at.value, s, at.image) * target_.sb_partitions / 2,
                                    phys.lanes[static_cast<std::size_t>(s)], first * dtype_bytes(at.dtype), at.dtype,
                                    {{1, phys.plane()}});
        push(pool(), program::Memset{ap, number}, {at.buffer});
    }
}

void Emitter::emit_fetch(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<FetchOp>(l.op);
    const ValueId v = l.output.value;
    const auto is_constant = [](const FetchBox& b) {
        return b.from.source == Strided::Source::constant || b.from.source == Strided::Source::literal;
    };
    const bool whole = l.output.slots == value(v).phys.slots();
    const bool shared =
        options_.batching && whole && !is_array(v) && std::all_of(op.boxes.begin(), op.boxes.end(), is_constant);
    auto& places = places_[static_cast<std::size_t>(v)];
    if (shared && places[static_cast<std::size_t>(image)].buffer != kNoBuffer) return;  // loaded for the first image
    ensure_storage(v, image);
    if (shared) std::fill(places.begin(), places.end(), places[static_cast<std::size_t>(image)]);

    DType dram = op.from_dtype;
    for (const FetchBox& b : op.boxes)
        if (b.from.source == Strided::Source::input)
            dram = dram_dtype(graph_.inputs[static_cast<std::size_t>(b.from.index)]);
    const Residence home = residence(v, image);
    const Residence into = dram == home.dtype ? home : staged(v, image, dram, "/as received", Purpose::spill);
    if (op.fill) fill_slots(into, l.output, *op.fill);
    View to = op.to;  // a part of a concatenation may have been given its place since
    to.value = v;
    to.first_slot = l.output.first_slot;
    for (const FetchBox& b : op.boxes) {
        const auto [segment, item] = fetch_source(b.from, dram);
        transfer(transfer_walk(to, value(v).phys, b.from, b.start, b.step), into, segment, image * item, true,
                 is_constant(b) ? 2 : 1);
    }
    if (into.buffer != home.buffer) convert(into, home, to);
}

void Emitter::emit_reduce(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<ReduceOp>(l.op);
    ensure_storage(l.output.value, image);
    const Physical &from = value(l.inputs[0].value).phys, &to = value(l.output.value).phys;
    for (const LaneChunk& c : chunks({l.inputs[0], l.output})) {
        Operand src = access(l.inputs[0].value, l.inputs[0].first_slot + c.slot, c.lanes, image,
                             {0, from.rows, 1, 0, from.cols, 1});
        const Operand dst =
            access(l.output.value, l.output.first_slot + c.slot, c.lanes, image, {0, to.rows, 1, 0, to.cols, 1});
        src.ap.step = {0, 0, static_cast<std::uint16_t>(op.inner), 1};
        src.ap.count = {1, 1, static_cast<std::uint16_t>(to.plane()), static_cast<std::uint16_t>(op.inner)};
        push(pool(), program::Reduce{src.ap, dst.ap, op.scale, op.op, 1}, {src.buffer, dst.buffer});
    }
}

}  // namespace infsim::compiler
