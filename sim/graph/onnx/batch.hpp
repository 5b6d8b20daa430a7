// The batch axis and the extents of each input. Private to the import.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/problems.hpp"
#include "graph/onnx/reader.hpp"
#include "graph/onnx_import.hpp"

namespace infsim::graph::onnx_import {

/// How to interpret the inputs of a model.
struct BatchPlan {
    std::int64_t extent = 1;          ///< of the batch in the imported shapes
    bool items = true;                ///< false: the model is a whole
    bool open = false;                ///< the file leaves the extent of the batch open
    bool forced = false;              ///< `extent` overrides the file
    std::map<std::string, int> axes;  ///< the batch axis by input; an input without one is the same for all items
    std::string why_whole;
};

/// Inputs without an initializer.
std::vector<const ::onnx::ValueInfoProto*> true_inputs(const OnnxFile& file);

/// Finds the batch: an open axis (a name, -1, 0 or nothing instead of an extent) whose name suggests a batch, or the
/// open leading axis, or the leading axes if all inputs have the same leading extent. If only some inputs have such an
/// axis, the others are the same for all items.
BatchPlan plan_batch(const OnnxFile& file, const ImportOptions& options);

/// Makes an item of a graph that is a whole, with all extents fixed or, if the batch is `open`, for a batch of 1; a
/// batch is then several of them. Inputs and outputs without a leading axis of extent 1 get one for the batch.
void batch_of_wholes(Graph& graph, bool open);

/// Reports names of axes and inputs in the options that the model does not have.
void check_extents(const OnnxFile& file, const ImportOptions& options, Problems& problems);

/// The shape of an input, with open axes set by the options. Throws ShapeError if an axis stays open, or if a given
/// shape contradicts the file.
Shape input_shape(const ::onnx::ValueInfoProto& input, const BatchPlan& plan, const ImportOptions& options);

}  // namespace infsim::graph::onnx_import
