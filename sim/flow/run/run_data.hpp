// Running a point with data: what is read from files, what goes into the chip's memories, what comes out.
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

/// Where a run's numbers come from. Exactly one of `file` and `random_inputs` is given.
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

/// Throws InputError where weights have no values and `source` does not draw them.
void check_weights(const Point& point, const DataSource& source);

/// Reads and checks the inputs of `point` before anything is compiled. Floating-point inputs may come in any
/// floating-point type and are rounded; others must have the model's type. Throws InputError with everything that is
/// wrong: tensors missing, superfluous, given twice, of wrong shape or type, unreadable files, weights without values.
Inputs read_inputs(const Point& point, const DataSource& source);

/// Weights and constants as the DRAM segments of `program`, the one compiled for `point`, hold them. Throws InputError
/// where a file with weights cannot be read.
chip::SegmentBytes weight_segments(const Point& point, const program::Program& program, const Inputs& inputs);

/// What the host sends for one inference: the input segments.
chip::SegmentBytes input_segments(const Point& point, const program::Program& program, const Inputs& inputs);

/// Output segments as tensors in the graph's order, shaped as batch_shape (item_order.hpp) says; floating-point ones as
/// fp32, others in the model's type.
std::vector<tensorio::NamedArray> read_outputs(const Point& point, const program::Program& program,
                                               const chip::SegmentBytes& segments);

/// Writes outputs to a file: .npz, or .pb for a single one. check_output_path throws InputError for what write_outputs
/// would refuse, so that nobody waits for a run whose result has no place.
void check_output_path(const Point& point, const std::string& path);
void write_outputs(const std::string& path, const std::vector<tensorio::NamedArray>& outputs);

}  // namespace infsim::flow
