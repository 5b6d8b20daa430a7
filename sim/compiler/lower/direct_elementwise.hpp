// Elementwise operators: functions of one tensor, a tensor and a constant, two tensors with the same layout, a tensor
// and a row.
#pragma once

#include "compiler/lower/direct_row.hpp"
#include "compiler/lower/operators.hpp"

namespace infsim::compiler {

/// The ALU function of an operator on two tensors, if it is one.
std::optional<program::AluOp> alu_function(graph::Op op);

/// Adds a layer named after the operator, whose output is the node's and has the layout of its first input.
void add_elementwise(Lowering& low, const graph::Node& node, LayerOp op, const std::vector<View>& inputs, DType dtype);

/// One ACT function, or a change of sign.
std::optional<UnaryOp> plan_unary(const Lowering& low, const Task& task);
void lower_unary(Lowering& low, const Task& task, const UnaryOp& plan);
std::optional<ScalarOp> plan_clip(const Lowering& low, const Task& task);
void lower_clip(Lowering& low, const Task& task, const ScalarOp& plan);

/// A tensor and a constant of one number, or of one number per channel.
struct ConstantOperandPlan {
    ScalarOp op;
    graph::TensorId tensor = graph::kNoTensor;
    std::optional<double> factor;  ///< the tensor is multiplied or divided by this: a product may take that over
};
/// `full` and a tensor of one element per channel: a scalar per partition.
struct ChannelOperandPlan {
    graph::TensorId full = graph::kNoTensor, scalars = graph::kNoTensor;
    bool scalars_first = false;
};
/// Both tensors have the same layout.
struct AlikePlan {};
struct BinaryPlan {
    program::AluOp op = program::AluOp::add;
    std::variant<AlikePlan, ConstantOperandPlan, ChannelOperandPlan, RowPlan> way;
};
std::optional<BinaryPlan> plan_binary(const Lowering& low, const Task& task);
void lower_binary(Lowering& low, const Task& task, const BinaryPlan& plan);

}  // namespace infsim::compiler
