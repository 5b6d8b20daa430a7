// Running a point with data: inputs from files, contents of the chip's memories, outputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chip/chip.hpp"
#include "flow/point/point.hpp"
#include "program/program.hpp"
#include "tensorio/array.hpp"

namespace infsim::flow {

/// The source of a run's data. Exactly one of `file` and `random_inputs` is given.
struct DataSource {
    std::string file;                             ///< .npz, or .pb (TensorProto) for a model with one input
    std::optional<std::uint64_t> random_inputs;   ///< seed: fp inputs normal (0, 1), integers and booleans 0 or 1
    std::optional<std::uint64_t> random_weights;  ///< seed for absent and constant weights (graph/constants.hpp)
};

/// A batch of inputs, one array per graph input in the graph's order, of the right element count.
struct Inputs {
    std::vector<tensorio::Array> arrays;
    std::optional<std::uint64_t> random_weights;
};

/// Throws InputError if weights have no values and `source` does not draw them.
void check_weights(const Point& point, const DataSource& source);

/// Reads and checks the inputs of `point` before anything is compiled. Floating-point inputs may have any
/// floating-point type and are rounded; others must have the model's type. Throws InputError with all problems:
/// missing, superfluous or duplicate tensors, wrong shapes or types, unreadable files, weights without values.
Inputs read_inputs(const Point& point, const DataSource& source);

/// Weights and constants in the layout of the DRAM segments of `program`, which was compiled for `point`. Throws
/// InputError if a file with weights cannot be read.
chip::SegmentBytes weight_segments(const Point& point, const program::Program& program, const Inputs& inputs);

/// The input segments that the host sends for one inference.
chip::SegmentBytes input_segments(const Point& point, const program::Program& program, const Inputs& inputs);

/// Output segments as tensors in the graph's order, with the shapes of batch_shape (item_order.hpp); floating-point
/// ones as fp32, others in the model's type.
std::vector<tensorio::NamedArray> read_outputs(const Point& point, const program::Program& program,
                                               const chip::SegmentBytes& segments);

/// Writes outputs to a file: .npz, or .pb for a single one. check_output_path throws InputError for what write_outputs
/// would refuse, so that the error comes before the run.
void check_output_path(const Point& point, const std::string& path);
void write_outputs(const std::string& path, const std::vector<tensorio::NamedArray>& outputs);

}  // namespace infsim::flow
