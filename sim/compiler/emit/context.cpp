#include "compiler/emit/context.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/emit/emission_ends.hpp"

namespace infsim::compiler {

using program::Space;

EmitContext::EmitContext(const EmitInput& in, const Plan& p, CodeBuilder code)
    : input(in),
      plan(p),
      rows(in.network),
      builder(std::move(code)),
      storage(in, p, builder),
      dram(in, p, builder),
      constants(in, p, storage, builder),
      weights(in, p, storage, builder) {}

int most_moving(const EmitContext& c) {
    return static_cast<int>(std::min<std::int64_t>(c.input.target.max_moving, c.input.target.psum_bank_bytes / 4));
}

void need_bank(const EmitContext& c, LayerId layer, int elements) {
    if (elements <= most_moving(c)) return;
    DoesNotFit no;
    no.resource = resource::psum;
    no.unit = "B/partition";
    no.layer = c.layer(layer).name;
    no.wanted_bytes = std::int64_t{elements} * 4;
    no.available_bytes = std::int64_t{most_moving(c)} * 4;
    no.text = fmt::format("layer {} needs {} bytes of one PSUM bank per partition in one instruction, {} can be used",
                          no.layer, no.wanted_bytes, no.available_bytes);
    throw EmissionEnds{std::move(no)};
}

Operand psum(const EmitContext& c, int bank, int lanes, std::int64_t offset, std::initializer_list<Step> steps) {
    return {make_access(Space::psum, 0, lanes, bank * c.input.target.psum_bank_bytes + offset * 4, DType::fp32, steps),
            kNoBuffer};
}

Operand scratch(EmitContext& c, const Where& at, const char* name, int first, int lanes, std::int64_t elements,
                DType dtype) {
    const Half where = half_of(first, lanes, c.input.target.sb_partitions);
    const BufferId b =
        c.builder.new_buffer(at.layer, name, elements * dtype_bytes(dtype), where, program::Purpose::spill);
    c.builder.let_rotate(b);
    return {make_access(Space::state_buffer, first, lanes, 0, dtype, {{1, elements}}), b};
}

std::vector<LaneChunk> contracted(const EmitContext& c, const std::vector<LaneChunk>& chunks) {
    const int rows = c.slots().pe_rows;
    std::vector<LaneChunk> list;
    for (const LaneChunk& k : chunks)
        for (int lane = 0; lane < k.lanes; lane += rows)
            list.push_back({k.slot, k.slots, std::min(rows, k.lanes - lane), k.first_lane + lane});
    return list;
}

program::ScalarOperand channel_scalar(const EmitContext& c, const Part& part, const ChannelConstants& constants,
                                      int slot, int which) {
    const int at = part.first_slot % c.slots().ways + slot;
    return program::ScalarOperand::per_partition(
        static_cast<std::uint32_t>(constants.offset + (c.slots().group_of(at) * constants.count + which) * 4),
        static_cast<std::uint16_t>(c.slots().partition_of(at)), DType::fp32);
}

void push_activate(EmitContext& c, const Where& at, const Operand& src, const Operand& dst,
                   program::ActFunction function, float scale) {
    program::Activate activate;
    activate.src = src.ap;
    activate.dst = dst.ap;
    activate.scale = scale;
    activate.function = function;
    c.builder.push(at, c.builder.act(), activate, {src.buffer, dst.buffer});
}

void push_copy(EmitContext& c, const Where& at, const Operand& src, const Operand& dst) {
    program::TensorScalar copy;
    copy.src = src.ap;
    copy.dst = dst.ap;
    c.builder.push(at, c.builder.pool(), copy, {src.buffer, dst.buffer});
}

}  // namespace infsim::compiler
