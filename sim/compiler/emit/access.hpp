// Access patterns, and the small types with which emission describes stretches of tensors.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "compiler/ir/fused_layers.hpp"
#include "compiler/ir/ids.hpp"
#include "program/instruction.hpp"

namespace infsim::compiler {

/// An operand: where it is inside a buffer.
struct Operand {
    program::AccessPattern ap;
    BufferId buffer = kNoBuffer;
};

/// A strided rectangle of one channel plane, in rows and columns of the tensor.
struct Rect {
    int row = 0, rows = 1, row_step = 1;
    int col = 0, cols = 1, col_step = 1;
};

/// One step of an access pattern, outermost first.
struct Step {
    std::int64_t step = 0;
    std::int64_t count = 1;
};

/// A stretch of partitions that one instruction can cover: slots of one group, most often all of them.
struct LaneChunk {
    int slot = 0;
    int slots = 1;
    int lanes = 0;
    int first_lane = 0;  ///< counted from the first lane of the slot
};

/// The same operand from lane `lane` on; the number of lanes does not change.
inline Operand from_lane(Operand o, int lane) {
    o.ap.partition_start = static_cast<std::uint16_t>(o.ap.partition_start + lane);
    return o;
}

/// `n` as a step or count of an access pattern. Throws EmissionEnds if it takes more than 16 bits.
std::uint16_t step_or_count(std::int64_t n);

/// An access pattern over `steps` (in elements), with contiguous dimensions merged, unit ones dropped
/// and counts of more than 16 bits split in two. `offset` is in bytes. Throws EmissionEnds.
program::AccessPattern make_access(program::Space space, int partition_start, int partition_count, std::int64_t offset,
                                   DType dtype, std::initializer_list<Step> steps);

}  // namespace infsim::compiler
