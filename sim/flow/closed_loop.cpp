#include "flow/closed_loop.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/random.hpp"

namespace infsim::flow {

namespace {

/// How far the device may run before the loop looks for completions. A worker's next submission lies
/// call_overhead behind the completion that allows it, so steps of that length never come too late.
Duration step_of(Duration call_overhead) { return std::max(call_overhead, microseconds(1)); }

/// No inference of any network of this project comes near: a device that is silent for so long is stuck.
constexpr Duration kPatience = Duration{std::int64_t{100} * 1'000'000'000'000};

/// Runs the device one step on; it must have moved or finished something.
std::vector<chip::Completion> advance(Device& device, Duration call_overhead) {
    const TimePoint before = device.now();
    device.advance_until(before + step_of(call_overhead));
    auto completions = device.take_completions();
    INFSIM_CHECK(device.now() > before || !completions.empty(), "the chip stands still with inferences outstanding");
    return completions;
}

class Loop {
public:
    Loop(Device& device, const LoopOptions& options)
        : device_(device), options_(options), done_(options.offsets.size()) {}

    Measurement run() {
        const TimePoint start = device_.now();
        for (std::size_t core = 0; core < done_.size(); ++core)
            for (int w = 0; w < options_.workers; ++w) call(core, start + options_.offsets[core]);
        int measured = options_.window;
        bool steady = false;
        while (true) {
            run_until_all_have(options_.warm_up + measured);
            steady = measured >= 2 * options_.window && is_steady(measured);
            if (steady || measured + options_.window > options_.max_measured) break;
            measured += options_.window;
        }
        return result(measured, steady);
    }

private:
    /// A call at `at` reaches the device when the host's software is done with it.
    void call(std::size_t core, TimePoint at) {
        device_.submit(static_cast<int>(core), std::max(at + options_.call_overhead, device_.now()));
        ++outstanding_;
    }

    bool all_have(int count) const {
        return std::all_of(done_.begin(), done_.end(),
                           [&](const auto& d) { return d.size() >= static_cast<std::size_t>(count); });
    }

    void run_until_all_have(int count) {
        TimePoint last_sign = device_.now();
        while (!all_have(count)) {
            for (const chip::Completion& completion : advance(device_, options_.call_overhead)) {
                const auto core = static_cast<std::size_t>(completion.core);
                done_[core].push_back(completion);
                --outstanding_;
                last_sign = device_.now();
                call(core, completion.output_done);
            }
            INFSIM_CHECK(device_.now() - last_sign < kPatience, "no inference finished in 100 s of simulated time");
        }
    }

    TimePoint end_of(std::size_t core, int count) const {
        return done_[core][static_cast<std::size_t>(count - 1)].output_done;
    }

    /// Inferences per second of the window that ends with the core's `measured`-th measured inference.
    double window_rate(int measured) const {
        double rate = 0;
        for (std::size_t core = 0; core < done_.size(); ++core) {
            const int last = options_.warm_up + measured;
            rate += options_.window / seconds(end_of(core, last) - end_of(core, last - options_.window));
        }
        return rate;
    }

    bool is_steady(int measured) const {
        const double now = window_rate(measured), before = window_rate(measured - options_.window);
        return std::abs(now - before) < options_.tolerance * before;
    }

    Measurement result(int measured, bool steady) const {
        Measurement m;
        m.steady = steady;
        m.call_overhead = options_.call_overhead;
        m.outstanding = outstanding_;
        for (std::size_t core = 0; core < done_.size(); ++core) {
            const auto first = done_[core].begin() + options_.warm_up;
            m.cores.push_back({end_of(core, options_.warm_up), {first, first + measured}});
        }
        return m;
    }

    Device& device_;
    const LoopOptions& options_;
    std::vector<std::vector<chip::Completion>> done_;
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

Duration latency(const chip::Completion& completion, Duration call_overhead) {
    return completion.output_done - completion.submitted + call_overhead;
}

Measurement run_closed_loop(Device& device, const LoopOptions& options) {
    INFSIM_CHECK(options.workers > 0 && !options.offsets.empty() && options.warm_up > 0 && options.window > 0 &&
                     options.max_measured >= options.window,
                 "a closed loop needs workers, cores, a warm-up and room for a window");
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

std::vector<Duration> start_offsets(int cores, Duration period, std::uint64_t seed) {
    std::vector<Duration> offsets;
    RandomStream random(seed, "core offsets");
    for (int core = 0; core < cores; ++core)
        offsets.push_back(seed == 0 ? period * core / cores : Duration{random.uniform_int(0, period.count() - 1)});
    return offsets;
}

}  // namespace infsim::flow
