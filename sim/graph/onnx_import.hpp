// ONNX files to Graphs. README.md says which operators, and what they become.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

struct ImportOptions {
    /// auto_leading: every input has a batch axis, by default the leading one, open or with the exported extent, and
    /// the Graph is one item of it; a model whose items depend on each other is imported whole and unbatchable.
    /// whole: the model, with its shapes unchanged, is one item.
    enum class Batch : std::uint8_t { auto_leading, whole };
    Batch batch = Batch::auto_leading;
    /// Extents of symbolic axes other than the batch, by the model's names ("sequence" -> 128).
    std::map<std::string, std::int64_t> dims;
    /// Shapes of inputs, by name, for axes that the model leaves open; extents that the model gives must match.
    std::map<std::string, std::vector<std::int64_t>> input_shapes;
    /// Inputs given here become constants (row-major): what a Reshape or Slice takes as an input
    /// must be known at compile time.
    std::map<std::string, std::vector<double>> bound_inputs;
    /// Operators that the host may run, with all nodes that read their results (host_tail.hpp); the rest is refused.
    std::set<std::string> host_operators;
    /// Run the folding and recognising passes (passes.hpp); off: the operators of the model one by one.
    bool optimize = true;
};

/// Reads, normalises and folds a model; tensors and nodes keep the names that the file gives them.
/// Throws InputError listing everything wrong or unsupported, with file and node.
Graph import_onnx(const std::string& path, const ImportOptions& options = {});

}  // namespace infsim::graph
