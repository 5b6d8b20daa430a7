// Times of a table device by hand.
#include <catch2/catch.hpp>

#include "serving/calibrate.hpp"
#include "serving/course.hpp"
#include "serving/execution.hpp"
#include "unit/serving/support.hpp"

using namespace infsim;
using namespace infsim::serving;

namespace {

TimePoint at_us(std::int64_t us) { return TimePoint{microseconds(us)}; }
constexpr TimePoint kFarAway{microseconds(1'000'000)};

/// 100 us for a core alone, 160 us for two.
Duration hundred(int, int busy) { return microseconds(busy == 1 ? 100 : 160); }

void check_next(Device& device, std::int32_t tag, TimePoint at) {
    INFO("batch " << tag);
    CHECK_FALSE(device.advance(at - picoseconds(1)));
    const auto done = device.advance(at);
    REQUIRE(done);
    CHECK(done->tag == tag);
    CHECK(done->at == at);
}

}  // namespace

TEST_CASE("remaining work is rescaled when another core starts and when it ends") {
    Formula times(hundred);
    TableDevice device(times, 1, 2);
    device.submit(0, 0, 1, at_us(0));
    device.submit(1, 0, 2, at_us(50));
    // At 50 us half of the first is left: 80 us at the rate of two. By then the second has done half of its own, so 50
    // us are left.
    check_next(device, 1, at_us(130));
    check_next(device, 2, at_us(180));
}

TEST_CASE("cores of different chips do not slow each other") {
    Formula times(hundred);
    TableDevice device(times, 2, 1);
    device.submit(0, 0, 1, at_us(0));
    device.submit(1, 0, 2, at_us(50));
    check_next(device, 1, at_us(100));
    check_next(device, 2, at_us(150));
}

TEST_CASE("input and output of neighbours overlap the execution") {
    const Transfers transfers{microseconds(10), microseconds(20), microseconds(5), microseconds(15)};
    Formula times([](int, int) { return microseconds(100); }, transfers);
    TableDevice device(times, 1, 1);
    for (int tag = 0; tag < 3; ++tag) device.submit(0, 0, tag, at_us(0));
    check_next(device, 0, at_us(30 + 100 + 20));
    check_next(device, 1, at_us(30 + 200 + 20));
    check_next(device, 2, at_us(30 + 300 + 20));
}

TEST_CASE("the input of the third waits until the first is executed") {
    const Transfers transfers{microseconds(0), microseconds(80), microseconds(0), microseconds(0)};
    Formula times([](int, int) { return microseconds(10); }, transfers);
    TableDevice device(times, 1, 1);
    for (int tag = 0; tag < 3; ++tag) device.submit(0, 0, tag, at_us(0));
    check_next(device, 0, at_us(90));
    check_next(device, 1, at_us(170));
    check_next(device, 2, at_us(250));
}

TEST_CASE("the third execution waits until the first output is out") {
    const Transfers transfers{microseconds(0), microseconds(0), microseconds(0), microseconds(100)};
    Formula times([](int, int) { return microseconds(10); }, transfers);
    TableDevice device(times, 1, 1);
    for (int tag = 0; tag < 4; ++tag) device.submit(0, 0, tag, at_us(0));
    check_next(device, 0, at_us(110));
    check_next(device, 1, at_us(210));
    // Outputs leave one after the other; the third execution started at 110 us.
    check_next(device, 2, at_us(310));
    const auto done = device.advance(kFarAway);
    REQUIRE(done);
    CHECK(done->executed == microseconds(10));
}

TEST_CASE("the link carries one input at a time") {
    const Transfers transfers{microseconds(10), microseconds(40), microseconds(0), microseconds(0)};
    Formula times([](int, int) { return microseconds(100); }, transfers);
    TableDevice device(times, 1, 2);
    device.submit(0, 0, 0, at_us(0));
    device.submit(1, 0, 1, at_us(0));
    check_next(device, 0, at_us(150));
    check_next(device, 1, at_us(190));
}

TEST_CASE("chips of many cores") {
    Formula times([](int, int busy) { return microseconds(10 * busy); });
    TableDevice device(times, 1, 64);
    for (int core = 0; core < 64; ++core) device.submit(core, 0, core, at_us(0));
    for (int core = 0; core < 64; ++core) {
        const auto done = device.advance(kFarAway);
        REQUIRE(done);
        CHECK(done->at == at_us(640));
    }
}

namespace {

/// Moves 50 us long with all of the only channel, then computes for 50 us on what came. Two such batches at a factor
/// of 1.
class HalfHeavy final : public ServiceTimes {
public:
    Duration service(int, int, CoreSet busy) override { return microseconds(busy == 3 ? 150 : 100); }
    Transfers transfers(int) override { return {}; }
    Course course(int) override { return {{{microseconds(50), {}, {}, {1.0}, {0.0}}}, microseconds(50)}; }
};

Piece piece(Shares share, Shares delay = {}) { return {microseconds(10), {}, {}, std::move(share), std::move(delay)}; }

std::vector<double> shared(const std::vector<SlowDown>& slow) {
    std::vector<double> list;
    for (const SlowDown& s : slow) list.push_back(s.shared);
    return list;
}

}  // namespace

TEST_CASE("batches slow each other only where both move bytes") {
    HalfHeavy times;
    {
        TableDevice device(times, 1, 2);
        device.submit(0, 0, 1, at_us(0));
        device.submit(1, 0, 2, at_us(50));  // the first has nothing more to move
        check_next(device, 1, at_us(100));
        check_next(device, 2, at_us(150));
    }
    TableDevice device(times, 1, 2);
    device.submit(0, 0, 1, at_us(0));
    device.submit(1, 0, 2,
                  at_us(20));  // 30 us of moving are left: 60 us at half the speed, then the second has 20 left
    check_next(device, 1, at_us(20 + 60 + 50));
    check_next(device, 2, at_us(80 + 20 + 50));
}

