// The compiler's face: Graph in, Program or the reason why there is none out.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "base/dtype.hpp"
#include "compiler/options.hpp"
#include "compiler/outcome.hpp"
#include "graph/graph.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

/// The capacities of a chip that a Program for it may rely on.
program::Target target_of(const hw::ChipSpec& spec);

/// What a caller may want of a compilation besides its outcome.
struct CompileExtras {
    bool explain = false;    ///< a refusal for want of state buffer says how much room would do, at the price of more
                             ///< allocations
    bool verify = false;     ///< the form that each pass leaves is verified; in Debug builds it always is
    std::string dump_after;  ///< one of pass_names(), or empty
    std::ostream* dump = nullptr;  ///< gets the text of the form that is there behind that pass
};

/// Compiles `graph` for `batch` images on one core. `dtype` (fp16, bf16, fp32) is what is computed in, `io_dtype`
/// what the graph's floating-point inputs and outputs are in device DRAM.
/// Throws InputError for what the compiler does not support (naming node and op) and for bad options, InternalError
/// where a verified form is wrong.
CompileResult compile(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype, DType io_dtype,
                      const CompileOptions& options, const CompileExtras& extras = {});

/// Why compile() would give no Program; empty where it would. Costs a part of it: stops at the first plan that fits, of
/// a search as well, and carries nothing out that cannot fail any more. Throws like compile().
std::optional<DoesNotFit> refusal_of(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype,
                                     DType io_dtype, const CompileOptions& options);

}  // namespace infsim::compiler
