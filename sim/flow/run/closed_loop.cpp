#include "flow/run/closed_loop.hpp"

#include <algorithm>
#include <deque>
#include <optional>

#include "analysis/interval.hpp"
#include "base/check.hpp"
#include "base/random.hpp"
#include "serving/host_threads.hpp"

namespace infsim::flow {

namespace {

/// How far the device may run before the loop looks for completions. A worker's next submission comes call_overhead
/// after the completion that allows it, so steps of that length are never too long.
Duration step_of(Duration call_overhead) { return std::max(call_overhead, microseconds(1)); }

/// Far longer than any inference of this project's networks: a device that is silent for so long is stuck.
constexpr Duration kPatience = Duration{std::int64_t{100} * 1'000'000'000'000};

/// Runs the device for one step; it must make progress or finish something.
std::vector<chip::Completion> advance(Device& device, Duration call_overhead) {
    const TimePoint before = device.now();
    device.advance_until(before + step_of(call_overhead));
    auto completions = device.take_completions();
    INFSIM_CHECK(device.now() > before || !completions.empty(), "the chip stands still with inferences outstanding");
    return completions;
}

constexpr int kLongestPeriod = 4;  ///< inferences after which a core may repeat itself

/// Times of an inference for its worker and its core, from the previous completion on.
struct Course {
    Duration submitted, input_ready, first_issue, last_retirement, output_done;
    bool operator==(const Course& o) const {
        return submitted == o.submitted && input_ready == o.input_ready && first_issue == o.first_issue &&
               last_retirement == o.last_retirement && output_done == o.output_done;
    }
};

class Loop {
public:
    Loop(Device& device, const LoopOptions& options)
        : device_(device),
          options_(options),
          jitter_(options.offsets.size() > 1 ? options.jitter : 0),
          random_(options.seed, "call overhead"),
          threads_(options.threads),
          calls_(options.offsets.size()),
          done_(options.offsets.size()),
          latencies_(options.offsets.size()) {}

    Measurement run() {
        const TimePoint start = device_.now();
        for (std::size_t core = 0; core < done_.size(); ++core)
            for (int w = 0; w < options_.workers; ++w) call(core, start + options_.offsets[core]);
        if (done_.size() == 1)
            if (auto exact = run_until_it_repeats()) return std::move(*exact);
        int measured = options_.least_measured;
        std::vector<double> windows;
        while (true) {
            run_until_all_have(options_.warm_up + measured);
            for (int w = static_cast<int>(windows.size()); (w + 1) * options_.window <= measured; ++w)
                windows.push_back(window_rate(w));
            const bool calm = analysis::relative_scatter(windows) < options_.calm;
            if (calm || measured + options_.window > options_.max_measured) break;
            measured += options_.window;
        }
        Measurement m = result(options_.warm_up, measured);
        m.half_width = analysis::half_width(windows);
        return m;
    }

private:
    /// The minimum time of a call.
    Duration shortest_call() const { return options_.call_overhead - most_jitter(); }
    Duration most_jitter() const {
        return Duration{static_cast<std::int64_t>(jitter_ * static_cast<double>(options_.call_overhead.count()))};
    }

    /// Submits a call at `at`, which reaches the device after the host's software.
    void call(std::size_t core, TimePoint at) {
        Duration overhead = options_.call_overhead;
        const std::int64_t most = most_jitter().count();
        if (most > 0) overhead += Duration{random_.uniform_int(-most, most)};
        device_.submit(static_cast<int>(core), std::max(threads_.over(at, overhead), device_.now()));
        calls_[core].push_back(at);
        ++outstanding_;
    }

    bool all_have(int count) const {
        return std::all_of(done_.begin(), done_.end(),
                           [&](const auto& d) { return d.size() >= static_cast<std::size_t>(count); });
    }

    void run_until_all_have(int count) {
        TimePoint last_sign = device_.now();
        while (!all_have(count)) {
            for (const chip::Completion& completion : advance(device_, shortest_call())) {
                const auto core = static_cast<std::size_t>(completion.core);
                done_[core].push_back(completion);
                const TimePoint returned = completion.output_done + options_.host_time;
                latencies_[core].push_back(returned - calls_[core].front());
                calls_[core].pop_front();
                --outstanding_;
                last_sign = device_.now();
                call(core, returned);
            }
            INFSIM_CHECK(device_.now() - last_sign < kPatience, "no inference finished in 100 s of simulated time");
        }
    }

