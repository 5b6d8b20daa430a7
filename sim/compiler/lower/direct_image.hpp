// Pools, local response normalisation, and concatenations that their producers write in place.
#pragma once

#include <vector>

#include "compiler/lower/operators.hpp"

namespace infsim::compiler {

struct PoolPlan {
    PoolOp op;
    Layout out;
};
/// Over both spatial axes of one image.
std::optional<PoolPlan> plan_pool(const Lowering& low, const Task& task);
void lower_pool(Lowering& low, const Task& task, const PoolPlan& plan);

/// Channels on partitions, of one image.
std::optional<LrnOp> plan_lrn(const Lowering& low, const Task& task);
void lower_lrn(Lowering& low, const Task& task, const LrnOp& plan);

/// Along the axis on partitions; slots of the parts follow each other. A part that only this concatenation reads is
/// written directly into its place by its producer; any other is copied.
std::optional<Layout> plan_concat(const Lowering& low, const Task& task);
void lower_concat(Lowering& low, const Task& task, const Layout& plan);

}  // namespace infsim::compiler
