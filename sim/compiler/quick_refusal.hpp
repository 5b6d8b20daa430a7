// Whether something fits, for callers who ask often and do not always need to know why not.
#pragma once

#include <optional>

#include "base/dtype.hpp"
#include "compiler/options.hpp"
#include "compiler/outcome.hpp"
#include "graph/graph.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

/// Like refusal_of(), but cheaper: if it is certain that nothing fits before the exact refusal is known, the refusal
/// has no text and its figures belong to another one.
std::optional<DoesNotFit> quick_refusal_of(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype,
                                           DType io_dtype, const CompileOptions& options);

}  // namespace infsim::compiler
