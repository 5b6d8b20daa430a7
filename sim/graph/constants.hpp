// Values of constants, expanded only on request.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

struct EvaluationOptions {
    /// Weights that are absent, or one value everywhere (more than one element of a floating-point type), are
    /// drawn from a separate stream per (seed, tensor name): convolution and dense weights from a normal
    /// distribution with He scaling, so that activations stay of order 1; scales and variances around 1; biases
    /// and means small.
    std::optional<std::uint64_t> seed;
    /// With a seed: all floating-point weights of more than one element become integers from -2 to 2 (scales
    /// 1 or 2), whatever the model says, and folded ones directly rather than by their recipe, so that sums
    /// stay exact.
    bool small_integers = false;
};

/// The elements of a constant, row-major. Recipes are computed in double precision and rounded once per step.
/// Throws InputError if values are absent and no seed is given, or if a file cannot be read.
std::vector<float> evaluate_constant(const Graph& graph, TensorId id, const EvaluationOptions& options = {});

/// Number of scales of a tensor in which every `block` indices of `axis` share one. Blocks of more than one index have
/// a scale for each index of the other axes; otherwise there is one scale per index of `axis`.
std::int64_t dequantize_scales(const Shape& shape, std::size_t axis, std::int64_t block);

}  // namespace infsim::graph
