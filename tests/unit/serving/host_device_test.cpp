// Operators on the host behind batches, by hand.
#include <catch2/catch.hpp>

#include "serving/host_device.hpp"
#include "unit/serving/support.hpp"

using namespace infsim;
using namespace infsim::serving;

namespace {

TimePoint at_us(std::int64_t us) { return TimePoint{microseconds(us)}; }

}  // namespace

TEST_CASE("a batch is finished when the host is done with it, and the chip goes on meanwhile") {
    Formula times(microseconds(100));
    TableDevice chip(times, 1, 1);
    HostDevice device(chip, {microseconds(30)});
    device.submit(0, 0, 1, at_us(0));
    device.submit(0, 0, 2, at_us(0));
    CHECK_FALSE(device.advance(at_us(130) - picoseconds(1)));
    const auto first = device.advance(at_us(1000));
    REQUIRE(first);
    CHECK(first->tag == 1);
    CHECK(first->at == at_us(130));
    CHECK(first->executed == microseconds(100));
    const auto second = device.advance(at_us(1000));
    REQUIRE(second);
    CHECK(second->at == at_us(230));
    CHECK_FALSE(device.advance(at_us(1000)));
}

TEST_CASE("programs have host times of their own, and batches come in the order in which they are done") {
    Formula times([](int program, int) { return microseconds(program == 0 ? 100 : 110); });
    TableDevice chip(times, 2, 1);
    HostDevice device(chip, {microseconds(50), Duration{}});
    device.submit(0, 0, 1, at_us(0));
    device.submit(1, 1, 2, at_us(0));
    const auto first = device.advance(at_us(1000));
    REQUIRE(first);
    CHECK(first->tag == 2);
    CHECK(first->at == at_us(110));
    const auto second = device.advance(at_us(1000));
    REQUIRE(second);
    CHECK(second->tag == 1);
    CHECK(second->at == at_us(150));
}

TEST_CASE("clients wait for the host, whose time takes a place of its core") {
    Run run = requests_of_one(ClosedLoop{1, 1, {}}, 50);
    run.server.outstanding_per_core = 1;
    Formula times(microseconds(100));
    TableDevice chip(times, 1, 1);
    HostDevice device(chip, {microseconds(30)});
    const Tally t = simulate(run, device);
    CHECK(mean_latency(t) == Approx(static_cast<double>(microseconds(130).count())));
}
