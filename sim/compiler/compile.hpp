// The compiler's interface: a Graph in; a Program, or the reason why there is none, out.
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

/// The capacities of a chip that its Programs may rely on.
program::Target target_of(const hw::ChipSpec& spec);

/// What a caller may want from a compilation besides its outcome.
struct CompileExtras {
    bool explain = false;    ///< a refusal for lack of state buffer also says how much would do (more allocations)
    bool verify = false;     ///< verify the form after each pass; always on in Debug builds
    std::string dump_after;  ///< one of pass_names(), or empty
    std::ostream* dump = nullptr;  ///< receives the text of the form after that pass
};

/// Compiles `graph` for `batch` images on one core. `dtype` (fp16, bf16, fp32) is the type of the computation,
/// `io_dtype` the type of the graph's floating-point inputs and outputs in device DRAM.
/// Throws InputError for what the compiler does not support (naming node and op) and for bad options, InternalError if
/// a form fails verification.
CompileResult compile(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype, DType io_dtype,
                      const CompileOptions& options, const CompileExtras& extras = {});

/// Why compile() would give no Program; empty if it would. Cheaper than compile(): it stops at the first plan that
/// fits, also in a search, and does not carry out steps that can no longer fail. Throws like compile().
std::optional<DoesNotFit> refusal_of(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype,
                                     DType io_dtype, const CompileOptions& options);

}  // namespace infsim::compiler
