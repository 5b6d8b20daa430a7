// The input of emission besides the plan.
#pragma once

#include "base/dtype.hpp"
#include "compiler/ir/network.hpp"
#include "compiler/options.hpp"
#include "graph/graph.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// Everything that all plans of a network have in common.
struct EmitInput {
    const graph::Graph& graph;
    const Network& network;
    const program::Target& target;
    int batch = 1;
    DType dtype = DType::fp16;     ///< of the computation
    DType io_dtype = DType::fp16;  ///< of graph inputs and outputs in device DRAM
    const CompileOptions& options;
};

}  // namespace infsim::compiler
