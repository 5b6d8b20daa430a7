#include "flow/service/course.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"
#include "chip/issue.hpp"
#include "chip/steps.hpp"
#include "hw/derived.hpp"
#include "serving/course.hpp"

namespace infsim::flow {

namespace {

/// Window of a transfer: when it reaches the DRAM, and how long it may take without delaying anything, both in the time
/// of a computation that never waits for DRAM.
struct Window {
    Duration available{}, needed{Duration::max()};
};

/// Executes a program with a DRAM that takes no time, by the chip's issue rule (chip/issue.hpp).
class Computation {
public:
    Computation(const hw::ChipSpec& spec, const program::Program& program)
        : spec_(spec),
          steps_(chip::make_steps(spec, program)),
          queues_(steps_.queues.size()),
          engines_(static_cast<std::size_t>(spec.dma.engines_per_core)) {
        retirements_.restart(steps_, TimePoint{});
        for (std::size_t q = 0; q < queues_.size(); ++q) queues_[q].windows.resize(steps_.queues[q].steps.size());
        for (bool moved = true; moved;) {
            moved = false;
            for (std::size_t q = 0; q < queues_.size(); ++q)
                while (can_issue(q)) {
                    issue(q);
                    moved = true;
                }
        }
        for (std::size_t q = 0; q < queues_.size(); ++q) {
            INFSIM_CHECK(queues_[q].next == steps_.queues[q].steps.size(), "a program waits for what never happens");
            length_ = std::max(length_, retirements_.last(q).time_since_epoch());
        }
        for (Queue& queue : queues_) close_windows(queue);
    }

    Duration length() const { return length_; }
    const Window& window(std::size_t queue, std::size_t index) const { return queues_[queue].windows[index]; }

private:
    struct Queue {
        std::uint32_t next = 0;
        TimePoint free{};             ///< PE, ACT, POOL
        TimePoint issued{};           ///< the instruction before
        std::vector<Window> windows;  ///< of a ring's instructions
    };

    bool ring(std::size_t q) const { return steps_.queues[q].engine == program::Engine::dma; }

    bool can_issue(std::size_t q) const {
        const chip::StepQueue& source = steps_.queues[q];
        if (queues_[q].next == source.steps.size()) return false;
        const chip::Step& step = source.steps[queues_[q].next];
        for (int w = 0; w < step.wait_count; ++w)
            if (!retirements_.known(source.wait(step, w))) return false;
        return true;
    }

    void issue(std::size_t q) {
        const chip::StepQueue& source = steps_.queues[q];
        const chip::Step& step = source.steps[queues_[q].next];
        const TimePoint hold = chip::hold_of(retirements_, source, step).until;
        const TimePoint at = ring(q) ? issue_in_ring(q, step, hold) : issue_on_engine(q, step, hold);
        for (int w = 0; w < step.wait_count; ++w)
            if (const program::Wait wait = source.wait(step, w); wait.count > 0 && ring(wait.queue)) {
                Duration& needed = queues_[wait.queue].windows[wait.count - 1].needed;
                needed = std::min(needed, at.time_since_epoch() - behind_transfer());
            }
        ++queues_[q].next;
    }

    TimePoint issue_on_engine(std::size_t q, const chip::Step& step, TimePoint hold) {
        const TimePoint at = std::max(queues_[q].free, hold);
        const chip::StepCost& cost = steps_.queues[q].cost(step);
        queues_[q].free = at + cost.occupancy;
        retirements_.publish(q, std::max(at + cost.latency, retirements_.last(q)));
        return at;
    }

    TimePoint issue_in_ring(std::size_t q, const chip::Step& step, TimePoint hold) {
        Queue& queue = queues_[q];
        TimePoint at = std::max(queue.issued, hold);
        if (queue.next >= chip::kRingDepth)
            at = std::max(at, retirements_.when({static_cast<std::uint8_t>(q), queue.next - chip::kRingDepth + 1}));
        queue.issued = at;
        TimePoint done = at;
        if (step.moves) {
            const chip::StepTransfer& t = steps_.queues[q].transfer(step);
            done += spec_.dma.start_latency;
            queue.windows[queue.next].available = done.time_since_epoch();
            if (!t.touches_dram) done = inside_core(q, t, done);
            done += t.touches_dram ? behind_transfer() : spec_.dma.completion_latency;
        }
        retirements_.publish(q, std::max(done, retirements_.last(q)));
        return at;
    }

