// The general way of every operator that has one: operands are fetched from device DRAM in the layout that the operator
// wants, and stored there if somebody wants another one. Slower than the direct way, but works with any layout.
#pragma once

#include <optional>
#include <string>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// Why a node cannot be lowered in the general way; empty if it can, apart from limits of the chip.
using Refusal = std::optional<std::string>;

// general_elementwise.cpp: broadcasting, and functions composed of what ACT and POOL have
void general_binary(Lowering& low, const graph::Node& node);
void general_where(Lowering& low, const graph::Node& node);
void general_prelu(Lowering& low, const graph::Node& node);
void general_leaky_relu(Lowering& low, const graph::Node& node);
void general_elu(Lowering& low, const graph::Node& node);
void general_selu(Lowering& low, const graph::Node& node);
void general_hard_sigmoid(Lowering& low, const graph::Node& node);
void general_hard_swish(Lowering& low, const graph::Node& node);
void general_thresholded_relu(Lowering& low, const graph::Node& node);
void general_logical_not(Lowering& low, const graph::Node& node);
void general_cast(Lowering& low, const graph::Node& node);

// general_reduce.cpp, general_norm.cpp: reductions over any axes, and operators built from them
void general_reduce(Lowering& low, const graph::Node& node);
void general_softmax(Lowering& low, const graph::Node& node);
void general_layer_norm(Lowering& low, const graph::Node& node);
void general_instance_norm(Lowering& low, const graph::Node& node);
void general_batch_norm(Lowering& low, const graph::Node& node);
void general_lp_norm(Lowering& low, const graph::Node& node);

// general_matrix.cpp, general_window.cpp: products of any shapes, windows over images that do not lie on chip as such
void general_matmul(Lowering& low, const graph::Node& node);
void general_einsum(Lowering& low, const graph::Node& node);
Refusal refuse_pool(const Lowering& low, const graph::Node& node);
void general_pool(Lowering& low, const graph::Node& node);
Refusal refuse_conv_transpose(const Lowering& low, const graph::Node& node);
void general_conv_transpose(Lowering& low, const graph::Node& node);

// general_conv.cpp: convolutions over three axes, of several images in one tensor, by computed weights
Refusal refuse_conv(const Lowering& low, const graph::Node& node);
void general_conv(Lowering& low, const graph::Node& node);

// general_move.cpp: operators that only move data. On chip they are a view of the same value if that exists; otherwise
// a walk over the tensor in device DRAM, which moves nothing either until somebody wants the tensor on chip.
void general_reshape(Lowering& low, const graph::Node& node);
void general_transpose(Lowering& low, const graph::Node& node);
void general_expand(Lowering& low, const graph::Node& node);
void general_tile(Lowering& low, const graph::Node& node);
void general_slice(Lowering& low, const graph::Node& node);
void general_depth_space(Lowering& low, const graph::Node& node);
void general_concat(Lowering& low, const graph::Node& node);
void general_pad(Lowering& low, const graph::Node& node);
void general_split(Lowering& low, const graph::Node& node);

// general_gather.cpp: with constant indices a selection, with computed ones a product with ones at the index
void general_gather(Lowering& low, const graph::Node& node);

// general_resize.cpp: nearest by picking, linear and cubic axis by axis as weighted sums of picked tensors
Refusal refuse_resize(const Lowering& low, const graph::Node& node);
void general_resize(Lowering& low, const graph::Node& node);

}  // namespace infsim::compiler
