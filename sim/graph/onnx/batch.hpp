// Which axis of each input counts the items of a batch, and what extents inputs have. Private to the import.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/problems.hpp"
#include "graph/onnx/reader.hpp"
#include "graph/onnx_import.hpp"

namespace infsim::graph::onnx_import {

/// How the inputs of a model are taken.
struct BatchPlan {
    std::int64_t extent = 1;          ///< of the batch in the shapes as they are imported
    bool items = true;                ///< false: the model is one whole
    bool open = false;                ///< the file leaves the extent of the batch open
    bool forced = false;              ///< the extent is this one, whatever the file says
    std::map<std::string, int> axes;  ///< the batch axis by input; an input without one is the same for all items
    std::string why_whole;
};

/// Inputs that no initializer gives a value.
std::vector<const ::onnx::ValueInfoProto*> true_inputs(const OnnxFile& file);

/// Finds the batch: an open axis (a name, -1, 0 or nothing in place of an extent) that is called like one, or the open
/// leading axis, or the leading axes where all inputs agree in their extent. Inputs without such an axis beside others
/// that have one are the same for all items.
BatchPlan plan_batch(const OnnxFile& file, const ImportOptions& options);

/// A graph that is one whole, with all extents fixed or, where the batch is `open`, for a batch of 1: an item is all of
/// it, and a batch several. Inputs and outputs get an axis for the batch in front where they have none of extent 1.
void batch_of_wholes(Graph& graph, bool open);

/// Names of axes and inputs in the options that the model does not have.
void check_extents(const OnnxFile& file, const ImportOptions& options, Problems& problems);

/// The shape of an input with what the options say about open axes. Throws ShapeError for an axis that stays open, and
/// for a shape that contradicts the file's.
Shape input_shape(const ::onnx::ValueInfoProto& input, const BatchPlan& plan, const ImportOptions& options);

}  // namespace infsim::graph::onnx_import
