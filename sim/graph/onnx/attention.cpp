// Attention as one node, and RoPE: decomposed into products, softmax and sums.
#include <cmath>

#include <fmt/format.h>

#include "graph/onnx/attention.hpp"

namespace infsim::graph::onnx_import {

TensorId split_heads(OnnxNode& n, TensorId x, std::int64_t heads) {
    const Shape shape = n.builder().shape(x);
    if (shape.size() != 3 || heads < 1 || shape[2] % heads != 0)
        throw ShapeError(fmt::format("{} heads do not fit its operands", heads));
    const auto apart = n.make(Op::reshape, {x}, {{"shape", Shape{shape[0], shape[1], heads, shape[2] / heads}}});
    return n.make(Op::transpose, {apart}, {{"perm", Ints{0, 2, 1, 3}}});
}

TensorId join_heads(OnnxNode& n, TensorId x) {
    const auto turned = n.make(Op::transpose, {x}, {{"perm", Ints{0, 2, 1, 3}}});
    const Shape shape = n.builder().shape(turned);
    return n.make(Op::reshape, {turned}, {{"shape", Shape{shape[0], shape[1], shape[2] * shape[3]}}});
}

TensorId attend(OnnxNode& n, const AttentionOperands& a) {
    const auto dtype = n.builder().facts(a.query).dtype;
    const auto keys = n.make(Op::transpose, {a.key}, {{"perm", Ints{0, 1, 3, 2}}});
    auto scores = n.make(Op::matmul, {a.query, keys});
    scores = n.make(Op::mul, {scores, n.number(a.scale, dtype)});
    if (a.softcap > 0) {
        const auto bent = n.make(Op::tanh, {n.make(Op::mul, {scores, n.number(1 / a.softcap, dtype)})});
        scores = n.make(Op::mul, {bent, n.number(a.softcap, dtype)});
    }
    if (a.mask != kNoTensor) scores = n.make(Op::add, {scores, a.mask});
    if (a.causal) {
        const auto& shape = n.builder().shape(scores);
        const auto rows = shape[2], columns = shape[3];
        std::vector<double> triangle;
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t column = 0; column < columns; ++column)
                triangle.push_back(column > row + a.past ? kMasked : 0);
        scores = n.make(Op::add, {scores, n.small({rows, columns}, dtype, std::move(triangle))});
    }
    const auto weights = n.make(Op::softmax, {scores}, {{"axis", std::int64_t{3}}});
    return n.make(Op::matmul, {weights, a.value});
}

