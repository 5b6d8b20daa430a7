// The host's side of a measurement: workers that each keep one inference outstanding, until the long-run throughput is
// known.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/units.hpp"
#include "chip/chip.hpp"

namespace infsim::flow {

/// The device that the loop drives: chip::Chip behind four functions, so that tests can drive something else.
struct Device {
    std::function<std::uint64_t(int core, TimePoint at)> submit;
    std::function<void(TimePoint)> advance_until;
    std::function<TimePoint()> now;
    std::function<std::vector<chip::Completion>()> take_completions;
    std::function<void()> forget_turns;
};
Device device_of(chip::Chip& chip);

/// Of the call overhead: with more than one core, each call takes up to this share more or less, by the seed.
constexpr double kCallJitter = 0.02;

/// How to measure. Every run uses the defaults.
struct LoopOptions {
    int workers = 2;                ///< inferences outstanding per core
    std::vector<Duration> offsets;  ///< when each core's workers make their first call
    Duration call_overhead{};       ///< host software cost of a call, before its input transfer starts
    std::optional<int> threads;     ///< calls that the host processes at a time; empty: all
    Duration host_time{};           ///< of the worker after its output transfer: operators that run on the host
    double jitter = kCallJitter;    ///< of call_overhead
    std::uint64_t seed = 0;         ///< of the jitter
    int warm_up = 8;                ///< inferences per core that do not count
    int window = 4;                 ///< inferences per core of one window
    int least_measured = 64;        ///< inferences per core, whole windows
    int max_measured = 400;         ///< inferences per core at most, whole windows
    double calm = 0.015;            ///< ends earlier at this scatter of the windows (analysis::relative_scatter)
};

/// One core's measured inferences in order; `window_start` is the completion of its last warm-up inference.
struct CoreMeasurement {
    TimePoint window_start{};
    std::vector<chip::Completion> measured;
    std::vector<Duration> latencies;  ///< of each as its worker sees it: call, transfers, wait, work, host_time
};

struct Measurement {
    std::vector<CoreMeasurement> cores;
    /// Half-interval in inferences per second: the long run is within it of inferences_per_second() in 95 of 100 cases.
    /// 0 if the chip repeats itself exactly.
    double half_width = 0;
    std::size_t outstanding = 0;  ///< inferences that the workers still had running at the end

    /// Inferences per second, summed over the cores, each over its own window.
    double inferences_per_second() const;
};

/// Measures the long run of workers that make their next call when their previous one has returned.
/// One core repeats itself exactly after a few inferences, and whole repetitions are measured. Several cores that share
/// DRAM never do: after the warm-up they are measured in windows until the scatter is at most `calm` or max_measured is
/// reached. Jitter keeps them out of regular patterns that no real host would hold. A core keeps running until the
/// slowest has done as many measured inferences, so that the last one still meets the others' traffic.
/// Submissions are exact to the picosecond if a call takes at least a microsecond; shorter calls may start up to a
/// microsecond late.
Measurement run_closed_loop(Device& device, const LoopOptions& options);

/// Lets `outstanding` inferences finish, without new calls.
void drain(Device& device, Duration call_overhead, std::size_t outstanding);

/// The time of one inference alone on the device: runs it on core 0 to its end.
chip::Completion run_alone(Device& device, Duration call_overhead);

/// Start times of `cores` cores for a measurement of the long run: all together except the last, which starts half a
/// period later (a quarter if there are two). Of all starts tried, this one leaves its transient soonest. An even
/// stagger is up to 14 % too fast for more than a hundred inferences, and two cores half a period apart stay 4 % too
/// fast forever.
std::vector<Duration> usual_start(int cores, Duration period);

/// Start offsets drawn evenly from [0, period) by the stream of (seed, "core offsets").
std::vector<Duration> drawn_start(int cores, Duration period, std::uint64_t seed);

}  // namespace infsim::flow
