// replicate: copies of a low-channel input, one per filter row, in idle partitions.
#pragma once

#include <cstdint>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// replicate: puts a ReplicateOp in front of every convolution of a graph input whose copies, one per filter row, fit
/// into the rows of the PE array and into one slot. Where a filter steps over rows, a copy has the rows it starts at,
/// each a run of its own; or, where a row is shorter than its share of `whole_from` bytes, all of them in one run. 0:
/// never.
void replicate_inputs(Network& network, std::int64_t whole_from = 0);

}  // namespace infsim::compiler
