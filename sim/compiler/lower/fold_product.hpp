// What a product of activations can do while its sums leave PSUM: apply a factor, add a row.
#pragma once

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// Multiplies or divides (`op`) the product that made tensor `id` by `number`; the output of `node` is then the
/// product's. False if no product made it for this node alone, or if a row has already been added.
bool fold_factor(Lowering& low, const graph::Node& node, program::AluOp op, graph::TensorId id, double number);

/// Adds a row that lies on every partition to the product that made tensor `id`, and moves the product after the layer
/// that spreads the row. False if no product made it for this node alone, or if a row has already been added.
bool fold_row(Lowering& low, const graph::Node& node, graph::TensorId id, const View& row);

}  // namespace infsim::compiler
