// Graph to Network: fusion, and a layout for every tensor.
#pragma once

#include "compiler/ir/network.hpp"
#include "compiler/options.hpp"

namespace infsim::compiler {

/// Lowers every node to layers over values with a physical layout, fusing bias, activation and residual add into the
/// evacuation of PSUM. Throws InputError naming the first node whose operator or layout is not supported. Only the
/// options of the group `lower` matter.
Network lower(const graph::Graph& graph, DType dtype, const SlotGeometry& slots, const CompileOptions& options = {});

}  // namespace infsim::compiler
