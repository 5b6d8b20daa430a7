// What the functions that emit a layer receive, and the operands that several of them need.
#pragma once

#include <string>
#include <vector>

#include "compiler/emit/constants.hpp"
#include "compiler/emit/dram_segments.hpp"
#include "compiler/emit/storage.hpp"
#include "compiler/emit/weights.hpp"

namespace infsim::compiler {

struct EmitContext {
    const EmitInput& input;
    const Plan& plan;
    NetworkRows rows;
    CodeBuilder builder;
    ValueStorage storage;
    DramSegments dram;
    Constants constants;
    Weights weights;

    EmitContext(const EmitInput& in, const Plan& p, CodeBuilder code);
    EmitContext(const EmitContext&) = delete;

    const Layer& layer(LayerId l) const { return input.network.layers[l]; }
    const Value& value(ValueId v) const { return input.network.values[v]; }
    const Physical& phys(const Part& part) const { return value(part.value).phys; }
    /// Channels of slot `slot` of a part.
    int lanes(const Part& part, int slot) const {
        const int of_value = part.first_slot + slot;
        return phys(part).lanes[static_cast<std::size_t>(of_value)];
    }
    const SlotGeometry& slots() const { return input.network.slots; }
    int half() const { return input.target.sb_partitions / 2; }
};

/// `rect` of a slot of a part, counted from the part's first slot; see ValueStorage::access().
inline Operand access(const EmitContext& c, const Part& part, int slot, int lanes, ImageId image, const Rect& rect,
                      int images = 1) {
    return c.storage.access(part.value, part.first_slot + slot, lanes, image, rect, images);
}

/// Elements per partition that one matmul can move and one PSUM bank can take.
int most_moving(const EmitContext& c);
/// Throws EmissionEnds unless one PSUM bank holds `elements` fp32 sums.
void need_bank(const EmitContext& c, LayerId layer, int elements);
/// `offset` and `steps` in fp32 elements of the bank.
Operand psum(const EmitContext& c, int bank, int lanes, std::int64_t offset, std::initializer_list<Step> steps);
/// A short-lived buffer of `elements` per partition, from partition `first` on.
Operand scratch(EmitContext& c, const Where& at, const char* name, int first, int lanes, std::int64_t elements,
                DType dtype);
/// The same chunks in pieces that the PE array contracts in one matmul: with at most as many lanes as it has rows.
std::vector<LaneChunk> contracted(const EmitContext& c, const std::vector<LaneChunk>& chunks);
/// Constant number `which` of the channels of slot `slot` of a part, as laid out by Constants::channels() in all slots
/// of a group.
program::ScalarOperand channel_scalar(const EmitContext& c, const Part& part, const ChannelConstants& constants,
                                      int slot, int which);
/// dst = function(src * scale), by ACT.
void push_activate(EmitContext& c, const Where& at, const Operand& src, const Operand& dst,
                   program::ActFunction function = program::ActFunction::identity, float scale = 1.0F);
/// dst = src, by POOL.
void push_copy(EmitContext& c, const Where& at, const Operand& src, const Operand& dst);

}  // namespace infsim::compiler
