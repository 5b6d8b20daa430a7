// Convolutions and dense layers with their fusions: one layer whose weights are constant.
#pragma once

#include "compiler/lower/operators.hpp"

namespace infsim::compiler {

/// The layer and its output, without what the fusion adds.
struct WeightedPlan {
    ConvOp op;
    Layout out;
    std::int64_t macs = 0;
    const char* kind = "";
};

/// Takes a fusion headed by a convolution of one image over one or two spatial axes.
std::optional<WeightedPlan> plan_conv(const Lowering& low, const Task& task);
void lower_conv(Lowering& low, const Task& task, const WeightedPlan& plan);
/// Takes a fusion headed by gemm or matmul with a constant matrix, on a tensor with its last axis on partitions, or on
/// a flattened image.
std::optional<WeightedPlan> plan_dense(const Lowering& low, const Task& task);
void lower_dense(Lowering& low, const Task& task, const WeightedPlan& plan);

}  // namespace infsim::compiler
