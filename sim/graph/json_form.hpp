// The Graph as JSON, the form of the networks in models/: strict, one object per tensor and node.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"
#include "graph/graph.hpp"
#include "graph/onnx_import.hpp"

namespace infsim::graph {

/// Reads a graph; README.md has the form. Shapes of intermediate tensors are inferred; those given for
/// outputs are checked against inference. Problems are added with JSON pointer (or node, if an operator does
/// not fit its operands), and the graph is then unusable.
/// `dims` replace the extents of named axes in the text; a name that the text lacks is a problem.
Graph graph_from_json(const json::Document& document, Problems& problems,
                      const std::map<std::string, std::int64_t>& dims = {});
/// The same, from a file. Throws InputError.
Graph read_graph(const std::string& path, const std::map<std::string, std::int64_t>& dims = {});

/// The graph as JSON; files that constants refer to are named relative to `folder`.
json::Value graph_to_json(const Graph& graph, const std::string& folder);

/// A model as a user names it: a path ending in .onnx or .json, or the name of a network in `models_dir`
/// (models_dir/<family>/<name>.json). Either way the same passes are applied (unless options.optimize is
/// off); options.batch, input_shapes and bound_inputs are for ONNX only. Throws InputError; for an unknown name the
/// error lists the known ones.
Graph load_model(const std::string& path_or_name, const std::string& models_dir, const ImportOptions& options = {});

/// Names of the networks in `models_dir`, sorted.
std::vector<std::string> model_names(const std::string& models_dir);

}  // namespace infsim::graph
