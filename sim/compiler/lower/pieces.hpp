// Pieces that composed operators are made of: each adds one layer, named after the operator of the node.
#pragma once

#include <vector>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// The layout of the first operand that lies on chip in the output's shape (rather not a graph input), else the
/// output's default.
Layout layout_for(const Lowering& low, const graph::Node& node);

/// function(x * scale + bias)
View act(Lowering& low, const View& x, program::ActFunction function, float scale, float bias, DType dtype);
/// (x op0 s0) op1 s1
View alu(Lowering& low, const View& x, program::AluOp op0, float s0, program::AluOp op1, float s1, DType dtype);
/// a op b; b has one element for every `inner` consecutive ones of a.
View combine(Lowering& low, const View& a, const View& b, program::AluOp op, DType dtype, int inner = 1);

/// How many elements of a plane one result takes when the axes of `mask` are innermost in it; 0 when they are not.
int innermost(const View& view, const Physical& phys, const std::vector<bool>& mask);
/// Elements that one result of a reduction over the axes of `mask` takes.
std::int64_t reduced_elements(const graph::Shape& shape, const std::vector<bool>& mask);
/// The tensor with the axes of `mask` innermost in the plane.
View for_reduction(Lowering& low, graph::TensorId id, const std::vector<bool>& mask);
/// x reduced over the axes of `mask` (which are innermost) by `op`, times scale; these axes have no factors any more.
View reduce(Lowering& low, const View& x, program::AluOp op, const std::vector<bool>& mask, float scale, DType dtype);

/// [heads, m, k] times [heads, k, n]; m or n on partitions. Both are fetched with k on partitions.
View product(Lowering& low, const Strided& a, const Strided& b, bool rows_on_lanes);
/// Picks `indices[a]` of every axis a; a negative index is filled. In the default layout.
View gathered(Lowering& low, const Strided& s, const std::vector<std::vector<std::int64_t>>& indices,
              std::optional<float> fill);

/// The axes of `axes`, negative ones from the back, of a tensor of `rank`.
std::vector<bool> axis_mask(const std::vector<std::int64_t>& axes, std::size_t rank);

}  // namespace infsim::compiler
