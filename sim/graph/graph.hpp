// The Graph: what to compute for one image (one item of the batch). No hardware, no batch size.
//
// Batch: a Graph describes one item. If the model has a batch axis, every batched tensor keeps that axis
// with extent 1 in its shape (so that ONNX's axis numbers stay valid) and has `batched` set; compiling for
// batch B makes B independent copies of every batched tensor. A graph whose items are not independent of each
// other (say, a softmax over the batch axis) has `batchable == false` and only runs as a whole, at batch 1.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/dtype.hpp"

namespace infsim::graph {

using Shape = std::vector<std::int64_t>;
using TensorId = std::int32_t;
constexpr TensorId kNoTensor = -1;  ///< an absent optional input

/// A constant with the same value everywhere.
struct Splat {
    double value = 0;
};
/// Values kept in memory because they are few (shape arithmetic, small parameters), row-major, as doubles.
struct Inline {
    std::vector<double> values;
};
/// Values in a file: `bytes` raw little-endian elements of `dtype` at `offset`.
struct FileRef {
    std::string path;
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
    DType dtype = DType::fp32;
};
/// No values are given (JSON models, missing files): shape only; running with data needs random weights.
struct Absent {};
// clang-format off
/// Computed element by element from other constants, expanded only if data are needed:
///   conv_bn_weight: W[o, ...] * gamma[o] / sqrt(var[o] + eps)                      sources W, gamma, var
///   conv_bn_bias:   (b[o] - mean[o]) * gamma[o] / sqrt(var[o] + eps) + beta[o]     sources b (or kNoTensor), gamma, beta, mean, var
///   transpose:      source with axes permuted by `perm`
///   reshape:        source with another shape
///   scale:          source * factor
///   channel_scale:  source[o, ...] * s[o]                                          sources source, s (one element per row)
///   sum:            a[i] + b[i], flat; b may have only one element                 sources a, b
///   slice:          `perm` holds a start, a step for every axis                    source
///   dequantize:     (x - zero) * scale; `perm` holds axis, block: both are one     sources x, scale, zero (or kNoTensor)
///                   number, or one for every `block` indices of the axis
/// The result has the tensor's own dtype, whatever the dtypes of its sources.
// clang-format on
struct Recipe {
    enum class Kind { conv_bn_weight, conv_bn_bias, transpose, reshape, scale, channel_scale, sum, slice, dequantize };
    Kind kind = Kind::reshape;
    std::vector<TensorId> sources;
    double epsilon = 0;
    double factor = 1;
    std::vector<std::int64_t> perm;  ///< or another list of integers, see above
};
using Constant = std::variant<Splat, Inline, FileRef, Absent, Recipe>;

enum class TensorKind : std::uint8_t { input, constant, intermediate };

struct Tensor {
    std::string name;
    Shape shape;                ///< per item; a scalar has an empty shape
    DType dtype = DType::fp32;  ///< as in the model; the compiler chooses what the chip computes in
    TensorKind kind = TensorKind::intermediate;
    bool batched = false;  ///< differs from item to item; its shape keeps the batch axis (extent folded in: see above)
    int batch_axis = 0;    ///< of a batched input or output: the axis that counts items in files
    std::optional<Constant> constant;  ///< set exactly when kind == constant
};

// clang-format off
/// Operators after import. Names and attributes follow ONNX's; `Op` is the closed set the compiler knows.
enum class Op : std::uint8_t {
    conv, gemm, matmul, max_pool, average_pool, global_average_pool, global_max_pool,
    add, sub, mul, div, pow, maximum, minimum, equal, greater, greater_equal, less, less_equal,
    logical_and, logical_or, logical_xor, logical_not,
    relu, leaky_relu, prelu, clip, sigmoid, tanh, gelu, gelu_tanh, erf, exp, log, sqrt, reciprocal, abs, neg, sign, floor, ceil, round,
    sin, cos, softplus, softsign, elu, selu, hard_sigmoid, hard_swish, thresholded_relu,
    softmax, log_softmax, layer_norm, batch_norm, instance_norm, lrn, lp_norm,
    reduce_sum, reduce_mean, reduce_max, reduce_min, reduce_prod, reduce_sum_square, reduce_l1, reduce_l2, reduce_log_sum, reduce_log_sum_exp,
    reshape, flatten, squeeze, unsqueeze, identity, transpose, concat, slice, split, pad, gather, expand, tile, where, cast,
    depth_to_space, space_to_depth, resize, conv_transpose, einsum,
    atan,
};
// clang-format on

/// Attribute values; ints cover booleans and axes.
using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>>;

struct Node {
    std::string name;  ///< unique; made from op and position if the model gives none
    Op op = Op::identity;
    std::vector<TensorId> inputs;  ///< kNoTensor for an absent optional one
    std::vector<TensorId> outputs;
    std::map<std::string, Attribute, std::less<>> attributes;  ///< normalised: see README, every default is filled in
};

struct HostTail;  // host_tail.hpp

struct Graph {
    std::string name;
    std::vector<Tensor> tensors;
    std::vector<Node> nodes;       ///< in topological order
    std::vector<TensorId> inputs;  ///< what the host sends: initialisers excluded
    std::vector<TensorId> outputs;
    bool batchable = true;
    std::string why_not_batchable;  ///< node and reason when batchable == false
    /// What to tell the user about how the file was read, one line each. Nothing depends on it.
    std::vector<std::string> notices;
    /// The part of the model that the host runs on the graph's outputs; null: the graph is the whole model.
    std::shared_ptr<const HostTail> host;

    const Tensor& tensor(TensorId id) const { return tensors.at(static_cast<std::size_t>(id)); }
    Tensor& tensor(TensorId id) { return tensors.at(static_cast<std::size_t>(id)); }
};

/// "conv", "max_pool", ...: the name in the JSON form and in messages.
std::string_view op_name(Op op);
std::optional<Op> parse_op(std::string_view name);

/// Product of the extents (1 for a scalar).
std::int64_t element_count(const Shape& shape);

/// Attribute access with the type from the operator's definition; a missing attribute is a bug in the
/// importer.
std::int64_t attribute_int(const Node& node, std::string_view name);
double attribute_float(const Node& node, std::string_view name);
const std::string& attribute_string(const Node& node, std::string_view name);
const std::vector<std::int64_t>& attribute_ints(const Node& node, std::string_view name);
const std::vector<double>& attribute_floats(const Node& node, std::string_view name);
bool has_attribute(const Node& node, std::string_view name);

}  // namespace infsim::graph
