// batch + tile: how the loops over images and weight slabs are nested, from the fastest to the most frugal way.
#pragma once

#include <vector>

#include "compiler/emit/emitter.hpp"
#include "compiler/network.hpp"

namespace infsim::compiler {

/// Number of layers from the first one that stream in row stripes: from a graph input through convolutions and
/// pools that nothing else reads, up to the first pool; without a pool only the first convolution. 0 when the network
/// does not begin with such a layer on an image.
int stem_length(const Network& network);

/// replicate: puts a ReplicateOp in front of every convolution of a graph input whose copies, one per filter row, fit
/// into the rows of the PE array and into one slot (`slot_channels`).
void replicate_inputs(Network& network, int slot_channels);

/// Plans to try in turn; the first that fits is taken.
std::vector<Plan> plans(const Network& network, const program::Target& target, int batch, DType dtype,
                        const CompileOptions& options);

/// The most frugal plan of all, for spilling within `budget` bytes per partition: images in bands of rows, so that no
/// tensor has to be there as a whole.
Plan banded_plan(const Network& network, const program::Target& target, DType dtype, const CompileOptions& options,
                 std::int64_t budget);

}  // namespace infsim::compiler
