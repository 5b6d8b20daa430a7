#include "compiler/emit/transfers.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::compiler {

using program::Purpose;
using program::Space;

Residence residence(const EmitContext& c, ValueId v, ImageId image) {
    const Place& p = c.storage.place(v, image);
    const std::int64_t plane = c.value(v).phys.plane();
    return {v, image, p.buffer, c.value(v).dtype, p.images * plane, p.index * plane};
}

Residence staged(EmitContext& c, const Where& at, ValueId v, DType dtype, const char* suffix, Purpose purpose) {
    const Physical& phys = c.value(v).phys;
    const BufferId b =
        c.builder.new_buffer(at.layer, c.value(v).name + suffix, phys.groups() * phys.plane() * dtype_bytes(dtype),
                             c.storage.partitions_of(v, at.image), purpose);
    return {v, at.image, b, dtype, phys.plane(), 0};
}

void convert(EmitContext& c, const Where& at, const Residence& from, const Residence& to, const View& view) {
    const Physical& phys = c.value(to.value).phys;
    for (int s = 0; s < view.slots; ++s) {
        const int slot = view.first_slot + s, lanes = phys.lanes[static_cast<std::size_t>(slot)];
        const int group = phys.slots() > 1 ? slot / 2 : 0;
        const int start = c.storage.half_of(to.value, slot, to.image) * c.half();
        const auto plane_of = [&](const Residence& r) {
            return Operand{
                make_access(Space::state_buffer, start, lanes, (r.base + group * r.group_step) * dtype_bytes(r.dtype),
                            r.dtype, {{1, phys.plane()}}),
                r.buffer};
        };
        push_activate(c, at, plane_of(from), plane_of(to));
    }
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

void transfer(EmitContext& c, const Where& at, const TransferWalk& walk, const Residence& here, std::uint32_t segment,
              std::int64_t offset, Direction direction, Ring ring) {
    const OuterLoop loop(walk.free);
    const int element = dtype_bytes(here.dtype), slots = c.value(here.value).phys.slots();
    for (const LaneRun& run : walk.runs)
        for (std::int64_t round = 0; round < loop.rounds; ++round) {
            const auto [on_chip, there] = loop.at(round);
            const std::int64_t first =
                here.base + (slots > 1 ? run.slot / 2 : 0) * here.group_step + run.here + on_chip;
            const int start = c.storage.half_of(here.value, run.slot, here.image) * c.half() + run.lane;
            program::AccessPattern chip =
                make_access(Space::state_buffer, start, run.lanes, first * element, here.dtype, {});
            program::DramPattern dram;
            dram.segment = segment;
            dram.offset = static_cast<std::uint32_t>((offset + run.there + there) * element);
            dram.partition_step = static_cast<std::uint32_t>(run.lane_there * element);
            set_dimensions(walk.free, loop.steps.size(), element, chip, dram);
            const std::uint8_t queue = c.builder.next_ring(ring);
            if (direction == Direction::load) c.builder.push(at, queue, program::DmaLoad{dram, chip}, {here.buffer});
            else c.builder.push(at, queue, program::DmaStore{chip, dram}, {here.buffer});
        }
}

}  // namespace infsim::compiler
