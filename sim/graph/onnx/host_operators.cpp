// The operators that only the host runs. On constants they fold to constants; in the host's part they are computed or,
// without values, become tensors of the largest shape that they may have.
#include <algorithm>

#include <fmt/format.h>

#include "graph/elements.hpp"
#include "graph/host_functions.hpp"
#include "graph/host_tail.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph {

const std::vector<std::string>& host_operators() {
    static const std::vector<std::string> names = {"NonMaxSuppression", "NonZero", "TopK"};
    return names;
}

std::int64_t HostTail::elements() const {
    std::int64_t sum = 0;
    for (const auto& step : steps) sum += step.elements;
    return sum;
}

namespace onnx_import {
namespace {

/// For operands without values: refused on the chip.
void require_host(OnnxNode& n) {
    if (n.measures()) return;
    if (n.import().depth > 0) throw ShapeError("of computed data is not supported inside a subgraph or function");
    throw ShapeError(needs_host(n.type()));
}

/// The k of a TopK; `extent` if it is not known before the data.
std::int64_t count_of(OnnxNode& n, std::int64_t extent) {
    if (!n.has(1)) return std::clamp<std::int64_t>(n.integer("k", extent), 0, extent);
    const auto known = n.builder().values(n.in(1));
    if (!known && n.measures()) return extent;
    const auto k = bounded_integer(n.scalar(1));
    if (k < 0 || k > extent) throw ShapeError(fmt::format("asks for {} of {} elements", k, extent));
    return k;
}

void top_k_node(OnnxNode& n) {
    const auto axis = static_cast<std::size_t>(n.axis(n.integer("axis", -1), n.rank()));
    const bool largest = n.integer("largest", 1) != 0;
    n.ignore("sorted");  // sorted is a valid unsorted order
    const Shape shape = n.shape(0);
    const auto dtype = n.facts(0).dtype;
    const auto k = count_of(n, shape[axis]);
    Shape out = shape;
    out[axis] = k;
    const auto x = n.builder().values(n.in(0));
    if (!x) {
        require_host(n);
        n.bind_unknown(0, out, dtype);
        return n.bind_unknown(1, out, DType::i64);
    }
    auto found = top_k(*x, shape, axis, k, largest);
    n.bind(0, n.builder().small(n.output_name(0), out, dtype, std::move(found.values)));
    if (n.output_count() > 1) n.bind(1, n.builder().small(n.output_name(1), out, DType::i64, std::move(found.indices)));
}

void non_zero_node(OnnxNode& n) {
    const Shape shape = n.shape(0);
    const auto rank = static_cast<std::int64_t>(shape.size()), count = element_count(shape);
    auto values = n.builder().values(n.in(0));
    const auto& tensor = n.builder().graph().tensor(n.in(0));
    const auto* splat = tensor.constant ? std::get_if<Splat>(&*tensor.constant) : nullptr;
    if (!values && splat != nullptr) values.emplace(static_cast<std::size_t>(count), splat->value);
    if (!values) {
        require_host(n);
        return n.bind_unknown(0, {rank, count}, DType::i64);
    }
    auto found = non_zero(*values, shape);
    const auto columns = rank == 0 ? 0 : static_cast<std::int64_t>(found.size()) / rank;
    n.bind(0, n.builder().small(n.output_name(0), {rank, columns}, DType::i64, std::move(found)));
}

/// An optional scalar input (from the third on); empty if absent or not known.
std::optional<double> scalar_if_known(OnnxNode& n, std::size_t i) {
    if (!n.has(i)) return std::nullopt;
    const auto list = n.builder().values(n.in(i));
    if (!list) return std::nullopt;
    return n.scalar(i);
}

void non_max_suppression_node(OnnxNode& n) {
    Suppression how;
    how.center_point = n.integer("center_point_box", 0) != 0;
    const Shape boxes = n.shape(0), scores = n.shape(1);
    if (boxes.size() != 3 || scores.size() != 3 || boxes[2] != 4 || boxes[0] != scores[0] || boxes[1] != scores[2])
        throw ShapeError("its boxes are not [batch, spatial, 4] or its scores not [batch, classes, spatial]");
    const auto most = scalar_if_known(n, 2);
    // Without a third input no box is selected.
    how.most_per_class = std::clamp<std::int64_t>(most       ? bounded_integer(*most)
                                                  : n.has(2) ? scores[2]
                                                             : 0,
                                                  0, scores[2]);
    how.iou_threshold = static_cast<float>(scalar_if_known(n, 3).value_or(0));
    if (const auto least = scalar_if_known(n, 4)) how.score_threshold = static_cast<float>(*least);
    const auto box_values = n.builder().values(n.in(0)), score_values = n.builder().values(n.in(1));
    bool known = box_values && score_values;
    for (std::size_t i = 2; i < 5; ++i) known = known && (!n.has(i) || n.builder().values(n.in(i)));
    if (!known) {
        require_host(n);
        return n.bind_unknown(0, {scores[0] * scores[1] * how.most_per_class, 3}, DType::i64);
    }
    auto rows = non_max_suppression(*box_values, *score_values, scores, how);
    const auto count = static_cast<std::int64_t>(rows.size()) / 3;
    n.bind(0, n.builder().small(n.output_name(0), {count, 3}, DType::i64, std::move(rows)));
}

}  // namespace

std::string needs_host(const std::string& type) {
    return fmt::format("of computed data is not supported; with compiler option host.operators the host runs {}", type);
}

void add_host_operators(ConverterTable& t) {
    t["TopK"] = top_k_node;
    t["NonZero"] = non_zero_node;
    t["NonMaxSuppression"] = non_max_suppression_node;
}

}  // namespace onnx_import
}  // namespace infsim::graph
