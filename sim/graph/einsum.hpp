// The equation of an einsum, parsed: "bij,bjk->bik", "ii->i", "...ij->...ji".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

/// Labels of every operand and of the output; the axes of an ellipsis have the labels '0' to '9', aligned
/// at the right.
struct EinsumEquation {
    std::vector<std::string> operands;
    std::string output;
    std::map<char, std::int64_t> extents;
};

/// Parses `equation` for operands of these shapes. Throws ShapeError (see infer.hpp) if they do not fit.
EinsumEquation parse_einsum(const std::string& equation, const std::vector<Shape>& shapes);

}  // namespace infsim::graph
