// Building blocks of composed operators: each adds one layer, named after the operator of the node.
#pragma once

#include <vector>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// The layout of the first operand on chip that has the output's shape (preferably not a graph input), else the
/// output's default.
Layout layout_for(const Lowering& low, const graph::Node& node);

/// function(x * scale + bias)
View act(Lowering& low, const View& x, program::ActFunction function, float scale, float bias, DType dtype);
/// (x op0 s0) op1 s1
View alu(Lowering& low, const View& x, program::AluOp op0, float s0, program::AluOp op1, float s1, DType dtype);
/// a op b; b has one element per `inner` consecutive elements of a.
View combine(Lowering& low, const View& a, const View& b, program::AluOp op, DType dtype, int inner = 1);

/// How many elements of a plane form one result if the axes of `mask` are innermost in it; 0 if they are not.
int innermost(const View& view, const Physical& phys, const std::vector<bool>& mask);
/// Elements per result of a reduction over the axes of `mask`.
std::int64_t reduced_elements(const graph::Shape& shape, const std::vector<bool>& mask);
/// The tensor with the axes of `mask` innermost in the plane.
View for_reduction(Lowering& low, graph::TensorId id, const std::vector<bool>& mask);
/// x reduced over the axes of `mask` (which are innermost) by `op`, times scale; these axes have no factors afterwards.
View reduce(Lowering& low, const View& x, program::AluOp op, const std::vector<bool>& mask, float scale, DType dtype);

/// [heads, m, k] times [heads, k, n]; m or n on partitions. Both are fetched with k on partitions.
View product(Lowering& low, const Strided& a, const Strided& b, bool rows_on_lanes);
/// Picks `indices[a]` of every axis a; a negative index gives `fill`. In the default layout.
View gathered(Lowering& low, const Strided& s, const std::vector<std::vector<std::int64_t>>& indices,
              std::optional<float> fill);

/// A mask of the axes `axes` of a tensor of `rank`; negative ones count from the back.
std::vector<bool> axis_mask(const std::vector<std::int64_t>& axes, std::size_t rank);

}  // namespace infsim::compiler
