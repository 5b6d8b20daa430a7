#include "chip/playback.hpp"

#include <algorithm>
#include <tuple>

namespace infsim::chip {

void Playback::add(std::size_t queue, std::uint32_t index, TimePoint issued, TimePoint retired) {
    if (std::holds_alternative<program::Sync>(program_.queues[queue].instructions[index].op)) return;
    const program::InstructionId id{static_cast<std::uint8_t>(queue), index};
    events_.push_back({issued, true, id});
    events_.push_back({retired, false, id});
}

void Playback::replay() {
    std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
        return std::make_tuple(a.at, a.issue, a.id.queue, a.id.index) <
               std::make_tuple(b.at, b.issue, b.id.queue, b.id.index);
    });
    // Queues retire in order, so each one's results wait first in, first out.
    std::vector<std::deque<exec::Effect>> in_flight(program_.queues.size());
    for (const Event& event : events_) {
        auto& queue = in_flight[event.id.queue];
        if (event.issue) {
            queue.push_back(exec::read_sources(program_, event.id, state_));
        } else {
            exec::write(program_, queue.front(), state_);
            queue.pop_front();
        }
    }
    events_.clear();
}

}  // namespace infsim::chip
