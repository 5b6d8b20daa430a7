// PSUM's port where ACT and POOL share it (hw::PsumSpec::shared_port), in plain C++. An instruction asks for it when it
// could issue otherwise, and holds it for its occupancy:
//   issue t = max(asked, end of the occupancy of who had the port before)
// They get it in the order in which they ask; of two that ask at the same time the first queue does.
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

    /// Free from `start` on, and nobody asks.
    void restart(TimePoint start) {
        free_ = start;
        requests_.clear();
    }
    void ask(Request request) { requests_.push_back(request); }
    /// Who is next; nobody where nobody asks.
    std::optional<Request> next() const {
        const auto first = std::min_element(requests_.begin(), requests_.end());
        return first == requests_.end() ? std::nullopt : std::optional(*first);
    }
    /// Gives the port to who is next, for `occupancy`, and returns when its instruction issues. Nobody may ask for an
    /// earlier time afterwards.
    TimePoint take(Duration occupancy) {
        const auto first = std::min_element(requests_.begin(), requests_.end());
        const TimePoint issue = std::max(first->asked, free_);
        free_ = issue + occupancy;
        requests_.erase(first);
        return issue;
    }

private:
    TimePoint free_{};
    std::vector<Request> requests_;  ///< at most one of a queue
};

}  // namespace infsim::chip
