#include "compiler/emit/transfers.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::compiler {

using program::Purpose;
using program::Space;

namespace {

Residence at_place(const EmitContext& c, ValueId v, ImageId image, const Place& p) {
    const Value& value = c.value(v);
    const std::int64_t plane = std::int64_t{p.rows} * value.phys.cols;
    return {v,
            image,
            p.buffer,
            value.dtype,
            p.images * plane,
            p.index * plane - std::int64_t{p.row0} * value.phys.cols,
            {p.row0, p.row0 + p.rows}};
}

}  // namespace

Residence residence(const EmitContext& c, ValueId v, ImageId image) {
    const Place& p = c.storage.place(v, image);
    return at_place(c, v, image, p);
}

std::vector<Residence> residences(const EmitContext& c, ValueId v, ImageId image) {
    if (!c.storage.in_bands(v)) return {residence(c, v, image)};
    std::vector<Residence> list;
    for (const Place& band : c.storage.bands(v, image)) list.push_back(at_place(c, v, image, band));
    return list;
}

Residence staged(EmitContext& c, const Where& at, const Residence& like, DType dtype, const char* suffix,
                 Purpose purpose) {
    const Value& value = c.value(like.value);
    const std::int64_t plane = std::int64_t{like.rows.count()} * value.phys.cols;
    const BufferId b =
        c.builder.new_buffer(at.layer, value.name + suffix,
                             elements_per_partition(c.slots(), value.phys, like.rows.count()) * dtype_bytes(dtype),
                             c.storage.partitions_of(like.value, at.image), purpose);
    return {like.value, at.image, b, dtype, plane, -std::int64_t{like.rows.lo} * value.phys.cols, like.rows};
}

void convert(EmitContext& c, const Where& at, const Residence& from, const Residence& to, const View& view) {
    const Physical& phys = c.value(to.value).phys;
    for (int s = 0; s < view.slots; ++s) {
        const int slot = view.first_slot + s, lanes = phys.lanes[static_cast<std::size_t>(slot)];
        const int group = c.slots().group_of(slot), start = c.storage.first_partition(to.value, slot, to.image);
        const auto plane_of = [&](const Residence& r) {
            return Operand{make_access(Space::state_buffer, start, lanes,
                                       (r.base + group * r.group_step + r.rows.lo * phys.cols) * dtype_bytes(r.dtype),
                                       r.dtype, {{1, std::int64_t{r.rows.count()} * phys.cols}}),
                           r.buffer};
        };
        push_activate(c, at, plane_of(from), plane_of(to));
    }
}

namespace {

/// Dimensions that do not fit an access pattern: one instruction per index.
struct OuterLoop {
    std::vector<FreeStep> steps;
    std::int64_t rounds = 1;

    /// Takes what does not fit out of `free`: steps or counts of more than 16 bits, more than four dimensions.
    explicit OuterLoop(std::vector<FreeStep>& free) {
        std::vector<FreeStep> inner;
        for (const FreeStep& f : free) (std::max(f.here, f.count) > program::kMostCounted ? steps : inner).push_back(f);
        if (inner.size() > program::kAccessDims) {
            const auto end = inner.end() - program::kAccessDims;
            steps.insert(steps.end(), inner.begin(), end);
            inner.erase(inner.begin(), end);
        }
        free = std::move(inner);
        for (const FreeStep& f : steps) rounds *= f.count;
    }
    /// Distance of round `round` from the first one, here and there.
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
void set_dimensions(const std::vector<FreeStep>& free, int element, program::AccessPattern& chip,
                    program::DramPattern& dram) {
    dram.step[program::kAccessDims - 1] = static_cast<std::uint32_t>(element);
    for (std::size_t i = 0; i < free.size(); ++i) {
        const FreeStep& f = free[i];
        const std::size_t d = program::kAccessDims - (free.size() - i);
        chip.step[d] = static_cast<std::uint16_t>(f.here);
        chip.count[d] = dram.count[d] = static_cast<std::uint16_t>(f.count);
        dram.step[d] = static_cast<std::uint32_t>(f.there * element);
    }
}

}  // namespace

void transfer(EmitContext& c, const Where& at, const TransferWalk& walk, const Residence& here, std::uint32_t segment,
              std::int64_t offset, Direction direction, Ring ring) {
    std::vector<FreeStep> free = walk.free;
    const OuterLoop loop(free);
    const int element = dtype_bytes(here.dtype);
    for (const LaneRun& run : walk.runs)
        for (std::int64_t round = 0; round < loop.rounds; ++round) {
            const auto [on_chip, there] = loop.at(round);
            const std::int64_t first = here.base + c.slots().group_of(run.slot) * here.group_step + run.here + on_chip;
            const int start = c.storage.first_partition(here.value, run.slot, here.image) + run.lane;
            program::AccessPattern chip =
                make_access(Space::state_buffer, start, run.lanes, first * element, here.dtype, {});
            program::DramPattern dram;
            dram.segment = segment;
            dram.offset = static_cast<std::uint32_t>((offset + run.there + there) * element);
            dram.partition_step = static_cast<std::uint32_t>(run.lane_there * element);
            set_dimensions(free, element, chip, dram);
            const std::uint8_t queue = c.builder.next_ring(ring);
            if (direction == Direction::load) c.builder.push(at, queue, program::DmaLoad{dram, chip}, {here.buffer});
            else c.builder.push(at, queue, program::DmaStore{chip, dram}, {here.buffer});
        }
}

bool holds_all_rows(const EmitContext& c, const Residence& here) {
    return here.rows.count() == c.value(here.value).phys.rows;
}

std::vector<TransferWalk> resident_part(const EmitContext& c, const TransferWalk& walk, const Residence& here) {
    if (holds_all_rows(c, here)) return {walk};
    return within_rows(walk, c.value(here.value).phys.cols, here.rows);
}

void transfer_rows(EmitContext& c, const Where& at, const ImageTransfer& what, const Residence& here) {
    const std::int64_t offset = what.there.first_element(at.image);
    const TransferWalk walk = transfer_walk(what.view, c.value(here.value).phys, what.box.from, what.box.start,
                                            what.box.step, !holds_all_rows(c, here));
    for (const TransferWalk& part : resident_part(c, walk, here))
        transfer(c, at, part, here, what.there.segment, offset, what.direction, what.ring);
}

}  // namespace infsim::compiler
