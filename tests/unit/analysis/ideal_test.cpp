#include <catch2/catch.hpp>

#include "analysis/ideal.hpp"
#include "analysis/why_slow.hpp"

using namespace infsim;
using namespace infsim::analysis;

namespace {

/// An array of 10 x 10 at 1 GHz: 100 multiply-accumulates a nanosecond. A core draws at most 20 GB/s of two channels of
/// 25 GB/s, of which 80 % can be had: 40 GB/s for all.
hw::ChipSpec chip() {
    hw::ChipSpec spec;
    spec.cores = 4;
    spec.pe.clock = Frequency{1'000'000'000};
    spec.pe.rows = spec.pe.columns = 10;
    spec.pe.fp32_passes = 4;
    spec.dma.core_bandwidth = Bandwidth{20'000'000'000};
    spec.dram.channels = 2;
    spec.dram.channel_bandwidth = Bandwidth{25'000'000'000};
    spec.dram.model = hw::BandwidthDram{0.8};
    return spec;
}

LayerTime layer(std::string name) {
    LayerTime l;
    l.name = std::move(name);
    return l;
}

Transfers moved(double ms, std::int64_t bytes, std::int64_t runs) {
    Transfers t;
    t.ms = ms;
    t.add(bytes, runs);
    return t;
}

}  // namespace

TEST_CASE("the ideal time is that of the arithmetic or of the bytes, whichever is longer") {
    // 1,000,000 at 100 per ns take 10 us; fp32 takes four passes.
    CHECK(ideal_time(chip(), DType::fp16, 1, {1'000'000, Bytes{1000}}) == microseconds(10));
    CHECK(ideal_time(chip(), DType::fp32, 1, {1'000'000, Bytes{1000}}) == microseconds(40));
    // 400,000 bytes at 20 GB/s take 20 us.
    CHECK(ideal_time(chip(), DType::fp16, 1, {1'000'000, Bytes{400'000}}) == microseconds(20));
    CHECK(ideal_time(chip(), DType::fp16, 1, {}) == Duration{});
}

TEST_CASE("the bytes go at the ceiling of a core, or at its share of all channels where that is less") {
    CHECK(ideal_time(chip(), DType::fp16, 2, {0, Bytes{400'000}}) ==
          microseconds(20));  // 40 over 2: the ceiling itself
    CHECK(ideal_time(chip(), DType::fp16, 4, {0, Bytes{400'000}}) == microseconds(40));  // 40 over 4 is 10 GB/s
}

TEST_CASE("why an inference is slow: causes by their time, each with its layers") {
    std::vector<LayerTime> layers{layer("scale"), layer("depthwise"), layer("conv")};
    layers[0].fetches = moved(6.0, 2000, 1000);  // two bytes at a time
    layers[1].pe_ms = 2.0;
    layers[1].true_weight_bytes = 100;
    layers[1].stored_weight_bytes = 9600;
    layers[1].weights = moved(1.0, 9600, 10);
    layers[2].pe_ms = 0.5;
    layers[2].array_use = 0.9;
    CHECK(why_slow(causes_of_time(layers), 10, {}) ==
          "fetched element by element, 60 % of the time: scale 6 ms; weights padded with zeros, 30 % of the time: "
          "depthwise 3 ms");
    CHECK(why_slow(causes_of_time({}), 10, {}).empty());
}

TEST_CASE("the same transfers have another cause where their runs are long or their bytes are many") {
    const auto cause = [](const LayerTime& l) {
        const std::string text = why_slow(causes_of_time({l}), 1, {});
        return text.substr(0, text.find(','));
    };
    LayerTime l = layer("x");
    l.stores = moved(1.0, 64'000, 1000);
    CHECK(cause(l) == "relayout through DRAM");
    l.stores = moved(1.0, 4000, 1000);
    CHECK(cause(l) == "stored element by element");
    l = layer("x");
    l.constants = moved(1.0, 2000, 1000);
    CHECK(cause(l) == "fetched element by element");
    l.constants = moved(1.0, 2000, 1);
    CHECK(cause(l) == "constants read");
    l.constants.add(10, 5);  // most of the runs, and so of the time, are single elements
    CHECK(cause(l) == "fetched element by element");
    l = layer("x");
    l.true_weight_bytes = l.stored_weight_bytes = 100;
    l.weights = moved(1.0, 100, 1);
    CHECK(cause(l) == "weights read");
    l.weights = moved(1.0, 400, 4);
    CHECK(cause(l) == "weights read more than once");
    l = layer("x");
    l.pe_ms = 1;
    l.array_use = 0.01;
    CHECK(cause(l) == "array used to less than a quarter");
    l.array_use = 0.5;
    CHECK(cause(l) == "work of the array");
}

TEST_CASE("layers beyond three of a cause are counted, and a slow host is told besides") {
    std::vector<LayerTime> layers;
    for (int i = 0; i < 5; ++i) {
        layers.push_back(layer("l" + std::to_string(i)));
        layers.back().pool_ms = i + 1;
    }
    CHECK(
        why_slow(causes_of_time(layers), 20, 30.0) ==
        "work of the POOL engine, 75 % of the time: l4 5 ms, l3 4 ms, l2 3 ms and 2 more; besides, 30 ms on the host");
    CHECK(why_slow(causes_of_time(layers), 20, 3.0).find("host") == std::string::npos);
}
