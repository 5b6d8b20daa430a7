// Who sends requests, when, and how large they are.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "base/units.hpp"

namespace infsim::serving {

/// One request as scheduled by its client.
struct Arrival {
    TimePoint at{};
    std::int32_t items = 1;
};

// ---- sizes ----

/// Sizes of requests. `items` in turn if `in_turn`, else drawn with `weights` (one per size, positive).
struct Sizes {
    std::vector<std::int32_t> items{1};
    std::vector<double> weights{1.0};
    bool in_turn = false;

    double mean() const;
};

/// The sizes of AWS's dynamic batching example, in turn.
Sizes aws_example_sizes();

// ---- when ----

/// Clients that each send their next request when the last one is answered. The first requests are spread evenly over
/// `ramp`.
struct ClosedLoop {
    int models = 1, workers = 1;  ///< clients = models x workers, as NeuronPerf counts them
    Duration ramp{};
    int clients() const { return models * workers; }
};
/// Requests per second, exponential gaps.
struct Poisson {
    double rate = 1;
};
/// Requests per second, equal gaps, the first at 0.
struct ConstantRate {
    double rate = 1;
};
/// Poisson arrivals of `rate` while on, none while off. The phases last `on` and `off`, or are exponential with these
/// means.
struct Bursts {
    double rate = 1;
    Duration on{}, off{};
    bool random_phases = false;
};
/// Requests at given times, sizes included; ascending.
struct Trace {
    std::vector<Arrival> arrivals;
};
using Load = std::variant<ClosedLoop, Poisson, ConstantRate, Bursts, Trace>;

/// Mean requests per second that an open load offers in the long run; empty for a closed loop.
std::optional<double> offered_rate(const Load& load);
/// The same load at `factor` times its rate; a trace is compressed in time. Not for closed loops.
Load scaled(const Load& load, double factor);

/// When no more requests are sent: after this many or after this time. `both`: only when both are reached, so that the
/// last request is the first one not before that time (as in LoadGen).
struct Stop {
    std::int64_t requests = 0;  ///< 0: no limit
    Duration duration{};        ///< 0: no limit
    bool both = false;
};

/// The lazy stream of arrivals of a load. Draws depend only on the seed, so the same seed at another rate gives the
/// same sizes and the same gaps, scaled.
class Arrivals {
public:
    /// `load` outlives the stream.
    Arrivals(const Load& load, Sizes sizes, Stop stop, std::uint64_t seed);

    /// When the next request is scheduled; empty if there is none (in a closed loop: until one is answered).
    std::optional<TimePoint> next() const { return next_; }
    /// Returns the request at next() and advances to the following one.
    Arrival take();
    /// A client of a closed loop got its answer at `at` and sends its next request. No effect for other loads.
    void answered(TimePoint at);

private:
    bool may_send(TimePoint at) const;
    void prepare();
    std::optional<TimePoint> draw_next();
    std::int32_t draw_size();
    TimePoint next_in_bursts(const Bursts& bursts);
    Duration phase(Duration mean);

    const Load* load_;
    Sizes sizes_;
    std::vector<double> cumulative_;  ///< weights, if sizes are drawn
    Stop stop_;
    RandomStream gaps_, drawn_sizes_, phases_;
    std::int64_t sent_ = 0;
    TimePoint last_{};
    std::optional<TimePoint> next_;
    std::vector<TimePoint> asking_;  ///< closed loop: clients' next requests in order of time, from `first_` on
    std::size_t first_ = 0;
    TimePoint phase_end_{};
};

}  // namespace infsim::serving
