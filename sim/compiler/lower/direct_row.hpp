// A row over the columns of a tensor, such as a mask of attention scores: repeated on all partitions.
#pragma once

#include "compiler/lower/operators.hpp"

namespace infsim::compiler {

/// How a row gets onto every partition of `full`.
struct RowPlan {
    graph::TensorId full = graph::kNoTensor, row = graph::kNoTensor;
    bool turn = false;  ///< the row lies on partitions
    Physical phys;      ///< of the repeated row
};

/// For an operator on two tensors, one of which is a row over the columns of the other.
std::optional<RowPlan> plan_row(const Lowering& low, const graph::Node& node, program::AluOp op);
void lower_row(Lowering& low, const graph::Node& node, program::AluOp op, const RowPlan& plan);

/// A Where whose conditions are a row over the columns of a tensor, and that sets one number where they hold (or do not
/// hold): masked_fill.
struct MaskPlan {
    RowPlan row;
    float number = 0;
    bool where_true = true;  ///< the number goes where the condition holds
};
std::optional<MaskPlan> plan_mask(const Lowering& low, const Task& task);
void lower_mask(Lowering& low, const Task& task, const MaskPlan& plan);

}  // namespace infsim::compiler
