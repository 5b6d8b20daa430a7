#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

#include "flow/closed_loop.hpp"

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
    CHECK(one.steady);
    CHECK(one.cores[0].measured.size() == 16);
    CHECK(latency(one.cores[0].measured[3], microseconds(100)) == microseconds(1000));
    FakeChip other(1, [](int, std::uint64_t) { return microseconds(900); });
    Device second = other.device();
    const Measurement two = run_closed_loop(second, options(1, 2, microseconds(100)));
    CHECK(two.inferences_per_second() == Approx(1e6 / 900));
    CHECK(latency(two.cores[0].measured[3], microseconds(100)) == microseconds(1800));  // Little: 2 in flight
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
    CHECK(chip.submissions.size() > 3 * 20U);  // core 0 did three times as many as core 1's 20
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

TEST_CASE("a throughput that keeps changing is not steady and ends at the limit") {
    FakeChip chip(1, [](int, std::uint64_t n) { return microseconds(100 + 5 * static_cast<std::int64_t>(n)); });
    Device device = chip.device();
    const Measurement m = run_closed_loop(device, options(1, 1, microseconds(2)));
    CHECK_FALSE(m.steady);
    CHECK(m.cores[0].measured.size() == 64);
    CHECK(m.cores[0].measured.front().inference == 4);
}

TEST_CASE("a slow start is waited for") {
    FakeChip chip(1, [](int, std::uint64_t n) { return n < 15 ? microseconds(200) : microseconds(100); });
    Device device = chip.device();
    const Measurement m = run_closed_loop(device, options(1, 1, microseconds(2)));
    CHECK(m.steady);
    CHECK(m.cores[0].measured.size() == 32);  // windows of inferences 4-11, 12-19, 20-27, 28-35
}

TEST_CASE("cores start evenly staggered, or as a seed says") {
    CHECK(start_offsets(4, nanoseconds(100), 0) ==
          std::vector<Duration>{nanoseconds(0), nanoseconds(25), nanoseconds(50), nanoseconds(75)});
    const auto drawn = start_offsets(4, nanoseconds(100), 7);
    CHECK(drawn == start_offsets(4, nanoseconds(100), 7));
    CHECK(drawn != start_offsets(4, nanoseconds(100), 8));
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
