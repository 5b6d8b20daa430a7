// The host's side of a measurement: workers that each keep one inference outstanding, for as long as the throughput of
// the long run takes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

/// Of the call overhead: with more than one core each call takes up to so much more or less, by the seed.
constexpr double kCallJitter = 0.02;

/// How to measure. The defaults are the ones every run uses.
struct LoopOptions {
    int workers = 2;                ///< inferences outstanding per core
    std::vector<Duration> offsets;  ///< when each core's workers make their first call
    Duration call_overhead{};       ///< host software cost of a call, before its input transfer starts
    std::optional<int> threads;     ///< calls that the host works on at a time; empty: all
    Duration host_time{};           ///< of the worker behind its outputs' transfer: operators that run on the host
    double jitter = kCallJitter;    ///< of call_overhead
    std::uint64_t seed = 0;         ///< of the jitter
    int warm_up = 8;                ///< inferences per core that do not count
    int window = 4;                 ///< inferences per core of one window
    int least_measured = 64;        ///< inferences per core, whole windows
    int max_measured = 400;         ///< inferences per core at most, whole windows
    double calm = 0.015;            ///< ends earlier once the windows scatter so little (analysis::relative_scatter)
};

/// One core's measured inferences in order; `window_start` is the completion of its last warm-up inference.
struct CoreMeasurement {
    TimePoint window_start{};
    std::vector<chip::Completion> measured;
    std::vector<Duration> latencies;  ///< of each as its worker sees it: call, transfers, wait, work, host_time
};

struct Measurement {
    std::vector<CoreMeasurement> cores;
    /// Inferences per second that the long run lies within of inferences_per_second() in 95 of 100 cases. 0 where the
    /// chip's course repeats itself exactly, so that nothing is left to chance.
    double half_width = 0;
    std::size_t outstanding = 0;  ///< inferences that the workers still had running at the end

    /// Inferences per second, summed over the cores, each over its own window.
    double inferences_per_second() const;
};

/// Measures the long run of workers that make their next call when their previous one has returned.
/// One core repeats itself exactly after a few inferences; the measurement is then whole repetitions. Several cores
/// that share DRAM never do: after the warm-up they are measured in windows until the interval is calm or max_measured
/// is reached. Jitter keeps them from lingering in a regular pattern that no real host would hold. A core keeps running
/// until the slowest has done as many measured inferences, so that the last one still meets the others' traffic.
/// Submissions are exact to the picosecond where a call takes at least a microsecond; below, it may start up to a
/// microsecond late.
Measurement run_closed_loop(Device& device, const LoopOptions& options);

/// Lets `outstanding` inferences finish, without any new call.
void drain(Device& device, Duration call_overhead, std::size_t outstanding);

/// The time that one inference takes alone on the device: runs it on core 0 to its end.
chip::Completion run_alone(Device& device, Duration call_overhead);

/// When `cores` cores start whose long run is wanted: all together but the last, half a period later; a quarter of one
/// where there are two. Of all starts tried this one leaves its transient soonest. The even stagger is up to 14 % fast
/// for more than a hundred inferences, and two cores half a period apart, 4 % fast, never leave it.
std::vector<Duration> usual_start(int cores, Duration period);

/// Start offsets drawn evenly from [0, period) by the stream of (seed, "core offsets").
std::vector<Duration> drawn_start(int cores, Duration period, std::uint64_t seed);

}  // namespace infsim::flow
