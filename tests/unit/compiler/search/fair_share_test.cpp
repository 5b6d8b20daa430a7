// A rate shared in turns, on paper: 1 GB/s is a byte a nanosecond.
#include <catch2/catch.hpp>

#include "compiler/search/fair_share.hpp"

using namespace infsim;
using compiler::FairShare;

TEST_CASE("nothing under way has no departure") {
    FairShare share{Bandwidth{1'000'000'000}};
    CHECK_FALSE(share.next_departure());
}

TEST_CASE("two that ask for the same take twice as long each") {
    FairShare share{Bandwidth{1'000'000'000}};
    share.arrive(nanoseconds(10), 0, Bytes{100}, 1);
    CHECK(share.next_departure() == nanoseconds(110));
    share.arrive(nanoseconds(10), 1, Bytes{100}, 1);
    CHECK(share.next_departure() == nanoseconds(210));
    CHECK(share.depart() == 0);  // of equals the first
    CHECK(share.depart() == 1);
    CHECK_FALSE(share.next_departure());
}

TEST_CASE("who comes late shares what is left") {
    FairShare share{Bandwidth{1'000'000'000}};
    share.arrive(nanoseconds(0), 0, Bytes{100}, 1);
    share.arrive(nanoseconds(60), 1, Bytes{100}, 1);  // 40 left of the first: both have had 40 at 140
    CHECK(share.next_departure() == nanoseconds(140));
    CHECK(share.depart() == 0);
    CHECK(share.next_departure() == nanoseconds(200));  // alone for its last 60
    CHECK(share.depart() == 1);
    share.arrive(nanoseconds(300), 2, Bytes{7}, 1);  // idle time is no credit
    CHECK(share.next_departure() == nanoseconds(307));
}

TEST_CASE("a turn costs what its transfer makes it cost") {
    FairShare share{Bandwidth{1'000'000'000}};
    share.arrive(nanoseconds(0), 0, Bytes{400}, 4);   // turns of 100
    share.arrive(nanoseconds(0), 1, Bytes{1800}, 2);  // turns of 900
    CHECK(share.next_departure() == nanoseconds(2000));
    CHECK(share.depart() == 1);
    CHECK(share.next_departure() == nanoseconds(2200));
    CHECK(share.depart() == 0);
}

TEST_CASE("no bytes take no time") {
    FairShare share{Bandwidth{1'000'000'000}};
    share.arrive(nanoseconds(5), 0, Bytes{0}, 0);
    CHECK(share.next_departure() == nanoseconds(5));
    CHECK(share.depart() == 0);
}
