// Times of a table device by hand.
#include <catch2/catch.hpp>

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
    // At 50 us half of the first is left: 80 us at the rate of two. By then the second has done half of its own, so 50 us are left.
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

/// Half of the batch asks for all of the only channel, half for nothing; two such batches at a factor of 1.
class HalfHeavy final : public ServiceTimes {
public:
    Duration service(int, int, CoreSet busy) override { return microseconds(busy == 3 ? 150 : 100); }
    Transfers transfers(int) override { return {}; }
    Course course(int) override { return {{1, {1.0}}, {1, {0.0}}}; }
    double factor(int, int, CoreSet busy) override { return busy == 3 ? 1 : kEven; }
};

}  // namespace

TEST_CASE("batches slow each other only where both ask for the channel") {
    HalfHeavy times;
    {
        TableDevice device(times, 1, 2);
        device.submit(0, 0, 1, at_us(0));
        device.submit(1, 0, 2, at_us(50));   // the first has nothing more to ask
        check_next(device, 1, at_us(100));
        check_next(device, 2, at_us(150));
    }
    TableDevice device(times, 1, 2);
    device.submit(0, 0, 1, at_us(0));
    device.submit(1, 0, 2, at_us(20));   // 30 us of asking are left: 60 us at half the speed, then the second has 20 left
    check_next(device, 1, at_us(20 + 60 + 50));
    check_next(device, 2, at_us(80 + 20 + 50));
}

TEST_CASE("channels are shared max-min fairly, counted from a core's own") {
    const Piece small{1, {0.2, 0.0}}, large{1, {1.0, 0.0}}, beside{1, {0.0, 0.9}};
    std::vector<double> slow;
    SlowDowns slow_downs(2);
    slow_downs.find({{0, &small}, {2, &large}}, slow);
    CHECK(slow[0] == 1);
    CHECK(slow[1] == Approx(1 / 0.8));
    slow_downs.find({{0, &large}, {1, &beside}}, slow);   // the second core's second channel is the first's own
    CHECK(slow[0] == Approx(2));
    CHECK(slow[1] == Approx(1.8));
    slow_downs.find({{0, &large}, {1, &large}, {3, nullptr}}, slow);
    CHECK(slow == std::vector<double>{1, 1, 1});
}

TEST_CASE("the factor reproduces the mean time that it was found for") {
    const Course course{{10, {0.1}}, {20, {1.0}}, {30, {0.6}}};
    for (double slow_down : {1.1, 1.3, 1.6}) CHECK(find_factor(course, 1, 0, 3, slow_down) > 0);
    CHECK(find_factor(course, 1, 0, 3, 1.6) > find_factor(course, 1, 0, 3, 1.3));
    CHECK(find_factor(course, 1, 0, 3, 0.9) == kEven);
    CHECK(find_factor({{1, {0.1}}}, 1, 0, 3, 1.2) == kEven);   // nothing is overloaded
    CHECK(find_factor({{1, {1.0}}}, 1, 0, 3, 2.0) == Approx(1).epsilon(0.001));
}

TEST_CASE("joining pieces keeps ticks and bytes, and the sharpest edge") {
    Course course;
    for (int i = 0; i < 100; ++i) course.push_back({1, {i < 37 ? 0.1 : 0.9}});
    const Course two = joined(course, 2);
    REQUIRE(two.size() == 2);
    CHECK(two[0].ticks == 37);
    CHECK(two[0].share[0] == Approx(0.1));
    CHECK(two[1].ticks == 63);
    CHECK(joined(course, 1).front().share[0] == Approx(0.1 * 0.37 + 0.9 * 0.63));
}
