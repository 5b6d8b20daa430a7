#include "compiler/emit/layers.hpp"

#include "base/check.hpp"

namespace infsim::compiler {

namespace {

/// One overload per kind of layer: a missing one does not compile.
struct Table {
    EmitContext& c;
    const Where& at;
    RowRange rows;  ///< of the output

    void operator()(const ConvOp&) const { emit_conv(c, at.layer, {at.image, 1}, rows); }
    void operator()(const PoolOp& op) const { emit_pool(c, at, op, rows); }
    void operator()(const ReplicateOp& op) const { emit_replicate(c, at, op, rows); }
    void operator()(const UnaryOp& op) const { emit_unary(c, at, op, rows); }
    void operator()(const ScalarOp& op) const { emit_scalar(c, at, op, rows); }
    void operator()(const BinaryOp& op) const { emit_binary(c, at, op, rows); }
    void operator()(const CopyOp&) const { emit_copy(c, at, rows); }
    void operator()(const ArrangeOp& op) const { emit_arrange(c, at, op, rows); }
    void operator()(const ReduceOp& op) const { emit_reduce(c, at, op); }
    void operator()(const SoftmaxOp& op) const { emit_softmax(c, at, op); }
    void operator()(const LayerNormOp& op) const { emit_layer_norm(c, at, op); }
    void operator()(const LrnOp& op) const { emit_lrn(c, at, op); }
    void operator()(const HeadMatmulOp& op) const { emit_head_matmul(c, at, op); }
    void operator()(const TransposeOp& op) const { emit_transpose(c, at, op); }
    void operator()(const SpreadOp&) const { emit_spread(c, at); }
    void operator()(const GatherOp& op) const { emit_gather(c, at, op); }
    void operator()(const StoreOp& op) const { emit_store(c, at, op); }
    void operator()(const FetchOp& op) const { emit_fetch(c, at, op); }
};

}  // namespace

void emit_layer(EmitContext& c, const Where& at) {
    const Layer& layer = c.layer(at.layer);
    std::visit(Table{c, at, {0, c.phys(layer.output).rows}}, layer.op);
}

void emit_layer_rows(EmitContext& c, const Where& at, RowRange rows) {
    INFSIM_CHECK(c.rows.reads[at.layer].at(0).has_value(), "a layer in stripes works row by row");
    std::visit(Table{c, at, rows}, c.layer(at.layer).op);
}

}  // namespace infsim::compiler
