// Row-major index arithmetic shared by folding and constant evaluation.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

/// Distance in elements between neighbours along each axis of a dense row-major tensor.
inline std::vector<std::int64_t> row_major_strides(const Shape& shape) {
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
    return strides;
}

/// Visits every index of `shape` in row-major order; `offset` is the dot product of the index with `strides`.
/// Calls visit(offset) element_count(shape) times.
template <class Visit>
void for_each_offset(const Shape& shape, const std::vector<std::int64_t>& strides, std::int64_t base, Visit visit) {
    const auto count = element_count(shape);
    std::vector<std::int64_t> index(shape.size(), 0);
    std::int64_t offset = base;
    for (std::int64_t n = 0; n < count; ++n) {
        visit(offset);
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            offset += strides[axis];
            if (++index[axis] < shape[axis]) break;
            offset -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
}

/// Strides to read a tensor of shape `from` as if it were broadcast to `to`.
inline std::vector<std::int64_t> broadcast_strides(const Shape& from, const Shape& to) {
    const auto own = row_major_strides(from);
    std::vector<std::int64_t> strides(to.size(), 0);
    for (std::size_t i = 0; i < from.size(); ++i)
        if (from[i] != 1) strides[to.size() - from.size() + i] = own[i];
    return strides;
}

}  // namespace infsim::graph
