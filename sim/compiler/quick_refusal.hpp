// Whether something fits, for those who ask often and do not always need to be told why not.
#pragma once

#include <optional>

#include "base/dtype.hpp"
#include "compiler/options.hpp"
#include "compiler/outcome.hpp"
#include "graph/graph.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

/// Like refusal_of(), for less: where it is sure that nothing fits before it is known what exactly would be refused,
/// the refusal has no text and its figures are another one's.
std::optional<DoesNotFit> quick_refusal_of(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype,
                                           DType io_dtype, const CompileOptions& options);

}  // namespace infsim::compiler
