// Gathers and scatters by constant indices: gathers of rows, from the data or from data and updates concatenated.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "graph/elements.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {
namespace {

/// Constant indices; negative ones count from the end.
Ints known_indices(OnnxNode& n, std::size_t input) {
    const auto list = n.builder().values(n.in(input));
    if (!list)
        throw ShapeError(
            fmt::format("its indices (input {}) are computed or many; constant ones of at most {} are supported", input,
                        kFoldLimit));
    Ints out;
    for (const double v : *list) out.push_back(bounded_integer(v));
    return out;
}

/// Whether the node belongs to the host and its indices have no values yet.
bool unknown_indices(OnnxNode& n) { return n.measures() && !n.builder().values(n.in(1)); }

/// Row-major positions, over the axes from `first` on, of the elements that GatherElements or ScatterElements selects.
/// Empty if the indices differ along the axis before `first`.
std::optional<std::vector<double>> flat_places(const Shape& data, const Shape& wanted, const Ints& indices,
                                               std::size_t axis, std::size_t first) {
    const auto count = static_cast<std::size_t>(
        element_count(Shape(wanted.begin() + static_cast<std::ptrdiff_t>(first), wanted.end())));
    std::vector<double> flat;
    Shape at(wanted.size(), 0);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        auto left = static_cast<std::int64_t>(i);
        for (std::size_t a = wanted.size(); a-- > 0;) {
            at[a] = left % wanted[a];
            left /= wanted[a];
        }
        std::int64_t offset = 0;
        for (std::size_t a = first; a < data.size(); ++a) {
            const auto index = a == axis ? indices[i] + (indices[i] < 0 ? data[a] : 0) : at[a];
            if (index < 0 || index >= data[a])
                throw ShapeError(fmt::format("index {} is outside of axis {}", indices[i], axis));
            offset = offset * data[a] + index;
        }
        if (i < count) flat.push_back(static_cast<double>(offset));
        else if (flat[i % count] != static_cast<double>(offset)) return std::nullopt;
    }
    return flat;
}

/// The same, with the leading axis kept separate if the indices allow it: it is usually the batch.
struct Places {
    std::int64_t leading = 0;  ///< 1: the leading axis stays
    std::vector<double> flat;
};

Places element_places(OnnxNode& n, const Shape& data, const Shape& wanted) {
    const auto axis = static_cast<std::size_t>(n.axis(n.integer("axis", 0), n.rank()));
    const auto indices = known_indices(n, 1);
    if (wanted.size() != data.size()) throw ShapeError("the ranks of its indices and data differ");
    if (axis > 0 && wanted[0] == data[0])
        if (auto flat = flat_places(data, wanted, indices, axis, 1)) return {1, std::move(*flat)};
    return {0, flat_places(data, wanted, indices, axis, 0).value()};
}

/// [leading, the rest] or [all].
TensorId as_line(OnnxNode& n, TensorId x, std::int64_t leading) {
    const Shape shape = n.builder().shape(x);
    const auto count = element_count(shape);
    const Shape line = leading != 0 ? Shape{shape[0], count / std::max<std::int64_t>(1, shape[0])} : Shape{count};
    return n.make(Op::reshape, {x}, {{"shape", line}});
}

TensorId picked_from(OnnxNode& n, TensorId line, std::int64_t axis, std::vector<double> places) {
    const Shape shape = {static_cast<std::int64_t>(places.size())};
    return n.make(Op::gather, {line, n.small(shape, DType::i64, std::move(places))}, {{"axis", axis}});
}

/// data[indices[i][j], j] along an axis.
void gather_elements(OnnxNode& n) {
    const Shape wanted = n.shape(1);
    if (unknown_indices(n)) {
        n.ignore("axis");
        return n.bind_unknown(0, wanted, n.facts(0).dtype);
    }
    auto places = element_places(n, n.shape(0), wanted);
    const auto line = as_line(n, n.in(0), places.leading);
    n.emit(Op::reshape, {picked_from(n, line, places.leading, std::move(places.flat))}, {{"shape", wanted}});
}

/// The data, with selected elements replaced by updates; the last of several updates counts.
void scatter_elements(OnnxNode& n) {
    if (const auto reduction = n.text("reduction", "none"); reduction != "none")
        throw ShapeError(fmt::format("reduction '{}' is not supported", reduction));
    const Shape data = n.shape(0);
    if (n.shape(2) != n.shape(1)) throw ShapeError("its updates do not fit its indices");
    const auto places = element_places(n, data, n.shape(1));
    const auto line = as_line(n, n.in(0), places.leading);
    const auto count = n.builder().shape(line).back();
    std::vector<double> from(static_cast<std::size_t>(count));
    std::iota(from.begin(), from.end(), 0.0);
    for (std::size_t u = 0; u < places.flat.size(); ++u)
        from[static_cast<std::size_t>(places.flat[u])] = static_cast<double>(count) + static_cast<double>(u);
    const auto both = n.make(Op::concat, {line, as_line(n, n.in(2), places.leading)}, {{"axis", places.leading}});
    n.emit(Op::reshape, {picked_from(n, both, places.leading, std::move(from))}, {{"shape", data}});
}

