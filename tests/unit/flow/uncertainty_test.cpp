// Constants of a chip with other values, and what moves with them.
#include <catch2/catch.hpp>

#include <algorithm>

#include "flow/limits/uncertainty.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

hw::ChipFile chip_of(std::vector<hw::Provenance> provenance) {
    hw::ChipFile chip;
    chip.provenance = std::move(provenance);
    return chip;
}

record::RunRecord ran(int batch, double throughput, double half = 0) {
    record::RunRecord r;
    r.status = record::Status::ok;
    r.batch_size = batch;
    r.throughput_avg = throughput;
    r.throughput_low = throughput - half;
    r.throughput_high = throughput + half;
    r.latency_ms_p50 = 8000.0 * batch / throughput;
    return r;
}

LargestBatch resident(int batch) { return {batch, false, {}, {}}; }

}  // namespace

TEST_CASE("every quantity is larger and smaller by the share, in its own unit") {
    const auto list = variations_of(chip_of({{"a.clock", "976.5625MHz", "INF", ""},
                                             {"b.latency", "100ns", "UNK", ""},
                                             {"c.overhead", "156cycles", "UNK", ""},
                                             {"d.bytes", "96KiB", "INF", ""},
                                             {"e.bandwidth", "25.6GB/s", "DOC", ""}}),
                                    0.2);
    std::vector<std::string> changed;
    for (const Variation& v : list) changed.push_back(v.changed);
    CHECK(changed == std::vector<std::string>{"1171875kHz", "781.25MHz", "120ns", "80ns", "187cycles", "125cycles",
                                              "115KiB", "76KiB", "30.72GB/s", "20.48GB/s"});
    CHECK(list[0].key == "a.clock");
    CHECK(list[0].value == "976.5625MHz");
    CHECK(list[9].grade == "DOC");
}

TEST_CASE("shares go no further than 1; counts and zeros stay, and say so") {
    const auto list = variations_of(chip_of({{"efficiency", "0.874", "UNK", ""},
                                             {"rows", "128", "INF", ""},
                                             {"overhead", "0cycles", "DOC", ""},
                                             {"best", "1", "UNK", ""}}),
                                    0.2);
    REQUIRE(list.size() == 6);
    CHECK(list[0].changed == "1");
    CHECK(list[1].changed == "0.6992");
    CHECK(list[2].changed.empty());
    CHECK(list[2].why_not == "is a count");
    CHECK(list[3].why_not == "is 0");
    CHECK(list[4].changed == "0.8");
    CHECK(list[5].why_not == "is at the end of its range");
}

TEST_CASE("claims are those of the curve over the batches") {
    const Claims c = claims_of({ran(1, 800), ran(2, 1500), ran(4, 2500), ran(8, 2550)}, resident(4));
    CHECK(c.resident.batch == 4);
    CHECK(c.best == 8);
    CHECK(c.b95 == 4);
    CHECK(c.first == Approx(800));
    CHECK(c.highest == Approx(2550));
    REQUIRE(c.knee);
}

TEST_CASE("what is other than before has moved") {
    const Claims before = claims_of({ran(1, 800), ran(2, 1500), ran(4, 2500), ran(8, 2550)}, resident(4));
    const Claims after = claims_of({ran(1, 880), ran(2, 1400), ran(4, 2200), ran(8, 2600)}, resident(5));
    const Moved m = moved(before, after);
    CHECK(m.resident);
    CHECK(m.b95);
    CHECK_FALSE(m.best);
    CHECK(m.any_batch());
    CHECK(m.first == Approx(0.1));
    CHECK(m.highest == Approx(2600.0 / 2550 - 1));
    CHECK_FALSE(moved(before, before).any_batch());
}

TEST_CASE("a knee within the intervals of the other has not moved") {
    // Throughput per latency goes with the square of throughput over the batch: 4 and 5 are close to each other.
    const auto curve = [](double at4, double at5, double half) {
        return claims_of({ran(1, 800), ran(4, at4, half), ran(5, at5, half)}, resident(5));
    };
    CHECK(curve(2500, 2750, 0).knee != curve(2500, 2850, 0).knee);
    CHECK(moved(curve(2500, 2750, 0), curve(2500, 2850, 0)).knee);
    CHECK_FALSE(moved(curve(2500, 2750, 60), curve(2500, 2850, 60)).knee);
}
