// What one point may take of the machine that simulates it.
#pragma once

#include <optional>

#include "base/units.hpp"

namespace infsim::explore {

struct PointLimits {
    std::optional<Duration> time;  ///< wall clock
    std::optional<Bytes> memory;   ///< of the process's data
};

}  // namespace infsim::explore
