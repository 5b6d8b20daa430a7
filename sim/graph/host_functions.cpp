#include "graph/host_functions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace infsim::graph {
namespace {

/// Whether `a` comes before `b` in descending order, NaN first.
bool larger(double a, double b) { return std::isnan(a) ? !std::isnan(b) : a > b; }

/// Smallest and largest corner: y, x, y, x; boxes may list their corners in any order.
using Box = std::array<float, 4>;

Box box_of(const std::vector<double>& boxes, std::int64_t at, bool center_point) {
    std::array<float, 4> b{};
    for (std::size_t i = 0; i < 4; ++i) b[i] = static_cast<float>(boxes[static_cast<std::size_t>(at) * 4 + i]);
    if (center_point)
        return {b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2};  // from x, y, width, height
    return {std::min(b[0], b[2]), std::min(b[1], b[3]), std::max(b[0], b[2]), std::max(b[1], b[3])};
}

float area(const Box& b) { return (b[2] - b[0]) * (b[3] - b[1]); }

/// Whether the intersection is more than `threshold` of the union.
bool overlaps(const Box& a, const Box& b, float threshold) {
    const float height = std::min(a[2], b[2]) - std::max(a[0], b[0]);
    const float width = std::min(a[3], b[3]) - std::max(a[1], b[1]);
    const float all = area(a) + area(b);
    if (!(height > 0) || !(width > 0) || !(area(a) > 0) || !(area(b) > 0)) return false;
    const float common = height * width;
    return common / (all - common) > threshold;
}

/// Boxes of one class that are kept, best first.
std::vector<std::int64_t> kept(const std::vector<Box>& boxes, const double* scores, const Suppression& how) {
    std::vector<std::int64_t> order;
    for (std::size_t i = 0; i < boxes.size(); ++i)
        if (!how.score_threshold || static_cast<float>(scores[i]) > *how.score_threshold)
            order.push_back(static_cast<std::int64_t>(i));
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return larger(scores[a], scores[b]); });
    std::vector<std::int64_t> stay;
    for (const std::int64_t candidate : order) {
        if (static_cast<std::int64_t>(stay.size()) >= how.most_per_class) break;
        const bool hidden = std::any_of(stay.begin(), stay.end(), [&](std::int64_t better) {
            return overlaps(boxes[static_cast<std::size_t>(better)], boxes[static_cast<std::size_t>(candidate)],
                            how.iou_threshold);
        });
        if (!hidden) stay.push_back(candidate);
    }
    return stay;
}

}  // namespace

TopK top_k(const std::vector<double>& x, const Shape& shape, std::size_t axis, std::int64_t k, bool largest) {
    std::int64_t inner = 1, outer = 1;
    for (std::size_t a = 0; a < shape.size(); ++a)
        if (a != axis) (a < axis ? outer : inner) *= shape[a];
    const std::int64_t extent = shape[axis];
    TopK out;
    out.values.resize(static_cast<std::size_t>(outer * k * inner));
    out.indices.resize(out.values.size());
    std::vector<std::int64_t> order(static_cast<std::size_t>(extent));
    for (std::int64_t line = 0; line < outer * inner; ++line) {
        const std::int64_t first = line / inner * extent * inner + line % inner;
        const auto value = [&](std::int64_t i) { return x[static_cast<std::size_t>(first + i * inner)]; };
        std::iota(order.begin(), order.end(), 0);
        std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](std::int64_t a, std::int64_t b) {
            const double va = value(a), vb = value(b);
            if (larger(va, vb) || larger(vb, va)) return largest ? larger(va, vb) : larger(vb, va);
            return a < b;
        });
        for (std::int64_t i = 0; i < k; ++i) {
            const auto at = static_cast<std::size_t>(line / inner * k * inner + i * inner + line % inner);
            out.values[at] = value(order[static_cast<std::size_t>(i)]);
            out.indices[at] = static_cast<double>(order[static_cast<std::size_t>(i)]);
        }
    }
    return out;
}

std::vector<double> non_zero(const std::vector<double>& x, const Shape& shape) {
    std::vector<std::vector<double>> found(shape.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (x[i] == 0) continue;
        auto left = static_cast<std::int64_t>(i);
        for (std::size_t a = shape.size(); a-- > 0;) {
            found[a].push_back(static_cast<double>(left % shape[a]));
            left /= shape[a];
        }
    }
    std::vector<double> all;
    for (const auto& list : found) all.insert(all.end(), list.begin(), list.end());
    return all;
}

std::vector<double> non_max_suppression(const std::vector<double>& boxes, const std::vector<double>& scores,
                                        const Shape& scores_shape, const Suppression& how) {
    const std::int64_t batch = scores_shape[0], classes = scores_shape[1], spatial = scores_shape[2];
    std::vector<double> rows;
    for (std::int64_t b = 0; b < batch; ++b) {
        std::vector<Box> own;
        for (std::int64_t i = 0; i < spatial; ++i) own.push_back(box_of(boxes, b * spatial + i, how.center_point));
        for (std::int64_t c = 0; c < classes; ++c)
            for (const std::int64_t box : kept(own, scores.data() + (b * classes + c) * spatial, how))
                rows.insert(rows.end(), {static_cast<double>(b), static_cast<double>(c), static_cast<double>(box)});
    }
    return rows;
}

}  // namespace infsim::graph
