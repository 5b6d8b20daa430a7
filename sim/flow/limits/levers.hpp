// Changes that might make a batch fit; none is guaranteed to work.
#pragma once

#include <string>
#include <vector>

#include "compiler/compile.hpp"
#include "flow/point/point.hpp"

namespace infsim::flow {

/// A change of a request. `change` is its form on the command line.
struct Lever {
    std::string name;    ///< "more state buffer", "spilling", ...
    std::string change;  ///< "--set chip.state_buffer.partition_bytes=98KiB"
    PointRequest request;
};

/// The request with `key` set to `value`, replacing any earlier setting. Its settings must be in our own spelling.
PointRequest with_setting(PointRequest request, const std::string& key, json::Value value);

/// The request with Neuron's flags replaced by the equivalent options.
PointRequest in_own_spelling(PointRequest request);

/// The changes to try if `request`, which resolves to `point`, fails for the reason `why`. Those with a size start from
/// the smallest that could suffice.
std::vector<Lever> levers_for(const PointRequest& request, const Point& point, const compiler::DoesNotFit& why);

/// The state buffer, or what bounds it, at `bytes` per partition; empty if no such size can be requested.
std::optional<Lever> more_state_buffer(const PointRequest& request, const Point& point, const compiler::DoesNotFit& why,
                                       std::int64_t bytes);

}  // namespace infsim::flow