/// A constant condition picks slices of an axis, or elements of the flattened data.
void compress(OnnxNode& n) {
    const auto condition = n.builder().values(n.in(1));
    if (!condition) throw ShapeError("its condition is computed; only a constant one is supported");
    const bool flat = !n.has_attribute("axis");
    const auto axis = flat ? 0 : n.axis(n.integer("axis", 0), n.rank());
    const auto x = flat ? as_line(n, n.in(0), 0) : n.in(0);
    std::vector<double> places;
    for (std::size_t i = 0; i < condition->size(); ++i)
        if ((*condition)[i] != 0) places.push_back(static_cast<double>(i));
    if (places.empty()) throw ShapeError("its condition picks nothing");
    if (places.back() >= static_cast<double>(n.builder().shape(x)[static_cast<std::size_t>(axis)]))
        throw ShapeError("its condition is longer than its axis");
    n.bind(0, picked_from(n, x, axis, std::move(places)));
}

/// Data [d0, ..., dk, rest...] as rows, and the rows that tuples of constant indices select. A leading axis of extent
/// 1, usually the batch, stays in front.
struct Rows {
    std::int64_t leading = 0;  ///< 1: there is a leading axis
    std::int64_t count = 1, width = 1;
    std::vector<double> named;
};

Rows rows_of(OnnxNode& n, const Shape& data) {
    const auto& shape = n.shape(1);
    const auto indices = known_indices(n, 1);
    const auto depth = shape.empty() ? 0 : static_cast<std::size_t>(shape.back());
    if (depth < 1 || depth > data.size()) throw ShapeError("its indices do not fit its data");
    Rows rows;
    rows.leading = depth > 1 && data[0] == 1 ? 1 : 0;
    for (std::size_t a = 0; a < data.size(); ++a) (a < depth ? rows.count : rows.width) *= data[a];
    for (std::size_t i = 0; i < indices.size(); i += depth) {
        std::int64_t row = 0;
        for (std::size_t a = 0; a < depth; ++a) {
            const auto index = indices[i + a] + (indices[i + a] < 0 ? data[a] : 0);
            if (index < 0 || index >= data[a])
                throw ShapeError(fmt::format("index {} is outside of axis {}", indices[i + a], a));
            row = row * data[a] + index;
        }
        rows.named.push_back(static_cast<double>(row));
    }
    return rows;
}

TensorId as_rows(OnnxNode& n, TensorId x, const Rows& rows, std::int64_t count) {
    const Shape shape = rows.leading != 0 ? Shape{1, count, rows.width} : Shape{count, rows.width};
    return n.make(Op::reshape, {x}, {{"shape", shape}});
}

void gather_nd(OnnxNode& n) {
    if (n.integer("batch_dims", 0) != 0) throw ShapeError("batch_dims are not supported");
    const Shape data = n.shape(0);
    if (n.shape(1).empty() || n.shape(1).back() < 1 || n.shape(1).back() > static_cast<std::int64_t>(data.size()))
        throw ShapeError("its indices do not fit its data");
    Shape out(n.shape(1).begin(), n.shape(1).end() - 1);
    out.insert(out.end(), data.begin() + static_cast<std::ptrdiff_t>(n.shape(1).back()), data.end());
    if (unknown_indices(n)) return n.bind_unknown(0, out, n.facts(0).dtype);
    const auto rows = rows_of(n, data);
    const auto count = static_cast<std::int64_t>(rows.named.size());
    const auto picked =
        n.make(Op::gather, {as_rows(n, n.in(0), rows, rows.count), n.small({count}, DType::i64, rows.named)},
               {{"axis", rows.leading}});
    n.emit(Op::reshape, {picked}, {{"shape", out}});
}

/// Rows of the data, with selected rows replaced by updates.
void scatter_nd(OnnxNode& n) {
    if (const auto reduction = n.text("reduction", "none"); reduction != "none")
        throw ShapeError(fmt::format("reduction '{}' is not supported", reduction));
    const Shape data = n.shape(0);
    const auto rows = rows_of(n, data);
    std::vector<double> from(static_cast<std::size_t>(rows.count));
    std::iota(from.begin(), from.end(), 0.0);
    for (std::size_t u = 0; u < rows.named.size(); ++u)
        from[static_cast<std::size_t>(rows.named[u])] = static_cast<double>(rows.count) + static_cast<double>(u);
    const auto count = static_cast<std::int64_t>(rows.named.size());
    if (element_count(n.shape(2)) != count * rows.width) throw ShapeError("its updates do not fit its indices");
    const auto both = n.make(Op::concat, {as_rows(n, n.in(0), rows, rows.count), as_rows(n, n.in(2), rows, count)},
                             {{"axis", rows.leading}});
    const auto picked =
        n.make(Op::gather, {both, n.small({rows.count}, DType::i64, std::move(from))}, {{"axis", rows.leading}});
    n.emit(Op::reshape, {picked}, {{"shape", data}});
}

}  // namespace

void add_gather_scatter(ConverterTable& t) {
    t["GatherElements"] = gather_elements;
    t["GatherND"] = gather_nd;
    t["ScatterND"] = scatter_nd;
    t["ScatterElements"] = scatter_elements;
    t["Scatter"] = scatter_elements;
    t["Compress"] = compress;
}

}  // namespace infsim::graph::onnx_import
