// What a compilation reports about its Program, or about why there is none.
#pragma once

#include "compiler/ir/network.hpp"
#include "compiler/ir/placement.hpp"
#include "compiler/memory/budget.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

std::vector<program::LayerInfo> layer_infos(const Network& network);
/// Computes LayerInfo::weight_bytes from the segments.
void add_weight_bytes(program::Program& program);
/// What the placement did, layer by layer.
MemoryReport memory_report(const program::Program& program, const Placement& placement, const Budget& budget);
/// Bytes of spills and of relayouts that DMA instructions move, in one run of the program.
void add_scratch_bytes(const program::Program& program, MemoryReport& report);

}  // namespace infsim::compiler
