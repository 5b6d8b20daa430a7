// The part of a network that runs on the host: its time and its results.
#pragma once

#include "flow/run/run_data.hpp"

namespace infsim::flow {

/// Bytes of one item's inputs and outputs on the host link.
Bytes host_bytes_per_item(const Point& point);

/// Time of host software per call, before the input transfer (hw::call_time).
Duration call_time(const Point& point);

/// Time of one inference's worker on the host after the output transfer: the elements that the host operators read, for
/// all items, at host.element_time each. 0 if nothing runs there.
Duration host_time(const Point& point);

/// The model's outputs in its order: those of the chip as from read_outputs, and those that the host computes from them
/// and from the inputs; floating-point ones as fp32, others in the model's type. Throws InputError if the host's
/// operators have no result for these values.
std::vector<tensorio::NamedArray> model_outputs(const Point& point, const program::Program& program,
                                                const chip::SegmentBytes& segments, const Inputs& inputs);

}  // namespace infsim::flow
