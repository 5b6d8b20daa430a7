// The functions that emit the layers, one per kind, and the table that maps layers to them.
#pragma once

#include "compiler/emit/context.hpp"

namespace infsim::compiler {

/// Images [first, first + count).
struct ImageSpan {
    ImageId first;
    int count = 1;
    IdRange<ImageId> ids() const { return {first, first.next(count)}; }
};

/// Emits code for `at.layer` on `at.image`, by the table.
void emit_layer(EmitContext& c, const Where& at);
/// The same for output rows `rows` only; for layers that work row by row, see NetworkRows.
void emit_layer_rows(EmitContext& c, const Where& at, RowRange rows);

// By rows, so that they can run in stripes and work in bands; convolutions on several images at once.
void emit_conv(EmitContext& c, LayerId layer, ImageSpan images, RowRange rows);
void emit_pool(EmitContext& c, const Where& at, const PoolOp& op, RowRange rows);
void emit_replicate(EmitContext& c, const Where& at, const ReplicateOp& op, RowRange rows);

// By rows, without the array.
void emit_unary(EmitContext& c, const Where& at, const UnaryOp& op, RowRange rows);
void emit_scalar(EmitContext& c, const Where& at, const ScalarOp& op, RowRange rows);
void emit_binary(EmitContext& c, const Where& at, const BinaryOp& op, RowRange rows);
void emit_copy(EmitContext& c, const Where& at, RowRange rows);
void emit_arrange(EmitContext& c, const Where& at, const ArrangeOp& op, RowRange rows);

// Along an axis.
void emit_reduce(EmitContext& c, const Where& at, const ReduceOp& op);
void emit_softmax(EmitContext& c, const Where& at, const SoftmaxOp& op);
void emit_layer_norm(EmitContext& c, const Where& at, const LayerNormOp& op);
void emit_lrn(EmitContext& c, const Where& at, const LrnOp& op);

// Through the PE array.
void emit_head_matmul(EmitContext& c, const Where& at, const HeadMatmulOp& op);
void emit_transpose(EmitContext& c, const Where& at, const TransposeOp& op);
void emit_spread(EmitContext& c, const Where& at);

// From and to device DRAM.
void emit_gather(EmitContext& c, const Where& at, const GatherOp& op);
void emit_store(EmitContext& c, const Where& at, const StoreOp& op);
void emit_fetch(EmitContext& c, const Where& at, const FetchOp& op);

}  // namespace infsim::compiler
