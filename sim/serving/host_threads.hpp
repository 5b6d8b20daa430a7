// Threads of the host that process runtime calls.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "base/units.hpp"

namespace infsim::serving {

class HostThreads {
public:
    /// Empty: enough that no call waits for one.
    explicit HostThreads(std::optional<int> count) : free_(static_cast<std::size_t>(count.value_or(0))) {}

    /// When a call that arrives at `at` and takes `overhead` ends. Calls take the thread that is free first, in the
    /// order in which they are made.
    TimePoint over(TimePoint at, Duration overhead) {
        if (free_.empty()) return at + overhead;
        TimePoint& first = *std::min_element(free_.begin(), free_.end());
        first = std::max(at, first) + overhead;
        return first;
    }

private:
    std::vector<TimePoint> free_;  ///< when each is
};

}  // namespace infsim::serving