    /// A copy inside the state buffer occupies its engine but no DRAM: it is part of the computation.
    TimePoint inside_core(std::size_t q, const chip::StepTransfer& t, TimePoint from) {
        TimePoint& engine = engines_[static_cast<std::size_t>(steps_.queues[q].engine_index)];
        engine = std::max(engine, from) +
                 std::max(t.billed / spec_.dma.engine_bandwidth, t.bytes / spec_.dma.core_bandwidth);
        return engine;
    }

    /// A wait for a transfer of a ring includes the earlier ones; the end waits for all.
    void close_windows(Queue& queue) const {
        Duration needed = length_ - behind_transfer();
        for (std::size_t i = queue.windows.size(); i-- > 0;) {
            needed = std::min(needed, queue.windows[i].needed);
            queue.windows[i].needed = std::max(needed, queue.windows[i].available);
        }
    }

    Duration behind_transfer() const { return spec_.dram.latency + spec_.dma.completion_latency; }

    const hw::ChipSpec& spec_;
    chip::StepProgram steps_;
    chip::Retirements retirements_;
    std::vector<Queue> queues_;
    std::vector<TimePoint> engines_;  ///< when each is free for copies inside the core
    Duration length_{};
};

struct Flight {
    TimePoint from{}, until{};
    Window window;
    double bytes = 0;
    std::size_t channel = 0;
};

/// The least `needed` of all flights that end at or after a time, by descending time.
class Needs {
public:
    explicit Needs(std::vector<Flight> flights) : flights_(std::move(flights)) {
        std::sort(flights_.begin(), flights_.end(), [](const Flight& a, const Flight& b) { return a.until < b.until; });
        least_.assign(flights_.size() + 1, Duration::max());
        for (std::size_t i = flights_.size(); i-- > 0;) least_[i] = std::min(least_[i + 1], flights_[i].window.needed);
    }
    Duration from(TimePoint end) const {
        const auto first = std::lower_bound(flights_.begin(), flights_.end(), end,
                                            [](const Flight& f, TimePoint t) { return f.until < t; });
        return least_[static_cast<std::size_t>(first - flights_.begin())];
    }

private:
    std::vector<Flight> flights_;
    std::vector<Duration> least_;
};

/// One piece for each stretch of time with the same active flights; none without flights.
std::vector<serving::Piece> stretches(std::vector<Flight> flights, int channels, double channel_bytes_per_ps) {
    std::vector<TimePoint> cuts;
    for (const Flight& f : flights) cuts.insert(cuts.end(), {f.from, f.until});
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    const Needs needs(flights);
    std::sort(flights.begin(), flights.end(), [](const Flight& a, const Flight& b) { return a.from < b.from; });
    std::vector<serving::Piece> pieces;
    std::vector<Flight> under_way;
    Duration available{};
    std::size_t begun = 0;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        for (; begun < flights.size() && flights[begun].from <= cuts[i]; ++begun) {
            available = std::max(available, flights[begun].window.available);
            under_way.push_back(flights[begun]);
        }
        under_way.erase(
            std::remove_if(under_way.begin(), under_way.end(), [&](const Flight& f) { return f.until <= cuts[i]; }),
            under_way.end());
        if (under_way.empty()) continue;
        const serving::Shares none(static_cast<std::size_t>(channels), 0);
        serving::Piece piece{cuts[i + 1] - cuts[i], available, std::max(available, needs.from(cuts[i + 1])), none,
                             none};
        double sum = 0;
        for (const Flight& f : under_way) {
            const double share =
                std::min(f.bytes / static_cast<double>((f.until - f.from).count()) / channel_bytes_per_ps, 1.0);
            piece.share[f.channel] += share;
            piece.delay[f.channel] += share * share;
            sum += share;
        }
        for (double& delay : piece.delay) delay /= sum;
        pieces.push_back(std::move(piece));
    }
    return pieces;
}

}  // namespace

serving::Course course_of(const hw::ChipSpec& spec, const program::Program& program,
                          const std::vector<observe::Transferred>& transfers, const chip::Completion& alone,
                          std::size_t pieces) {
    const Computation computation(spec, program);
    std::vector<Flight> flights;
    for (const observe::Transferred& t : transfers)
        flights.push_back({t.from, std::max(t.until, t.from + Duration{1}),
                           computation.window(t.who.queue, t.who.index), static_cast<double>(t.bytes.count()),
                           static_cast<std::size_t>(t.channel)});
    if (flights.empty()) return {};
    const double bytes_per_ps = static_cast<double>(hw::sustained_channel_bandwidth(spec).count()) * 1e-12;
    serving::Course course{stretches(std::move(flights), spec.dram.channels, bytes_per_ps), computation.length()};
    return serving::stretched(serving::joined(std::move(course), pieces), alone.last_retirement - alone.first_issue);
}

}  // namespace infsim::flow
