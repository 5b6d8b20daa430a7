// What a constant is used for, which decides how random values are drawn. Private to the evaluation of constants.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

struct WeightRole {
    enum class Kind { weight, bias, scale, mean, variance, table, other };
    Kind kind = Kind::other;
    double deviation = 0.1;  ///< of a weight's normal distribution
};

/// The role of a constant by the first node that reads it, directly or through recipes.
WeightRole weight_role(const Graph& graph, TensorId id);

/// Values of a constant drawn for its role; see EvaluationOptions.
std::vector<float> random_values(const Graph& graph, TensorId id, std::uint64_t seed, bool small_integers);

}  // namespace infsim::graph
