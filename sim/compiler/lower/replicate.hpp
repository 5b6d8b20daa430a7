// replicate: copies of a low-channel input, one per filter row, in idle partitions.
#pragma once

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// replicate: puts a ReplicateOp in front of every convolution of a graph input whose copies, one per filter row, fit
/// into the rows of the PE array and into one slot.
void replicate_inputs(Network& network);

}  // namespace infsim::compiler
