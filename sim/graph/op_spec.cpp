#include "graph/op_spec.hpp"

#include <array>
#include <initializer_list>
#include <tuple>

#include "base/check.hpp"

namespace infsim::graph {
namespace {

constexpr auto kInt = AttributeType::integer;
constexpr auto kReal = AttributeType::real;
constexpr auto kText = AttributeType::text;
constexpr auto kInts = AttributeType::integers;
constexpr auto kReals = AttributeType::reals;

OpSpec unary(Op op, std::string_view name, std::vector<AttributeSpec> attributes = {}) {
    return {op, name, 1, 1, false, std::move(attributes)};
}
OpSpec binary(Op op, std::string_view name) { return {op, name, 2, 2, false, {}}; }
OpSpec reduction(Op op, std::string_view name) {
    return {op, name, 1, 1, false, {{"axes", kInts}, {"keepdims", kInt}}};
}

void add_matrix_and_spatial(std::vector<OpSpec>& specs) {
    const std::vector<AttributeSpec> conv = {
        {"kernel_shape", kInts}, {"strides", kInts}, {"pads", kInts}, {"dilations", kInts}, {"group", kInt}};
    specs.push_back({Op::conv, "conv", 2, 3, false, conv});
    specs.push_back({Op::gemm, "gemm", 2, 3, false, {}});
    specs.push_back(binary(Op::matmul, "matmul"));
    specs.push_back(unary(
        Op::max_pool, "max_pool",
        {{"kernel_shape", kInts}, {"strides", kInts}, {"pads", kInts}, {"dilations", kInts}, {"ceil_mode", kInt}}));
    specs.push_back(unary(Op::average_pool, "average_pool",
                          {{"kernel_shape", kInts},
                           {"strides", kInts},
                           {"pads", kInts},
                           {"ceil_mode", kInt},
                           {"count_include_pad", kInt}}));
    specs.push_back(unary(Op::global_average_pool, "global_average_pool"));
    specs.push_back(unary(Op::global_max_pool, "global_max_pool"));
    specs.push_back({Op::conv_transpose, "conv_transpose", 2, 3, false, conv});
    specs.back().attributes.push_back({"output_padding", kInts});
    specs.push_back({Op::einsum, "einsum", 1, kAnyNumber, false, {{"equation", kText}}});
    specs.push_back(unary(Op::resize, "resize",
                          {{"mode", kText},
                           {"scales", kReals},
                           {"sizes", kInts},
                           {"roi", kReals},
                           {"coordinate_transformation_mode", kText},
                           {"nearest_mode", kText},
                           {"cubic_coeff_a", kReal},
                           {"exclude_outside", kInt},
                           {"extrapolation_value", kReal}}));
    specs.push_back(unary(Op::depth_to_space, "depth_to_space", {{"blocksize", kInt}, {"mode", kText}}));
    specs.push_back(unary(Op::space_to_depth, "space_to_depth", {{"blocksize", kInt}}));
}

void add_elementwise(std::vector<OpSpec>& specs) {
    for (const auto& [op, name] :
         std::initializer_list<std::pair<Op, std::string_view>>{{Op::add, "add"},
                                                                {Op::sub, "sub"},
                                                                {Op::mul, "mul"},
                                                                {Op::div, "div"},
                                                                {Op::pow, "pow"},
                                                                {Op::maximum, "maximum"},
                                                                {Op::minimum, "minimum"},
                                                                {Op::equal, "equal"},
                                                                {Op::greater, "greater"},
                                                                {Op::greater_equal, "greater_equal"},
                                                                {Op::less, "less"},
                                                                {Op::less_equal, "less_equal"},
                                                                {Op::logical_and, "logical_and"},
                                                                {Op::logical_or, "logical_or"},
                                                                {Op::logical_xor, "logical_xor"},
                                                                {Op::prelu, "prelu"}})
        specs.push_back(binary(op, name));
    // clang-format off
    for (const auto& [op, name, onnx] : std::initializer_list<std::tuple<Op, std::string_view, std::string_view>>{
             {Op::logical_not, "logical_not", "Not"},
             {Op::relu, "relu", "Relu"},
             {Op::sigmoid, "sigmoid", "Sigmoid"},
             {Op::tanh, "tanh", "Tanh"},
             {Op::gelu, "gelu", ""},
             {Op::gelu_tanh, "gelu_tanh", ""},
             {Op::erf, "erf", "Erf"},
             {Op::exp, "exp", "Exp"},
             {Op::log, "log", "Log"},
             {Op::sqrt, "sqrt", "Sqrt"},
             {Op::reciprocal, "reciprocal", "Reciprocal"},
             {Op::abs, "abs", "Abs"},
             {Op::neg, "neg", "Neg"},
             {Op::sign, "sign", "Sign"},
             {Op::floor, "floor", "Floor"},
             {Op::ceil, "ceil", "Ceil"},
             {Op::round, "round", "Round"},
             {Op::sin, "sin", "Sin"},
             {Op::cos, "cos", "Cos"},
             {Op::atan, "atan", "Atan"},
             {Op::softplus, "softplus", "Softplus"},
             {Op::softsign, "softsign", "Softsign"},
             {Op::hard_swish, "hard_swish", "HardSwish"},
             {Op::identity, "identity", ""},
         }) {
        specs.push_back(unary(op, name));
        specs.back().onnx = onnx;
    }
    // clang-format on
    specs.push_back(unary(Op::leaky_relu, "leaky_relu", {{"alpha", kReal}}));
    specs.push_back(unary(Op::clip, "clip", {{"min", kReal}, {"max", kReal}}));
    specs.push_back(unary(Op::elu, "elu", {{"alpha", kReal}}));
    specs.push_back(unary(Op::selu, "selu", {{"alpha", kReal}, {"gamma", kReal}}));
    specs.push_back(unary(Op::hard_sigmoid, "hard_sigmoid", {{"alpha", kReal}, {"beta", kReal}}));
    specs.push_back(unary(Op::thresholded_relu, "thresholded_relu", {{"alpha", kReal}}));
    specs.push_back(unary(Op::cast, "cast", {{"to", kText}}));
    specs.push_back({Op::where, "where", 3, 3, false, {}});
}

void add_norms_and_reductions(std::vector<OpSpec>& specs) {
    specs.push_back(unary(Op::softmax, "softmax", {{"axis", kInt}}));
    specs.push_back(unary(Op::log_softmax, "log_softmax", {{"axis", kInt}}));
    specs.push_back({Op::layer_norm, "layer_norm", 2, 3, false, {{"axis", kInt}, {"epsilon", kReal}}});
    specs.push_back({Op::batch_norm, "batch_norm", 5, 5, false, {{"epsilon", kReal}}});
    specs.push_back({Op::instance_norm, "instance_norm", 3, 3, false, {{"epsilon", kReal}}});
    specs.push_back(unary(Op::lrn, "lrn", {{"size", kInt}, {"alpha", kReal}, {"beta", kReal}, {"bias", kReal}}));
    specs.push_back(unary(Op::lp_norm, "lp_norm", {{"axis", kInt}, {"p", kInt}}));
    for (const auto& [op, name] :
         std::initializer_list<std::pair<Op, std::string_view>>{{Op::reduce_sum, "reduce_sum"},
                                                                {Op::reduce_mean, "reduce_mean"},
                                                                {Op::reduce_max, "reduce_max"},
                                                                {Op::reduce_min, "reduce_min"},
                                                                {Op::reduce_prod, "reduce_prod"},
                                                                {Op::reduce_sum_square, "reduce_sum_square"},
                                                                {Op::reduce_l1, "reduce_l1"},
                                                                {Op::reduce_l2, "reduce_l2"},
                                                                {Op::reduce_log_sum, "reduce_log_sum"},
                                                                {Op::reduce_log_sum_exp, "reduce_log_sum_exp"}})
        specs.push_back(reduction(op, name));
}

void add_data_movement(std::vector<OpSpec>& specs) {
    specs.push_back(unary(Op::reshape, "reshape", {{"shape", kInts}}));
    specs.push_back(unary(Op::flatten, "flatten", {{"axis", kInt}}));
    specs.push_back(unary(Op::squeeze, "squeeze", {{"axes", kInts}}));
    specs.push_back(unary(Op::unsqueeze, "unsqueeze", {{"axes", kInts}}));
    specs.push_back(unary(Op::transpose, "transpose", {{"perm", kInts}}));
    specs.push_back({Op::concat, "concat", 1, kAnyNumber, false, {{"axis", kInt}}});
    specs.push_back(unary(Op::slice, "slice", {{"axes", kInts}, {"starts", kInts}, {"ends", kInts}, {"steps", kInts}}));
    specs.push_back({Op::split, "split", 1, 1, true, {{"axis", kInt}, {"split", kInts}}});
    specs.push_back(unary(Op::pad, "pad", {{"pads", kInts}, {"mode", kText}, {"value", kReal}}));
    specs.push_back({Op::gather, "gather", 2, 2, false, {{"axis", kInt}}});
    specs.push_back(unary(Op::expand, "expand", {{"shape", kInts}}));
    specs.push_back(unary(Op::tile, "tile", {{"repeats", kInts}}));
}

std::vector<OpSpec> make_table() {
    std::vector<OpSpec> specs;
    add_matrix_and_spatial(specs);
    add_elementwise(specs);
    add_norms_and_reductions(specs);
    add_data_movement(specs);
    std::vector<OpSpec> by_op(specs.size());
    for (auto& spec : specs) by_op.at(static_cast<std::size_t>(spec.op)) = std::move(spec);
    return by_op;
}

}  // namespace

const std::vector<OpSpec>& op_specs() {
    static const std::vector<OpSpec> table = make_table();
    return table;
}

const OpSpec& op_spec(Op op) { return op_specs().at(static_cast<std::size_t>(op)); }

std::string_view attribute_type_name(AttributeType type) {
    constexpr std::array<std::string_view, 5> names = {"integer", "number", "string", "list of integers",
                                                       "list of numbers"};
    return names.at(static_cast<std::size_t>(type));
}

AttributeType type_of(const Attribute& attribute) {
    static_assert(std::variant_size_v<Attribute> == 5);  // the enumeration is in the order of the variant
    return static_cast<AttributeType>(attribute.index());
}

std::string_view op_name(Op op) { return op_spec(op).name; }

std::optional<Op> parse_op(std::string_view name) {
    for (const auto& spec : op_specs())
        if (spec.name == name) return spec.op;
    return std::nullopt;
}

}  // namespace infsim::graph
