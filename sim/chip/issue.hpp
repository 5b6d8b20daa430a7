// The issue rule, in plain C++: when an instruction issues and retires once everything it waits for is known.
//
//   PE, ACT, POOL: issue t_i = max(t_{i-1} + occupancy_{i-1}, retirements waited for)
//                  retirement r_i = max(t_i + latency_i, r_{i-1})
//   DMA ring:      issue t_i = max(t_{i-1}, r_{i-kRingDepth}, retirements waited for)
//                  the transfer reaches the arbiter at t_i + start latency, behind those before it in the ring
//                  r_i = max(end of transfer + DRAM latency + completion latency, r_{i-1})
// All of it is (max, +), so a queue may be far ahead of the simulated clock: nothing that happens later changes
// the result. Only transfers contend, and they reach the arbiter when the clock does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.hpp"
#include "chip/steps.hpp"

namespace infsim::chip {

/// A ring fetches the next descriptor while the transfer before it runs, so that start latency overlaps it;
/// more than one ahead changes nothing as long as a transfer takes longer than the start latency.
constexpr int kRingDepth = 2;

/// When each instruction of each queue of a core retired in the current inference, as far as is known.
class Retirements {
public:
    void restart(const StepProgram& program, TimePoint start) {
        start_ = start;
        times_.resize(program.queues.size());
        for (std::size_t q = 0; q < times_.size(); ++q) {
            times_[q].clear();
            times_[q].reserve(program.queues[q].steps.size());
        }
    }
    std::uint32_t count(std::size_t queue) const { return static_cast<std::uint32_t>(times_[queue].size()); }
    bool known(program::Wait wait) const { return wait.count <= count(wait.queue); }
    /// When the queue's counter reached `wait.count`; 0 is reached at the start.
    TimePoint when(program::Wait wait) const { return wait.count == 0 ? start_ : times_[wait.queue][wait.count - 1]; }
    TimePoint last(std::size_t queue) const { return times_[queue].empty() ? start_ : times_[queue].back(); }
    void publish(std::size_t queue, TimePoint at) { times_[queue].push_back(at); }

private:
    TimePoint start_{};
    std::vector<std::vector<TimePoint>> times_;
};

/// The latest of what a step waits for.
struct Hold {
    TimePoint until = TimePoint::min();
    observe::Stall why = observe::Stall::drained;  ///< meaningful when `until` holds the step up
};

/// All waits of `step` must be known. Of two that end together the first in the instruction is blamed.
inline Hold hold_of(const StepProgram& program, const Retirements& retirements, const Step& step) {
    Hold hold;
    for (int w = 0; w < step.wait_count; ++w) {
        const program::Wait wait = step.waits[w];
        if (wait.count == 0) continue;
        const TimePoint at = retirements.when(wait);
        if (at > hold.until) hold = {at, program.queues[wait.queue].steps[wait.count - 1].blames};
    }
    return hold;
}

}  // namespace infsim::chip
