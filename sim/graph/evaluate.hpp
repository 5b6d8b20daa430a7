// Evaluation of nodes whose operands are all there, whatever their size: what the host runs, and more than folding
// does.
#pragma once

#include "graph/fold.hpp"

namespace infsim::graph {

/// Whether evaluate_node knows the operator (and split, which the builder takes apart).
bool evaluates(Op op);

/// As fold_node, for all operators of evaluates(); empty where these operands have no result (an index outside of its
/// axis, the largest of nothing).
std::optional<std::vector<double>> evaluate_node(const Node& node, const std::vector<ConstantView>& operands,
                                                 const Shape& shape, DType dtype);

}  // namespace infsim::graph
