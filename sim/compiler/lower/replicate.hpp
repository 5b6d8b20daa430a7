// replicate: copies of a low-channel input, one per filter row, in idle partitions.
#pragma once

#include <cstdint>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// replicate: puts a ReplicateOp before every convolution of a graph input whose copies, one per filter row, fit into
/// the rows of the PE array and into one slot. If a filter skips rows, a copy has only the rows where it starts, each a
/// separate run; or, if a row is shorter than its share of `whole_from` bytes, all rows in one run. `whole_from` 0:
/// never.
void replicate_inputs(Network& network, std::int64_t whole_from = 0);

}  // namespace infsim::compiler
