// What nodes of transformers in all domains are taken apart into. Private to the import.
#pragma once

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {

/// Added to the score of what takes no part: within fp16, and nothing is left of it behind a softmax.
constexpr double kMasked = -30000;

/// Queries, keys, values [B, heads, S, d]; `mask` is added to the scores where there is one.
struct AttentionOperands {
    TensorId query = kNoTensor, key = kNoTensor, value = kNoTensor, mask = kNoTensor;
    double scale = 1, softcap = 0;
    bool causal = false;
    std::int64_t past = 0;  ///< positions in front of the first query
};

/// softmax(query x key^T * scale + mask) x value, [B, heads, S, d].
TensorId attend(OnnxNode& n, const AttentionOperands& operands);

/// x / sqrt(mean(x^2) + epsilon) * scale, the mean over `axis` and all behind it.
TensorId rms_norm(OnnxNode& n, TensorId x, TensorId scale, std::int64_t axis, double epsilon);

/// [B, S, heads * d] to [B, heads, S, d] and back.
TensorId split_heads(OnnxNode& n, TensorId x, std::int64_t heads);
TensorId join_heads(OnnxNode& n, TensorId x);

}  // namespace infsim::graph::onnx_import
