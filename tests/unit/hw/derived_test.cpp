#include <catch2/catch.hpp>

#include "hw/derived.hpp"
#include "hw/load.hpp"
#include "support/source_folder.hpp"

using namespace infsim;

TEST_CASE("Derived quantities of Inferentia are the published ones") {
    Problems problems;
    const auto chip = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), {}, problems);
    problems.throw_if_any();
    hw::ChipSpec spec = chip->spec;
    spec.dma.core_bandwidth = Bandwidth{21'400'000'000};
    spec.dram.model = hw::BandwidthDram{0.8};

    CHECK(hw::peak_flops(spec, DType::fp16) == 64e12);
    CHECK(hw::peak_flops(spec, DType::fp32) == 16e12);
    CHECK(hw::peak_macs_per_second(spec, DType::bf16) == 8e12);
    CHECK(hw::state_buffer_bytes(spec) == Bytes{12 * 1024 * 1024});
    CHECK(hw::psum_bytes(spec) == Bytes{1024 * 1024});
    CHECK(hw::psum_bank_elements(spec) == 512);
    CHECK(hw::peak_dram_bandwidth(spec) == Bandwidth{51'200'000'000});
    CHECK(hw::sustained_channel_bandwidth(spec) == Bandwidth{20'480'000'000});
    CHECK(hw::sustained_dram_bandwidth(spec) == Bandwidth{40'960'000'000});
    CHECK(hw::dram_region_bytes(spec) == Bytes{std::int64_t{1} << 30});
    CHECK(hw::roofline_ridge(spec, DType::fp16) == Approx(1562.5));
}

TEST_CASE("What one core can draw is its lowest ceiling") {
    hw::ChipSpec spec;
    spec.dma.engines_per_core = 3;
    spec.dma.engine_bandwidth = Bandwidth{10'000'000'000};
    spec.dma.core_bandwidth = Bandwidth{20'000'000'000};
    spec.dram.channels = 2;
    spec.dram.channel_bandwidth = Bandwidth{25'000'000'000};
    CHECK(hw::single_core_bandwidth(spec) == Bandwidth{20'000'000'000});
    spec.dma.engine_bandwidth = Bandwidth{5'000'000'000};
    CHECK(hw::single_core_bandwidth(spec) == Bandwidth{15'000'000'000});
    spec.dram.model = hw::BandwidthDram{0.25};
    CHECK(hw::single_core_bandwidth(spec) == Bandwidth{12'500'000'000});
}
