#include <catch2/catch.hpp>

#include "analysis/roofline.hpp"

using namespace infsim;
using namespace infsim::analysis;

namespace {
hw::ChipSpec chip() {
    hw::ChipSpec s;
    s.cores = 4;
    s.dma.core_bandwidth = Bandwidth{20'000'000'000};
    s.dram.channels = 2;
    s.dram.channel_bandwidth = Bandwidth{25'000'000'000};
    s.dram.model = hw::BandwidthDram{0.8};
    s.host.link_bandwidth = Bandwidth{8'000'000'000};
    return s;
}
}  // namespace

TEST_CASE("four cores with the same bytes share two channels evenly") {
    Demand d;
    d.region_bytes = {Bytes{50'000'000}, Bytes{0}};
    d.core_bytes = Bytes{50'000'000};
    const Roofline r = roofline(chip(), 4, d);
    CHECK(milliseconds(r.dram) == Approx(5.0));  // 100 MB per channel at 20 GB/s
    CHECK(milliseconds(r.core_dma) == Approx(2.5));
    CHECK(r.bound == r.dram);
    CHECK(r.resource == "dram");
    CHECK(fair_share(chip(), 4) == Bandwidth{10'000'000'000});
    CHECK(fair_share(chip(), 1) == Bandwidth{20'000'000'000});
}

TEST_CASE("one core is bound by its own ceiling, and bytes in two regions by two channels") {
    Demand d;
    d.region_bytes = {Bytes{30'000'000}, Bytes{30'000'000}};
    d.core_bytes = Bytes{60'000'000};
    const Roofline r = roofline(chip(), 1, d);
    CHECK(milliseconds(r.dram) == Approx(1.5));
    CHECK(milliseconds(r.core_dma) == Approx(3.0));
    CHECK(r.bound == r.core_dma);
    CHECK(r.resource == "dram");
}

TEST_CASE("the largest demand is the bound") {
    Demand d;
    d.region_bytes = {Bytes{1}};
    d.pe = microseconds(10);
    d.act = microseconds(11);
    CHECK(roofline(chip(), 1, d).resource == "act");
    d.host_in = Bytes{80'000'000};
    const Roofline r = roofline(chip(), 2, d);
    CHECK(r.resource == "host");
    CHECK(milliseconds(r.bound) == Approx(20));
}
