// Model files of either kind.
#pragma once

#include <optional>
#include <string>

#include "base/problems.hpp"
#include "graph/graph.hpp"

namespace infsim::flow {

/// Reads an .onnx or a .json model. Empty after having added to `problems` what is wrong with it.
std::optional<graph::Graph> read_model(const std::string& path, Problems& problems);

}  // namespace infsim::flow
