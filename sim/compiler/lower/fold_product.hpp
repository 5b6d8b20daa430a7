// What a product of activations takes over while its sums leave PSUM: a factor, a row that is added.
#pragma once

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// Multiplies or divides (`op`) the product that made tensor `id` by `number`; the output of `node` is then what the
/// product leaves. False where no product made it for this node alone, or a row has been added already.
bool fold_factor(Lowering& low, const graph::Node& node, program::AluOp op, graph::TensorId id, double number);

/// Adds a row that lies on every partition to the product that made tensor `id`, and moves the product behind what
/// spreads the row. False where no product made it for this node alone, or a row has been added already.
bool fold_row(Lowering& low, const graph::Node& node, graph::TensorId id, const View& row);

}  // namespace infsim::compiler
