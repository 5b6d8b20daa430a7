#include <catch2/catch.hpp>

#include "chip/psum_port.hpp"

using namespace infsim;
using infsim::chip::PsumPort;

namespace {
TimePoint at(int ns) { return time_origin() + nanoseconds(ns); }
}  // namespace

TEST_CASE("The port goes to who asked first, and is free when its occupancy is over") {
    PsumPort port;
    port.restart(at(5));
    CHECK_FALSE(port.next());
    port.ask({at(30), 1});
    port.ask({at(10), 2});
    CHECK(port.next()->queue == 2);
    CHECK(port.take(nanoseconds(50)) == at(10));
    CHECK(port.next()->queue == 1);
    CHECK(port.take(nanoseconds(7)) == at(60));
    CHECK_FALSE(port.next());
    port.ask({at(100), 1});
    CHECK(port.take(nanoseconds(1)) == at(100));
}

TEST_CASE("Of two that ask at once the first queue gets the port") {
    PsumPort port;
    port.restart(at(0));
    port.ask({at(0), 2});
    port.ask({at(0), 1});
    CHECK(port.next()->queue == 1);
    CHECK(port.take(nanoseconds(4)) == at(0));
    CHECK(port.take(nanoseconds(4)) == at(4));
}

TEST_CASE("A restart forgets who asked and who had the port") {
    PsumPort port;
    port.restart(at(0));
    port.ask({at(0), 1});
    port.take(nanoseconds(1000));
    port.ask({at(0), 1});
    port.restart(at(20));
    CHECK_FALSE(port.next());
    port.ask({at(20), 2});
    CHECK(port.take(nanoseconds(1)) == at(20));
}
