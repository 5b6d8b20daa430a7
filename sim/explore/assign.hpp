// Private to explore: puts one key of a sweep into a point.
#pragma once

#include <string>

#include "flow/point/point.hpp"

namespace infsim::explore {

/// Sets the key's member of `request`, or keeps the setting for the files it reaches into. Paths are taken as
/// relative to `sweep_file` unless the value came from the command line (its `file` is empty). False after
/// having added to `problems`.
bool assign(flow::PointRequest& request, const flow::Setting& setting, const std::string& sweep_file,
            Problems& problems);

}  // namespace infsim::explore