namespace {

/// Keys or values [B, heads, S, d] with fewer heads than the queries: each serves a group of query heads.
TensorId shared_among(OnnxNode& n, TensorId x, std::int64_t heads) {
    const Shape shape = n.builder().shape(x);
    if (shape[1] == heads) return x;
    if (shape[1] == 0 || heads % shape[1] != 0)
        throw ShapeError("the heads of its keys do not divide those of its queries");
    const auto group = heads / shape[1];
    const auto apart = n.make(Op::unsqueeze, {x}, {{"axes", Ints{2}}});
    const auto spread = n.make(Op::expand, {apart}, {{"shape", Shape{shape[0], shape[1], group, shape[2], shape[3]}}});
    return n.make(Op::reshape, {spread}, {{"shape", Shape{shape[0], heads, shape[2], shape[3]}}});
}

/// The mask as a tensor to add to scores of `keys` columns. A boolean mask keeps positions where it is true; columns
/// missing at its end are masked out.
TensorId added_mask(OnnxNode& n, TensorId mask, DType dtype, std::int64_t keys) {
    if (n.builder().facts(mask).dtype == DType::boolean)
        mask = n.make(Op::where, {mask, n.number(0, dtype), n.number(kMasked, dtype)});
    const Shape shape = n.builder().shape(mask);
    if (shape.empty() || shape.back() == 1 || shape.back() >= keys) return mask;
    Ints pads(2 * shape.size(), 0);
    pads.back() = keys - shape.back();
    return n.make(Op::pad, {mask}, {{"pads", pads}, {"mode", std::string("constant")}, {"value", kMasked}});
}

/// Attention (opset 23): [B, S, heads * d] with the heads as attributes, or [B, heads, S, d].
void attention(OnnxNode& n) {
    n.ignore("softmax_precision");
    n.ignore("qk_matmul_output_mode");
    if (n.output_used(3)) throw ShapeError("its scores as an output are not supported");
    if (n.has(6)) throw ShapeError("nonpad_kv_seqlen (opset 24) is not supported");
    const auto q_heads = n.integer("q_num_heads", 0), kv_heads = n.integer("kv_num_heads", 0);
    const bool flat = n.rank() == 3;
    AttentionOperands a;
    a.query = flat ? split_heads(n, n.in(0), q_heads) : n.in(0);
    a.key = flat ? split_heads(n, n.in(1), kv_heads) : n.in(1);
    a.value = flat ? split_heads(n, n.in(2), kv_heads) : n.in(2);
    if (n.builder().shape(a.query).size() != 4) throw ShapeError("takes operands of rank 3 or 4");
    const Attributes behind = {{"axis", std::int64_t{2}}};
    if (n.has(4)) {
        a.past = n.shape(4).at(2);
        a.key = n.make(Op::concat, {n.in(4), a.key}, behind);
        a.value = n.make(Op::concat, {n.in(5), a.value}, behind);
    }
    n.bind(1, a.key);
    n.bind(2, a.value);
    const Shape query = n.builder().shape(a.query);
    a.key = shared_among(n, a.key, query[1]);
    a.value = shared_among(n, a.value, query[1]);
    a.scale = n.real("scale", 1 / std::sqrt(static_cast<double>(query[3])));
    a.softcap = n.real("softcap", 0);
    a.causal = n.integer("is_causal", 0) != 0;
    if (n.has(3)) a.mask = added_mask(n, n.in(3), n.builder().facts(a.query).dtype, n.builder().shape(a.key)[2]);
    const auto y = attend(n, a);
    n.bind(0, flat ? join_heads(n, y) : y);
}

/// Rotates each pair (x1, x2) by an angle: (x1 cos - x2 sin, x1 sin + x2 cos). The pairs come from the two halves of
/// the last axis, or are adjacent elements.
TensorId rotated(OnnxNode& n, TensorId x, TensorId cosine, TensorId sine, bool neighbours) {
    const Shape shape = n.builder().shape(x);
    const auto last = static_cast<std::int64_t>(shape.size()) - 1, width = shape.back(), half = width / 2;
    const auto first = neighbours ? n.part(x, last, 0, width, 2) : n.part(x, last, 0, half);
    const auto second = neighbours ? n.part(x, last, 1, width, 2) : n.part(x, last, half, width);
    const auto product = [&](TensorId a, TensorId b) { return n.make(Op::mul, {a, b}); };
    const auto real = n.make(Op::sub, {product(first, cosine), product(second, sine)});
    const auto imaginary = n.make(Op::add, {product(first, sine), product(second, cosine)});
    if (!neighbours) return n.make(Op::concat, {real, imaginary}, {{"axis", last}});
    const Attributes apart = {{"axes", Ints{last + 1}}};
    const auto pairs =
        n.make(Op::concat, {n.make(Op::unsqueeze, {real}, apart), n.make(Op::unsqueeze, {imaginary}, apart)},
               {{"axis", last + 1}});
    return n.make(Op::reshape, {pairs}, {{"shape", shape}});
}

void rotary_embedding(OnnxNode& n) {
    const bool flat = n.rank() == 3;
    const auto heads = n.integer("num_heads", 0);
    auto width = n.integer("rotary_embedding_dim", 0);
    const bool neighbours = n.integer("interleaved", 0) != 0;
    const auto x = flat ? split_heads(n, n.in(0), heads) : n.in(0);
    const Shape shape = n.builder().shape(x);
    if (shape.size() != 4) throw ShapeError("takes operands of rank 3 or 4");
    if (width == 0) width = shape[3];
    const auto table = [&](std::size_t i) {  // [B, S, d / 2], or one row per position
        auto rows = n.has(3) ? n.make(Op::gather, {n.in(i), n.in(3)}, {{"axis", std::int64_t{0}}}) : n.in(i);
        return n.make(Op::unsqueeze, {rows}, {{"axes", Ints{1}}});
    };
    const bool partial = width < shape[3];
    const auto turned = rotated(n, partial ? n.part(x, 3, 0, width) : x, table(1), table(2), neighbours);
    const auto all =
        partial ? n.make(Op::concat, {turned, n.part(x, 3, width, shape[3])}, {{"axis", std::int64_t{3}}}) : turned;
    n.bind(0, flat ? join_heads(n, all) : all);
}

}  // namespace

void add_attention(ConverterTable& t) {
    t["Attention"] = attention;
    t["RotaryEmbedding"] = rotary_embedding;
}

}  // namespace infsim::graph::onnx_import
