#include "chip/walk.hpp"

#include "program/operands.hpp"

namespace infsim::chip {

DramWalk walk_of(const program::Instruction& instruction) {
    DramWalk walk;
    const auto dram = program::accesses(instruction.op).dram;
    if (!dram) return walk;
    walk.run = dram->element_bytes;
    walk.count[0] = dram->rows;
    walk.step[0] = dram->pattern.partition_step;
    for (int d = 0; d < program::kAccessDims; ++d) {
        walk.count[d + 1] = dram->pattern.count[d];
        walk.step[d + 1] = dram->pattern.step[d];
    }
    for (int d = DramWalk::kDims - 1; d >= 0; --d) {  // merges inner dimensions whose runs are adjacent
        if (walk.count[d] > 1 && walk.step[d] != walk.run) break;
        walk.run *= walk.count[d];
        walk.count[d] = 1;
    }
    return walk;
}

}  // namespace infsim::chip