TEST_CASE("prefetching hides slower memory until the computation needs the bytes") {
    Execution execution;
    // 40 us of moving, which may begin at once and which the computation needs after 60 of its 100 us.
    const Course course{{{microseconds(40), {}, microseconds(60), {1.0}, {0.0}}}, microseconds(100)};
    CHECK(alone_time(course) == microseconds(100));
    const auto end = [&](std::int64_t pace) {
        execution.begin(course, 2, at_us(0));
        execution.set_pace(pace, at_us(0));
        CHECK_FALSE(execution.step());
        const TimePoint at = execution.next();
        CHECK(execution.step());
        return at;
    };
    CHECK(end(2) == at_us(100));
    CHECK(end(3) == at_us(100));  // 60 us: just in time
    CHECK(end(4) == at_us(120));  // 80 us: the computation waits for 20
}

TEST_CASE("a piece waits until the computation has made it available") {
    Execution execution;
    const Course course{{{microseconds(10), microseconds(30), microseconds(35), {1.0}, {0.0}}}, microseconds(50)};
    CHECK(alone_time(course) == microseconds(55));  // 30, 10 of moving of which 5 are hidden, 15 more
    execution.begin(course, 1, at_us(0));
    CHECK_FALSE(execution.moving());
    CHECK(execution.next() == at_us(30));
    CHECK_FALSE(execution.step());
    CHECK(execution.moving());
    CHECK(execution.next() == at_us(40));
    CHECK_FALSE(execution.step());
    CHECK(execution.next() == at_us(55));
    CHECK(execution.step());
}

TEST_CASE("channels are shared max-min fairly, counted from a core's own") {
    const Piece small = piece({0.2, 0.0}), large = piece({1.0, 0.0}), beside = piece({0.0, 0.9}), none = piece({});
    std::vector<SlowDown> slow;
    SlowDowns slow_downs(2);
    slow_downs.find({{0, &small}, {2, &large}}, slow);
    CHECK(slow[0].shared == 1);
    CHECK(slow[1].shared == Approx(1 / 0.8));
    slow_downs.find({{0, &large}, {1, &beside}}, slow);  // the second core's second channel is the first's own
    CHECK(slow[0].shared == Approx(2));
    CHECK(slow[1].shared == Approx(1.8));
    slow_downs.find({{0, &large}, {1, &large}, {3, &none}}, slow);
    CHECK(shared(slow) == std::vector<double>{1, 1, 1});
}

TEST_CASE("where there is room for all, bursts wait for half of one that they meet") {
    const Piece burst = piece({0.4}, {0.4}), other = piece({0.5}, {0.5});
    std::vector<SlowDown> slow;
    SlowDowns slow_downs(1);
    slow_downs.find({{0, &burst}, {1, &other}}, slow);
    CHECK(shared(slow) == std::vector<double>{1, 1});
    CHECK(slow[0].met == Approx(1 + 0.4 / 2 * 0.5));
    CHECK(slow[1].met == Approx(1 + 0.5 / 2 * 0.4));
}

TEST_CASE("the factor reproduces the mean time that it was found for") {
    const Uncalibrated program{{{{microseconds(100), {}, {}, {1.0}, {0.0}}}, microseconds(100)}, {}, 1};
    const Duration alone = alone_time(program.course);
    const double less = find_factor(program, 0, 3, alone * 5 / 4), more = find_factor(program, 0, 3, alone * 11 / 8);
    CHECK(less > 0);
    CHECK(more > less);
    CHECK(find_factor(program, 0, 3, alone * 9 / 10) == 0);
    CHECK(find_factor({{{{microseconds(100), {}, {}, {0.1}, {0.0}}}, microseconds(200)}, {}, 1}, 0, 3, alone * 10) ==
          Approx(kMostFactor).epsilon(0.01));
}

TEST_CASE("joining pieces keeps work and bytes, and the sharpest edge") {
    Course course;
    for (int i = 0; i < 100; ++i) course.pieces.push_back(piece({i < 37 ? 0.1 : 0.9}, {0.0}));
    course.computation = microseconds(0);
    const Course two = joined(course, 2);
    REQUIRE(two.pieces.size() == 2);
    CHECK(two.pieces[0].work == microseconds(370));
    CHECK(two.pieces[0].share[0] == Approx(0.1));
    CHECK(two.pieces[1].work == microseconds(630));
    CHECK(joined(course, 1).pieces.front().share[0] == Approx(0.1 * 0.37 + 0.9 * 0.63));
    CHECK(alone_time(joined(course, 1)) == alone_time(course));
}

TEST_CASE("a stretched course takes exactly the time it is stretched to, and moves the same bytes") {
    Course course;
    for (int i = 0; i < 7; ++i)
        course.pieces.push_back({microseconds(10), microseconds(10 * i), microseconds(10 * i + 5), {0.6}, {0.1}});
    course.computation = microseconds(80);
    const Duration wanted = alone_time(course) * 13 / 11 + picoseconds(7);
    const Course longer = stretched(course, wanted);
    CHECK(alone_time(longer) == wanted);
    CHECK(longer.pieces[3].share[0] * static_cast<double>(longer.pieces[3].work.count()) ==
          Approx(course.pieces[3].share[0] * static_cast<double>(course.pieces[3].work.count())).epsilon(1e-6));
}
