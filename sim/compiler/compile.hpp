// The compiler's face: Graph in, Program or the reason why there is none out.
#pragma once

#include "base/dtype.hpp"
#include "compiler/options.hpp"
#include "compiler/outcome.hpp"
#include "graph/graph.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

/// The capacities of a chip that a Program for it may rely on.
program::Target target_of(const hw::ChipSpec& spec);

/// Compiles `graph` for `batch` images on one core. `dtype` (fp16, bf16, fp32) is what is computed in, `io_dtype`
/// what the graph's floating-point inputs and outputs are in device DRAM.
/// `explain`: a refusal for want of state buffer says how much room would do, at the price of more placements.
/// Throws InputError for what the compiler does not support (naming node and op) and for bad options.
CompileResult compile(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype, DType io_dtype,
                      const CompileOptions& options, bool explain = false);

}  // namespace infsim::compiler
