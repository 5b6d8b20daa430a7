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
