// stem: the layers that stream from a graph input to the first pool.
#pragma once

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Number of layers, from the first one on, that stream in row stripes: from a graph input through convolutions and
/// pools that nothing else reads, up to the first pool; without a pool only the first convolution. 0 if the network
/// does not begin with such a layer on an image.
int stem_length(const Network& network);

}  // namespace infsim::compiler
