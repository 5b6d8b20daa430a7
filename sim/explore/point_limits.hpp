// How much of the simulating machine one point may use.
#pragma once

#include <optional>

#include "base/units.hpp"

namespace infsim::explore {

struct PointLimits {
    std::optional<Duration> time;  ///< wall clock
    std::optional<Bytes> memory;   ///< of the process's data
};

}  // namespace infsim::explore
