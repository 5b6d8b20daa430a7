// What of a network runs on the host: its time and its numbers.
#pragma once

#include "flow/run/run_data.hpp"

namespace infsim::flow {

/// Bytes of one item's inputs and outputs, as they cross the host's link.
Bytes host_bytes_per_item(const Point& point);

/// What host software takes of a call, before its inputs are transferred (hw::call_time).
Duration call_time(const Point& point);

/// What the worker of one inference computes on the host behind the transfer of its outputs: the elements that the
/// operators there read, for all items, at host.element_time each. 0 where nothing runs there.
Duration host_time(const Point& point);

/// The model's outputs in its order: those of the chip as read_outputs has them, and what the host computes of them and
/// of the inputs; floating-point ones as fp32, others in the model's type. Throws InputError where the host's operators
/// have no result for these values.
std::vector<tensorio::NamedArray> model_outputs(const Point& point, const program::Program& program,
                                                const chip::SegmentBytes& segments, const Inputs& inputs);

}  // namespace infsim::flow
