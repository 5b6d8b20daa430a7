// Which layers read the values of a network.
#pragma once

#include <vector>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Which layers read each value, in layer order.
IdVector<ValueId, std::vector<LayerId>> readers_of(const Network& network);

}  // namespace infsim::compiler
