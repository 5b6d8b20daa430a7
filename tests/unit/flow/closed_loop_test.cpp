#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

#include "base/random.hpp"
#include "flow/run/closed_loop.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

/// A chip whose inference on core c takes service(c, n); one at a time per core, transfers take no time.
class FakeChip {
public:
    FakeChip(int cores, std::function<Duration(int, std::uint64_t)> service)
        : service_(std::move(service)),
          next_(static_cast<std::size_t>(cores)),
          free_(static_cast<std::size_t>(cores)) {}

    Device device() {
        return {[this](int core, TimePoint at) { return submit(core, at); },
                [this](TimePoint t) { now_ = std::max(now_, t); }, [this] { return now_; }, [this] { return take(); },
                [] {}};
    }
    std::vector<TimePoint> submissions;

private:
    std::uint64_t submit(int core, TimePoint at) {
        REQUIRE(at >= now_);
        const auto c = static_cast<std::size_t>(core);
        const std::uint64_t n = next_[c]++;
        chip::Completion done{core, n, at, at, std::max(at, free_[c])};
        done.output_done = done.last_retirement = free_[c] = done.first_issue + service_(core, n);
        pending_.push_back(done);
        submissions.push_back(at);
        return n;
    }
    std::vector<chip::Completion> take() {
        std::vector<chip::Completion> ready;
        for (auto it = pending_.begin(); it != pending_.end();)
            if (it->output_done <= now_) {
                ready.push_back(*it);
                it = pending_.erase(it);
            } else {
                ++it;
            }
        std::stable_sort(ready.begin(), ready.end(),
                         [](const auto& a, const auto& b) { return a.output_done < b.output_done; });
        return ready;
    }

    std::function<Duration(int, std::uint64_t)> service_;
    std::vector<std::uint64_t> next_;
    std::vector<TimePoint> free_;
    std::deque<chip::Completion> pending_;
    TimePoint now_{};
};

LoopOptions options(int cores, int workers, Duration overhead) {
    LoopOptions o;
    o.workers = workers;
    o.call_overhead = overhead;
    o.offsets = std::vector<Duration>(static_cast<std::size_t>(cores));
    return o;
}

}  // namespace

TEST_CASE("one worker pays for the call between two inferences, two workers hide it") {
    FakeChip chip(1, [](int, std::uint64_t) { return microseconds(900); });
    Device device = chip.device();
    const Measurement one = run_closed_loop(device, options(1, 1, microseconds(100)));
    CHECK(one.inferences_per_second() == Approx(1000));
    CHECK(one.cores[0].latencies.front() == microseconds(1000));
    FakeChip other(1, [](int, std::uint64_t) { return microseconds(900); });
    Device second = other.device();
    const Measurement two = run_closed_loop(second, options(1, 2, microseconds(100)));
    CHECK(two.inferences_per_second() == Approx(1e6 / 900));
    CHECK(two.cores[0].latencies.front() == microseconds(1800));  // Little: 2 in flight
}

TEST_CASE("a call is made to the picosecond when the one before returns") {
    FakeChip chip(1, [](int, std::uint64_t) { return picoseconds(333'333'333); });
    Device device = chip.device();
    run_closed_loop(device, options(1, 1, microseconds(50)));
    for (std::size_t i = 1; i < chip.submissions.size(); ++i)
        REQUIRE(chip.submissions[i] - chip.submissions[i - 1] == picoseconds(383'333'333));
}

TEST_CASE("cores are measured over equally many inferences and the fast ones run on") {
    FakeChip chip(2, [](int core, std::uint64_t) { return core == 0 ? microseconds(100) : microseconds(300); });
    Device device = chip.device();
    const Measurement m = run_closed_loop(device, options(2, 1, microseconds(0)));
    REQUIRE(m.cores.size() == 2);
    CHECK(m.cores[0].measured.size() == m.cores[1].measured.size());
    CHECK(m.inferences_per_second() == Approx(1e4 + 1e4 / 3).epsilon(0.02));
    CHECK(chip.submissions.size() > 3 * 72U);  // core 0 did three times as many as core 1's 72
}

