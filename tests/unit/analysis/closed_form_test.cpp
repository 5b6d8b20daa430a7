#include <catch2/catch.hpp>

#include "analysis/closed_form.hpp"

using namespace infsim;
using namespace infsim::analysis;

namespace {

/// 10 GB/s per channel and core, 1 GB/s to the host, 10 us a call and 5 us a transfer.
hw::ChipSpec chip() {
    hw::ChipSpec spec;
    spec.cores = 4;
    spec.dram.channels = 2;
    spec.dram.channel_bandwidth = Bandwidth{20'000'000'000};
    spec.dram.model = hw::BandwidthDram{0.5};
    spec.dma.core_bandwidth = spec.dma.engine_bandwidth = Bandwidth{10'000'000'000};
    spec.dma.engines_per_core = 1;
    spec.host.link_bandwidth = Bandwidth{1'000'000'000};
    spec.host.call_overhead = microseconds(10);
    spec.host.transfer_latency = microseconds(5);
    return spec;
}

/// 1 MB of weights: 100 us for a core alone, 200 us where two share a channel; 150 us of computing; 10 kB to and from
/// the host.
Demand demand() {
    Demand d;
    d.pe = microseconds(100);
    d.act = microseconds(30);
    d.pool = microseconds(20);
    d.region_bytes = {Bytes{1'000'000}, Bytes{0}};
    d.core_bytes = Bytes{1'000'000};
    d.host_in = d.host_out = Bytes{5'000};
    return d;
}

}  // namespace

TEST_CASE("one worker waits for the longer of bytes and computing, and for the host") {
    const auto alone = closed_form(chip(), 1, 1, 1, demand());
    CHECK(alone.dram == microseconds(100));
    CHECK(alone.compute == microseconds(150));
    CHECK(alone.latency == microseconds(150 + 10 + 2 * 5 + 10));
    CHECK(alone.throughput == Approx(1 / 180e-6));
}

TEST_CASE("cores that share a channel wait for its bytes, and a second worker hides the host") {
    const auto all = closed_form(chip(), 4, 2, 1, demand());
    CHECK(all.dram == microseconds(200));
    CHECK(all.latency == microseconds(400));
    CHECK(all.throughput == Approx(4 / 200e-6));
}

TEST_CASE("a call takes its items and bytes, and threads bound how many there are") {
    hw::ChipSpec spec = chip();
    spec.host.item_overhead = microseconds(3);
    spec.host.copy_bandwidth = Bandwidth{10'000'000'000};
    CHECK(closed_form(spec, 1, 1, 4, demand()).latency == microseconds(150 + (10 + 4 * 3 + 1) + 2 * 5 + 10));
    spec.host.item_overhead = microseconds(50);
    CHECK(closed_form(spec, 4, 2, 4, demand()).throughput == Approx(4 / 215.5e-6));  // two workers share 431 us
    spec.host.threads = 1;
    CHECK(closed_form(spec, 4, 2, 4, demand()).throughput == Approx(1 / 211e-6));
}

TEST_CASE("a host that takes longer than the core bounds even with two workers") {
    hw::ChipSpec spec = chip();
    spec.host.call_overhead = microseconds(500);
    CHECK(closed_form(spec, 1, 2, 1, demand()).throughput == Approx(2 / 670e-6));
}
