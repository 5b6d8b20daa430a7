// Evaluation of nodes whose operands are all known, whatever their size: what the host runs. It covers more operators
// than folding.
#pragma once

#include "graph/fold.hpp"

namespace infsim::graph {

/// Whether evaluate_node knows the operator (or it is split, which the builder decomposes).
bool evaluates(Op op);

/// Like fold_node, for all operators of evaluates(); empty if these operands have no result (an index outside its
/// axis, the maximum of no elements).
std::optional<std::vector<double>> evaluate_node(const Node& node, const std::vector<ConstantView>& operands,
                                                 const Shape& shape, DType dtype);

}  // namespace infsim::graph
