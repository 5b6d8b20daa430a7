// Evaluation of nodes whose operands are small constants: the shape arithmetic that exporters write as nodes.
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

/// A constant with its values, row-major.
struct ConstantView {
    Shape shape;
    DType dtype = DType::fp32;
    std::vector<double> values;
};

/// The value of the only output (shape and element type as inferred), or empty if this operator is not folded.
/// Integer division rounds towards zero, as in ONNX; integer results outside +-2^53 would lose bits and do not
/// occur in shapes.
std::optional<std::vector<double>> fold_node(const Node& node, const std::vector<ConstantView>& operands,
                                             const Shape& shape, DType dtype);

}  // namespace infsim::graph