TEST_CASE("a chip that was drained has nothing outstanding") {
    FakeChip chip(2, [](int core, std::uint64_t) { return microseconds(core == 0 ? 100 : 300); });
    Device device = chip.device();
    const Measurement m = run_closed_loop(device, options(2, 3, microseconds(1)));
    CHECK(m.outstanding == 6);
    const std::size_t before = chip.submissions.size();
    drain(device, microseconds(1), m.outstanding);
    CHECK(chip.submissions.size() == before);
    device.advance_until(device.now() + microseconds(10'000));
    CHECK(device.take_completions().empty());
}

TEST_CASE("a core that repeats itself is measured exactly over whole repetitions") {
    // 100, 200, 300, 100, ... us: one repetition is three inferences.
    FakeChip chip(1, [](int, std::uint64_t n) { return microseconds(100 * (1 + static_cast<std::int64_t>(n % 3))); });
    Device device = chip.device();
    const Measurement m = run_closed_loop(device, options(1, 2, microseconds(2)));
    CHECK(m.half_width == 0);
    CHECK(m.cores[0].measured.size() == 6);
    CHECK(m.inferences_per_second() == Approx(5000).epsilon(1e-12));
    CHECK(chip.submissions.size() < 16);
}

TEST_CASE("a slow start is no repetition") {
    FakeChip chip(
        1, [](int, std::uint64_t n) { return microseconds(n < 7 ? 300 - 10 * static_cast<std::int64_t>(n) : 100); });
    Device device = chip.device();
    const Measurement m = run_closed_loop(device, options(1, 1, microseconds(2)));
    CHECK(m.inferences_per_second() == Approx(1e6 / 102));
    CHECK(m.half_width == 0);
}

TEST_CASE("a core that never repeats itself is measured in windows up to the limit, with the interval that it earns") {
    FakeChip chip(1, [](int, std::uint64_t n) { return microseconds(100 + 5 * static_cast<std::int64_t>(n)); });
    Device device = chip.device();
    const Measurement m = run_closed_loop(device, options(1, 1, microseconds(2)));
    CHECK(m.cores[0].measured.size() == 400);
    CHECK(m.cores[0].measured.front().inference == 8);
    CHECK(m.half_width > 0.05 * m.inferences_per_second());
}

TEST_CASE("a calm throughput ends the measurement early") {
    RandomStream random(3, "test");
    FakeChip chip(2, [&](int, std::uint64_t) { return nanoseconds(100'000 + random.uniform_int(-500, 500)); });
    Device device = chip.device();
    const Measurement m = run_closed_loop(device, options(2, 2, microseconds(2)));
    CHECK(m.cores[0].measured.size() == 64);
    CHECK(m.inferences_per_second() == Approx(2e4).epsilon(0.002));
    CHECK(m.half_width < 0.02 * m.inferences_per_second());
    CHECK(m.half_width > 0.012 * m.inferences_per_second());
}

TEST_CASE("calls of several cores jitter by their seed, within 2 %, and the latency counts the call that was made") {
    const auto gaps = [](int cores, std::uint64_t seed) {
        FakeChip chip(cores, [](int, std::uint64_t) { return microseconds(900); });
        Device device = chip.device();
        LoopOptions o = options(cores, 1, microseconds(100));
        o.seed = seed;
        const Measurement m = run_closed_loop(device, o);
        for (std::size_t i = 1; i < m.cores[0].measured.size(); ++i)
            REQUIRE(m.cores[0].latencies[i] ==
                    m.cores[0].measured[i].output_done - m.cores[0].measured[i - 1].output_done);
        return m.cores[0].latencies;
    };
    for (const Duration d : gaps(1, 0)) CHECK(d == microseconds(1000));
    const auto some = gaps(2, 0);
    CHECK(some == gaps(2, 0));
    CHECK(some != gaps(2, 1));
    const auto [least, most] = std::minmax_element(some.begin(), some.end());
    CHECK(*least >= microseconds(998));
    CHECK(*most <= microseconds(1002));
    CHECK(*most - *least > microseconds(1));
}

TEST_CASE("all cores start together but the last, never evenly, or as a seed says") {
    CHECK(usual_start(1, nanoseconds(100)) == std::vector<Duration>{nanoseconds(0)});
    CHECK(usual_start(2, nanoseconds(100)) == std::vector<Duration>{nanoseconds(0), nanoseconds(25)});
    CHECK(usual_start(4, nanoseconds(100)) ==
          std::vector<Duration>{nanoseconds(0), nanoseconds(0), nanoseconds(0), nanoseconds(50)});
    const auto drawn = drawn_start(4, nanoseconds(100), 7);
    CHECK(drawn == drawn_start(4, nanoseconds(100), 7));
    CHECK(drawn != drawn_start(4, nanoseconds(100), 8));
    for (Duration d : drawn) CHECK((d >= Duration{} && d < nanoseconds(100)));
}

TEST_CASE("an inference alone runs on core 0") {
    FakeChip chip(3, [](int, std::uint64_t) { return microseconds(70); });
    Device device = chip.device();
    const chip::Completion c = run_alone(device, microseconds(5));
    CHECK(c.core == 0);
    CHECK(c.last_retirement - c.first_issue == microseconds(70));
    CHECK(c.submitted == TimePoint{microseconds(5)});
}

TEST_CASE("operators on the host make the worker's next call later and count in its latency") {
    // A worker: call 100 us, chip 900 us, host 500 us, then the next call.
    const auto with_workers = [](int workers) {
        FakeChip chip(1, [](int, std::uint64_t) { return microseconds(900); });
        Device device = chip.device();
        LoopOptions o = options(1, workers, microseconds(100));
        o.host_time = microseconds(500);
        return run_closed_loop(device, o);
    };
    const Measurement one = with_workers(1);
    CHECK(one.inferences_per_second() == Approx(1e6 / 1500));
    CHECK(one.cores[0].latencies.front() == microseconds(1500));
    // Two of them: 600 us of call and host hide behind the other's 900 us on the chip, of which 300 us are waited for.
    const Measurement two = with_workers(2);
    CHECK(two.inferences_per_second() == Approx(1e6 / 900));
    CHECK(two.cores[0].latencies.back() == microseconds(1800));
}

TEST_CASE("calls wait for a thread of the host") {
    // Three cores, one worker each: a call takes 100 us, an inference 20 us. Two threads see to 2 calls in 100 us.
    FakeChip chip(3, [](int, std::uint64_t) { return microseconds(20); });
    Device device = chip.device();
    LoopOptions o = options(3, 1, microseconds(100));
    o.jitter = 0;
    o.threads = 2;
    const Measurement m = run_closed_loop(device, o);
    CHECK(m.inferences_per_second() == Approx(2e6 / 100).epsilon(0.01));
    CHECK(chip.submissions[0] == time_origin() + microseconds(100));
    CHECK(chip.submissions[1] == time_origin() + microseconds(100));
    CHECK(chip.submissions[2] == time_origin() + microseconds(200));
}

TEST_CASE("a host slower than the chip bounds the throughput of its workers") {
    FakeChip chip(1, [](int, std::uint64_t) { return microseconds(100); });
    Device device = chip.device();
    LoopOptions o = options(1, 2, microseconds(100));
    o.host_time = microseconds(800);
    const Measurement m = run_closed_loop(device, o);
    CHECK(m.inferences_per_second() == Approx(2e6 / 1000).epsilon(0.01));
}
