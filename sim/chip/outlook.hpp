// Transfers that are known to come: plain C++. A ring knows when it will bring a transfer to the DRAM as soon as its
// instruction issues, a start latency earlier, so the DRAM need not look beyond that moment and then undo what it saw.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "base/units.hpp"

namespace infsim::chip {

class Outlook {
public:
    /// Whoever announces an arrival must bring a transfer at that very moment.
    void announce(TimePoint at) {
        arrivals_.push_back(at);
        std::push_heap(arrivals_.begin(), arrivals_.end(), std::greater<>{});
    }
    /// The first announced arrival after `now`; TimePoint::max() if there is none. Forgets the others until `now`.
    TimePoint next_after(TimePoint now) {
        while (!arrivals_.empty() && arrivals_.front() <= now) {
            std::pop_heap(arrivals_.begin(), arrivals_.end(), std::greater<>{});
            arrivals_.pop_back();
        }
        return arrivals_.empty() ? TimePoint::max() : arrivals_.front();
    }

private:
    std::vector<TimePoint> arrivals_;
};

}  // namespace infsim::chip
