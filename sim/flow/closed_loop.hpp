// The host's side of a measurement: workers that each keep one inference outstanding, until throughput is
// steady.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/units.hpp"
#include "chip/chip.hpp"

namespace infsim::flow {

/// What the loop drives; chip::Chip behind four functions, so that tests can drive something else.
struct Device {
    std::function<std::uint64_t(int core, TimePoint at)> submit;
    std::function<void(TimePoint)> advance_until;
    std::function<TimePoint()> now;
    std::function<std::vector<chip::Completion>()> take_completions;
    std::function<void()> forget_turns;
};
Device device_of(chip::Chip& chip);

/// How to measure. The defaults are the ones every run uses.
struct LoopOptions {
    int workers = 1;                ///< inferences outstanding per core
    std::vector<Duration> offsets;  ///< when each core's workers make their first call
    Duration call_overhead{};       ///< host software cost of a call, before its input transfer starts
    int warm_up = 4;                ///< inferences per core that do not count
    int window = 8;                 ///< inferences per core of one window
    int max_measured = 64;          ///< inferences per core at most
    double tolerance = 0.005;       ///< two consecutive windows closer than this are steady
};

/// One core's measured inferences in order; `window_start` is the completion of its last warm-up inference.
struct CoreMeasurement {
    TimePoint window_start{};
    std::vector<chip::Completion> measured;
};

struct Measurement {
    std::vector<CoreMeasurement> cores;
    bool steady = false;
    Duration call_overhead{};
    std::size_t outstanding = 0;  ///< inferences that the workers still had running at the end

    /// Inferences per second, summed over the cores, each over its own window.
    double inferences_per_second() const;
};

/// Latency of an inference as the worker sees it: its call, the transfers, the wait and the work.
Duration latency(const chip::Completion& completion, Duration call_overhead);

/// Runs one worker after the other's call: a worker makes its next call when its previous one has returned.
/// Every core keeps running until the slowest has done as many measured inferences as the others, so that the
/// last measured inference of each still meets the others' traffic. Submissions are exact to the picosecond
/// where call_overhead is at least a microsecond; below, a call may start up to a microsecond late.
Measurement run_closed_loop(Device& device, const LoopOptions& options);

/// Lets `outstanding` inferences finish, without any new call.
void drain(Device& device, Duration call_overhead, std::size_t outstanding);

/// The time that one inference takes alone on the device: runs it on core 0 to its end.
chip::Completion run_alone(Device& device, Duration call_overhead);

/// Start offsets of `cores` cores. Seed 0: core x period / cores, evenly staggered. Any other seed: drawn
/// evenly from [0, period) by the stream of (seed, "core offsets").
std::vector<Duration> start_offsets(int cores, Duration period, std::uint64_t seed);

}  // namespace infsim::flow
