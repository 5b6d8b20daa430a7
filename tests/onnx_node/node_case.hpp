// One of ONNX's own node tests: a model of one operator with inputs and the outputs that are right.
#pragma once

#include <string>
#include <vector>

#include "hw/spec.hpp"
#include "tensorio/array.hpp"

namespace infsim::onnx_node {

/// Inputs or outputs that belong together, in the model's order.
struct DataSet {
    std::vector<tensorio::NamedArray> inputs, outputs;
};

struct NodeCase {
    std::string name;                    ///< of the folder
    std::string model;                   ///< path
    std::vector<std::string> operators;  ///< ONNX operators of the model, sorted, each once
    std::vector<DataSet> data;
    std::string unreadable;  ///< why the data cannot be had; empty: they are there
};

/// Reads the case in `folder`. Inputs and outputs carry the names of the model. Never throws.
NodeCase read_case(const std::string& folder);

struct Outcome {
    bool passed = false;
    std::string detail;    ///< how the inputs were given, or why the case does not count
    bool wrong = false;    ///< it ran and the numbers (or the program) were not right
    bool on_host = false;  ///< its operator is one that only the host runs (graph/host_tail.hpp)
};

/// Imports, compiles in fp32, verifies, runs with tracking of every byte and compares with ONNX's tolerances (relative
/// 1e-3, absolute 1e-7). Inputs that an operator needs while compiling (shapes, weights) are given as constants:
/// first none, then integer ones, then all but the first; the leading axis is part of the item, or the batch where
/// that fails. Counts only if an instruction on the chip wrote every output,
/// or on the host, counted apart, if its operator is one that only the host runs.
Outcome run_case(const NodeCase& node_case, const hw::ChipSpec& chip);

}  // namespace infsim::onnx_node
