// The operators that only the host runs, as ONNX defines them, on values that are all there.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

struct TopK {
    std::vector<double> values, indices;  ///< row-major, `k` along the axis
};
/// The k largest (or least) along an axis, in order; of equal ones the lower index first. NaN counts as the largest.
TopK top_k(const std::vector<double>& x, const Shape& shape, std::size_t axis, std::int64_t k, bool largest);

/// Indices of elements that are not 0, in their order: a row per axis, row-major [rank, count].
std::vector<double> non_zero(const std::vector<double>& x, const Shape& shape);

struct Suppression {
    std::int64_t most_per_class = 0;       ///< boxes that a class keeps at most
    float iou_threshold = 0;               ///< a box goes that overlaps a better one by more
    std::optional<float> score_threshold;  ///< boxes stay out whose score is not above it
    bool center_point = false;             ///< boxes are (x, y, width, height) of their centre, not two corners
};
/// `boxes` [batch, spatial, 4], `scores` [batch, classes, spatial]: rows (batch, class, box) of what stays, by batch
/// and class, the best first; of equal scores the lower index first. In single precision, as scores and thresholds are.
std::vector<double> non_max_suppression(const std::vector<double>& boxes, const std::vector<double>& scores,
                                        const Shape& scores_shape, const Suppression& how);

}  // namespace infsim::graph