    /// Whole periods of a core alone; empty if it does not repeat itself within the usual measurement.
    std::optional<Measurement> run_until_it_repeats() {
        std::vector<Course> courses;
        for (int count = 2; count <= options_.warm_up + options_.least_measured; ++count) {
            run_until_all_have(count);
            courses.push_back(course(static_cast<std::size_t>(count - 1)));
            const int period = analysis::ending_period(courses, kLongestPeriod);
            if (period > 0) return result(count - 2 * period, 2 * period);
        }
        return std::nullopt;
    }
    Course course(std::size_t n) const {
        const chip::Completion& c = done_[0][n];
        const TimePoint before = done_[0][n - 1].output_done;
        return {c.submitted - before, c.input_ready - before, c.first_issue - before, c.last_retirement - before,
                c.output_done - before};
    }

    TimePoint end_of(std::size_t core, int count) const {
        return done_[core][static_cast<std::size_t>(count - 1)].output_done;
    }

    /// Inferences per second of the `window`-th window.
    double window_rate(int window) const {
        const int first = options_.warm_up + window * options_.window;
        double rate = 0;
        for (std::size_t core = 0; core < done_.size(); ++core)
            rate += options_.window / seconds(end_of(core, first + options_.window) - end_of(core, first));
        return rate;
    }

    Measurement result(int warm_up, int measured) const {
        Measurement m;
        m.outstanding = outstanding_;
        for (std::size_t core = 0; core < done_.size(); ++core) {
            const auto first = done_[core].begin() + warm_up;
            const auto latency = latencies_[core].begin() + warm_up;
            m.cores.push_back({end_of(core, warm_up), {first, first + measured}, {latency, latency + measured}});
        }
        return m;
    }

    Device& device_;
    const LoopOptions& options_;
    double jitter_;
    RandomStream random_;
    serving::HostThreads threads_;
    std::vector<std::deque<TimePoint>> calls_;  ///< calls of outstanding inferences, oldest first
    std::vector<std::vector<chip::Completion>> done_;
    std::vector<std::vector<Duration>> latencies_;
    std::size_t outstanding_ = 0;
};

}  // namespace

double Measurement::inferences_per_second() const {
    double rate = 0;
    for (const CoreMeasurement& core : cores)
        rate +=
            static_cast<double>(core.measured.size()) / seconds(core.measured.back().output_done - core.window_start);
    return rate;
}

Measurement run_closed_loop(Device& device, const LoopOptions& options) {
    const bool windows = options.window > 0 && options.least_measured >= 2 * options.window &&
                         options.max_measured >= options.least_measured;
    INFSIM_CHECK(options.workers > 0 && !options.offsets.empty() && options.warm_up > 0 && windows,
                 "a closed loop needs workers, cores, a warm-up and room for two windows");
    return Loop(device, options).run();
}

chip::Completion run_alone(Device& device, Duration call_overhead) {
    const TimePoint start = device.now();
    device.submit(0, start + call_overhead);
    while (true) {
        const auto completions = advance(device, call_overhead);
        if (!completions.empty()) return completions.front();
        INFSIM_CHECK(device.now() - start < kPatience, "an inference alone takes more than 100 s of simulated time");
    }
}

void drain(Device& device, Duration call_overhead, std::size_t outstanding) {
    while (outstanding > 0) {
        const std::size_t finished = advance(device, call_overhead).size();
        INFSIM_CHECK(finished <= outstanding, "more inferences finished than were outstanding");
        outstanding -= finished;
    }
}

std::vector<Duration> usual_start(int cores, Duration period) {
    std::vector<Duration> offsets(static_cast<std::size_t>(cores));
    if (cores > 1) offsets.back() = period / (cores == 2 ? 4 : 2);
    return offsets;
}

std::vector<Duration> drawn_start(int cores, Duration period, std::uint64_t seed) {
    std::vector<Duration> offsets;
    RandomStream random(seed, "core offsets");
    for (int core = 0; core < cores; ++core) offsets.push_back(Duration{random.uniform_int(0, period.count() - 1)});
    return offsets;
}

}  // namespace infsim::flow
