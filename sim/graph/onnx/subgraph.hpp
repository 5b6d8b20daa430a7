// Graphs within a graph: functions of the model, branches of an If, the body of a Loop. Their nodes are converted in
// place of the node that contains them, under unique names. Private to the import.
#pragma once

#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {

/// Names that the nodes of a graph and its subgraphs read, and its outputs.
void collect_used(const ::onnx::GraphProto& graph, std::set<std::string>& used);

/// The function of the model that a node calls; nullptr if it calls none.
const ::onnx::FunctionProto* find_function(const OnnxFile& file, const ::onnx::NodeProto& node);

/// Converts the nodes of a function in place of the node that calls it. Throws ShapeError if the function calls
/// itself.
void inline_function(Import& import, const ::onnx::NodeProto& call, const ::onnx::FunctionProto& function);

}  // namespace infsim::graph::onnx_import
