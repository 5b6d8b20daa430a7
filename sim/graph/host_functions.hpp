// The operators that only the host runs, as ONNX defines them, on known values.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

struct TopK {
    std::vector<double> values, indices;  ///< row-major, `k` along the axis
};
/// The k largest (or smallest) along an axis, in order; ties by lower index. NaN counts as the largest.
TopK top_k(const std::vector<double>& x, const Shape& shape, std::size_t axis, std::int64_t k, bool largest);

/// Indices of the nonzero elements, in order: one row per axis, row-major [rank, count].
std::vector<double> non_zero(const std::vector<double>& x, const Shape& shape);

struct Suppression {
    std::int64_t most_per_class = 0;       ///< most boxes that a class keeps
    float iou_threshold = 0;               ///< a box that overlaps a better one by more is dropped
    std::optional<float> score_threshold;  ///< boxes whose score is not above it are dropped
    bool center_point = false;             ///< boxes are (centre x, centre y, width, height), not two corners
};
/// `boxes` [batch, spatial, 4], `scores` [batch, classes, spatial]: rows (batch, class, box) of the kept boxes, by
/// batch and class, best first; ties by lower index. In single precision, like scores and thresholds.
std::vector<double> non_max_suppression(const std::vector<double>& boxes, const std::vector<double>& scores,
                                        const Shape& scores_shape, const Suppression& how);

}  // namespace infsim::graph
