// PSUM's port if ACT and POOL share it (hw::PsumSpec::shared_port), in plain C++. An instruction requests it when it
// could otherwise issue, and holds it for its occupancy:
//   issue t = max(asked, end of the occupancy of the previous holder)
// Requests are granted in the order of their times; of two at the same time, the lower queue goes first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.hpp"

namespace infsim::chip {

class PsumPort {
public:
    struct Request {
        TimePoint asked;
        std::uint32_t queue;
        bool operator<(const Request& o) const { return asked != o.asked ? asked < o.asked : queue < o.queue; }
    };

    /// Free from `start` on, without requests.
    void restart(TimePoint start) {
        free_ = start;
        requests_.clear();
    }
    void ask(Request request) { requests_.push_back(request); }
    /// The next request to grant, if any.
    std::optional<Request> next() const {
        const auto first = std::min_element(requests_.begin(), requests_.end());
        return first == requests_.end() ? std::nullopt : std::optional(*first);
    }
    /// Grants the next request the port for `occupancy`, and returns when its instruction issues. Later requests must
    /// not be for an earlier time.
    TimePoint take(Duration occupancy) {
        const auto first = std::min_element(requests_.begin(), requests_.end());
        const TimePoint issue = std::max(first->asked, free_);
        free_ = issue + occupancy;
        requests_.erase(first);
        return issue;
    }

private:
    TimePoint free_{};
    std::vector<Request> requests_;  ///< at most one per queue
};

}  // namespace infsim::chip
