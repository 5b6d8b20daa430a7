#include "compiler/lower/operators.hpp"

#include <algorithm>
#include <iterator>

#include "compiler/lower/direct_elementwise.hpp"
#include "compiler/lower/direct_image.hpp"
#include "compiler/lower/direct_tokens.hpp"
#include "compiler/lower/direct_weighted.hpp"
#include "compiler/lower/general.hpp"

namespace infsim::compiler {

using graph::Op;

namespace {

constexpr DirectWay kConv = direct<plan_conv, lower_conv>();
constexpr DirectWay kDense = direct<plan_dense, lower_dense>();
constexpr DirectWay kHeadMatmul = direct<plan_head_matmul, lower_head_matmul>();
constexpr DirectWay kPool = direct<plan_pool, lower_pool>();
constexpr DirectWay kSoftmax = direct<plan_softmax, lower_softmax>();
constexpr DirectWay kLayerNorm = direct<plan_layer_norm, lower_layer_norm>();
constexpr DirectWay kLrn = direct<plan_lrn, lower_lrn>();
constexpr DirectWay kGather = direct<plan_gather, lower_gather>();
constexpr DirectWay kConcat = direct<plan_concat, lower_concat>();
constexpr DirectWay kUnary = direct<plan_unary, lower_unary>();
constexpr DirectWay kClip = direct<plan_clip, lower_clip>();
constexpr DirectWay kBinary = direct<plan_binary, lower_binary>();
constexpr DirectWay kMask = direct<plan_mask, lower_mask>();
constexpr DirectWay kNone;

/// A matmul is a dense layer if a fusion has found its right operand constant, else a product of activations.
constexpr DirectWay kMatmul = {[](const Lowering& low, const Task& task) {
                                   return task.fusion != nullptr ? kDense.can(low, task) : kHeadMatmul.can(low, task);
                               },
                               [](Lowering& low, const Task& task) {
                                   return task.fusion != nullptr ? kDense.lower(low, task)
                                                                 : kHeadMatmul.lower(low, task);
                               }};

/// Operators that are not listed are one ACT function of one tensor, with its direct way, or have no way at all.
// clang-format off
constexpr Operator kOperators[] = {
    // operator                 direct      general: refusal, lower
    {Op::conv,                  kConv,      {refuse_conv, general_conv}},
    {Op::gemm,                  kDense,     {nullptr, general_matmul}},
    {Op::matmul,                kMatmul,    {nullptr, general_matmul}},
    {Op::einsum,                kNone,      {nullptr, general_einsum}},
    {Op::conv_transpose,        kNone,      {refuse_conv_transpose, general_conv_transpose}},
    {Op::max_pool,              kPool,      {refuse_pool, general_pool}},
    {Op::average_pool,          kPool,      {refuse_pool, general_pool}},
    {Op::global_average_pool,   kPool,      {refuse_pool, general_pool}},
    {Op::global_max_pool,       kPool,      {refuse_pool, general_pool}},

    {Op::add,                   kBinary,    {nullptr, general_binary}},
    {Op::sub,                   kBinary,    {nullptr, general_binary}},
    {Op::mul,                   kBinary,    {nullptr, general_binary}},
    {Op::div,                   kBinary,    {nullptr, general_binary}},
    {Op::pow,                   kBinary,    {nullptr, general_binary}},
    {Op::maximum,               kBinary,    {nullptr, general_binary}},
    {Op::minimum,               kBinary,    {nullptr, general_binary}},
    {Op::equal,                 kNone,      {nullptr, general_binary}},
    {Op::greater,               kNone,      {nullptr, general_binary}},
    {Op::greater_equal,         kNone,      {nullptr, general_binary}},
    {Op::less,                  kNone,      {nullptr, general_binary}},
    {Op::less_equal,            kNone,      {nullptr, general_binary}},
    {Op::logical_and,           kNone,      {nullptr, general_binary}},
    {Op::logical_or,            kNone,      {nullptr, general_binary}},
    {Op::logical_xor,           kNone,      {nullptr, general_binary}},

    {Op::neg,                   kUnary,     {}},
    {Op::clip,                  kClip,      {}},
    {Op::logical_not,           kNone,      {nullptr, general_logical_not}},
    {Op::cast,                  kNone,      {nullptr, general_cast}},
    {Op::leaky_relu,            kNone,      {nullptr, general_leaky_relu}},
    {Op::prelu,                 kNone,      {nullptr, general_prelu}},
    {Op::elu,                   kNone,      {nullptr, general_elu}},
    {Op::selu,                  kNone,      {nullptr, general_selu}},
    {Op::hard_sigmoid,          kNone,      {nullptr, general_hard_sigmoid}},
    {Op::hard_swish,            kNone,      {nullptr, general_hard_swish}},
    {Op::thresholded_relu,      kNone,      {nullptr, general_thresholded_relu}},
    {Op::where,                 kMask,      {nullptr, general_where}},

    {Op::softmax,               kSoftmax,   {nullptr, general_softmax}},
    {Op::log_softmax,           kSoftmax,   {nullptr, general_softmax}},
    {Op::layer_norm,            kLayerNorm, {nullptr, general_layer_norm}},
    {Op::batch_norm,            kNone,      {nullptr, general_batch_norm}},
    {Op::instance_norm,         kNone,      {nullptr, general_instance_norm}},
    {Op::lrn,                   kLrn,       {}},
    {Op::lp_norm,               kNone,      {nullptr, general_lp_norm}},
    {Op::reduce_sum,            kNone,      {nullptr, general_reduce}},
    {Op::reduce_mean,           kNone,      {nullptr, general_reduce}},
    {Op::reduce_max,            kNone,      {nullptr, general_reduce}},
    {Op::reduce_min,            kNone,      {nullptr, general_reduce}},
    {Op::reduce_prod,           kNone,      {nullptr, general_reduce}},
    {Op::reduce_sum_square,     kNone,      {nullptr, general_reduce}},
    {Op::reduce_l1,             kNone,      {nullptr, general_reduce}},
    {Op::reduce_l2,             kNone,      {nullptr, general_reduce}},
    {Op::reduce_log_sum,        kNone,      {nullptr, general_reduce}},
    {Op::reduce_log_sum_exp,    kNone,      {nullptr, general_reduce}},

    {Op::reshape,               kNone,      {nullptr, general_reshape}},
    {Op::flatten,               kNone,      {nullptr, general_reshape}},
    {Op::squeeze,               kNone,      {nullptr, general_reshape}},
    {Op::unsqueeze,             kNone,      {nullptr, general_reshape}},
    {Op::identity,              kNone,      {nullptr, general_reshape}},
    {Op::transpose,             kNone,      {nullptr, general_transpose}},
    {Op::expand,                kNone,      {nullptr, general_expand}},
    {Op::tile,                  kNone,      {nullptr, general_tile}},
    {Op::slice,                 kNone,      {nullptr, general_slice}},
    {Op::depth_to_space,        kNone,      {nullptr, general_depth_space}},
    {Op::space_to_depth,        kNone,      {nullptr, general_depth_space}},
    {Op::concat,                kConcat,    {nullptr, general_concat}},
    {Op::pad,                   kNone,      {nullptr, general_pad}},
    {Op::gather,                kGather,    {nullptr, general_gather}},
    {Op::split,                 kNone,      {nullptr, general_split}},
    {Op::resize,                kNone,      {refuse_resize, general_resize}},
};
// clang-format on

}  // namespace

Operator operator_for(Op op) {
    const auto row =
        std::find_if(std::begin(kOperators), std::end(kOperators), [&](const Operator& o) { return o.op == op; });
    if (row != std::end(kOperators)) return *row;
    return {op, act_function(op) ? kUnary : kNone, {}};
}

}  // namespace infsim::compiler
