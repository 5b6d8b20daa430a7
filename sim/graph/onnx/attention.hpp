// Building blocks that transformer nodes of all domains decompose into. Private to the import.
#pragma once

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {

/// Added to masked scores: within the range of fp16, and 0 after a softmax.
constexpr double kMasked = -30000;

/// Queries, keys, values [B, heads, S, d]; `mask`, if any, is added to the scores.
struct AttentionOperands {
    TensorId query = kNoTensor, key = kNoTensor, value = kNoTensor, mask = kNoTensor;
    double scale = 1, softcap = 0;
    bool causal = false;
    std::int64_t past = 0;  ///< positions before the first query
};

/// softmax(query x key^T * scale + mask) x value, [B, heads, S, d].
TensorId attend(OnnxNode& n, const AttentionOperands& operands);

/// x / sqrt(mean(x^2) + epsilon) * scale, the mean over `axis` and all later axes.
TensorId rms_norm(OnnxNode& n, TensorId x, TensorId scale, std::int64_t axis, double epsilon);

/// [B, S, heads * d] to [B, heads, S, d] and back.
TensorId split_heads(OnnxNode& n, TensorId x, std::int64_t heads);
TensorId join_heads(OnnxNode& n, TensorId x);

}  // namespace infsim::graph::onnx_import
