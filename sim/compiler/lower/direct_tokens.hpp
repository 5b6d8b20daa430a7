// Attention and its surroundings: products of two activations, softmax, layer normalisation, embeddings.
#pragma once

#include "compiler/lower/operators.hpp"

namespace infsim::compiler {

struct HeadMatmulPlan {
    int heads = 1;
    bool turn_a = false, turn_b = false;  ///< operands whose contraction axis has to be transposed onto partitions
    bool rows_on_lanes = false;           ///< the rows of the result lie on partitions instead of its columns
    Layout out;
    std::int64_t macs = 0;
};
/// A product of two activations of the same rank, at least 3, head by head.
std::optional<HeadMatmulPlan> plan_head_matmul(const Lowering& low, const Task& task);
void lower_head_matmul(Lowering& low, const Task& task, const HeadMatmulPlan& plan);

struct SoftmaxPlan {
    bool turn = false;  ///< the axis lies on partitions and has to be transposed onto the columns
    int heads = 1;
};
/// Over all columns, or over all partitions of a head.
std::optional<SoftmaxPlan> plan_softmax(const Lowering& low, const Task& task);
void lower_softmax(Lowering& low, const Task& task, const SoftmaxPlan& plan);

/// Over the last axis, on partitions, with constant parameters.
std::optional<LayerNormOp> plan_layer_norm(const Lowering& low, const Task& task);
void lower_layer_norm(Lowering& low, const Task& task, const LayerNormOp& plan);

struct GatherPlan {
    GatherOp op;
    Layout out;
};
/// Rows of a constant table by computed indices.
std::optional<GatherPlan> plan_gather(const Lowering& low, const Task& task);
void lower_gather(Lowering& low, const Task& task, const GatherPlan& plan);

}  // namespace infsim::compiler
