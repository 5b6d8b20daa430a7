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

/// The value of the one output (shape and element type as inferred), or empty if this operator is not folded.
/// Integers divide towards zero, as ONNX has it; integer results outside of +-2^53 would lose bits and do not
/// occur in shapes.
std::optional<std::vector<double>> fold_node(const Node& node, const std::vector<ConstantView>& operands,
                                             const Shape& shape, DType dtype);

}  // namespace infsim::graph
