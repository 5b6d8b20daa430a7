// The issue rule, in plain C++: when an instruction issues and retires, once everything it waits for is known.
//
//   PE, ACT, POOL: issue t_i = max(t_{i-1} + occupancy_{i-1}, retirements waited for)
//                  retirement r_i = max(t_i + latency_i, r_{i-1})
//   DMA ring:      issue t_i = max(t_{i-1}, r_{i-kRingDepth}, retirements waited for)
//                  the transfer reaches the arbiter at t_i + start latency, in the order of the ring
//                  r_i = max(end of transfer + DRAM latency + completion latency, r_{i-1})
// All of it is (max, +), so a queue may run far ahead of the simulated clock: no later event changes the result.
// Only transfers contend, and they reach the arbiter in step with the clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.hpp"
#include "chip/steps.hpp"

namespace infsim::chip {

/// A ring fetches the next descriptor while the previous transfer runs, so that the start latency overlaps it.
/// Fetching further ahead changes nothing as long as a transfer takes longer than the start latency.
constexpr int kRingDepth = 2;

/// When each instruction of each queue of a core retired in the current inference, as far as is known.
class Retirements {
public:
    void restart(const StepProgram& program, TimePoint start) {
        start_ = start;
        queues_.resize(program.queues.size());
        std::size_t all = 0;
        for (std::size_t q = 0; q < queues_.size(); ++q) {
            queues_[q] = {static_cast<std::uint32_t>(all), 0};
            all += program.queues[q].steps.size();
        }
        times_.resize(all);
    }
    std::uint32_t count(std::size_t queue) const { return queues_[queue].count; }
    bool known(program::Wait wait) const { return wait.count <= count(wait.queue); }
    /// When the queue's counter reached `wait.count`; 0 is reached at the start.
    TimePoint when(program::Wait wait) const { return wait.count == 0 ? start_ : at(wait.queue, wait.count); }
    TimePoint last(std::size_t queue) const { return count(queue) == 0 ? start_ : at(queue, count(queue)); }
    void publish(std::size_t queue, TimePoint at) { times_[queues_[queue].first + queues_[queue].count++] = at; }

private:
    struct Queue {
        std::uint32_t first = 0, count = 0;  ///< in times_
    };
    TimePoint at(std::size_t queue, std::uint32_t count) const { return times_[queues_[queue].first + count - 1]; }

    TimePoint start_{};
    std::vector<Queue> queues_;
    std::vector<TimePoint> times_;  ///< queue after queue
};

/// The latest of a step's waits.
struct Hold {
    TimePoint until = TimePoint::min();
    program::Wait by;  ///< meaningful when `until` holds the step up
};

/// All waits of `step` must be known. If two end at the same time, the first in the instruction counts.
inline Hold hold_of(const Retirements& retirements, const StepQueue& queue, const Step& step) {
    Hold hold;
    for (int w = 0; w < step.wait_count; ++w) {
        const program::Wait wait = queue.wait(step, w);
        if (wait.count == 0) continue;
        const TimePoint at = retirements.when(wait);
        if (at > hold.until) hold = {at, wait};
    }
    return hold;
}

/// What an instruction that `hold` delayed waited for.
inline observe::Stall blamed(const StepProgram& program, const Hold& hold) {
    return program.queues[hold.by.queue].steps[hold.by.count - 1].blames;
}

}  // namespace infsim::chip
