#include <catch2/catch.hpp>

#include "analysis/energy.hpp"

using namespace infsim;
using namespace infsim::analysis;

namespace {

/// Two items per inference, a million multiply-accumulates each; a thousand items a second.
record::RunRecord ran() {
    record::RunRecord r;
    r.status = record::Status::ok;
    r.dtype = "fp16";
    r.batch_size = 2;
    r.throughput_avg = 1000;
    r.macs_per_inference = 1'000'000;
    r.sb_access_bytes = 4'000'000;
    r.psum_access_bytes = 2'000'000;
    r.dram_weight_bytes = 100'000;
    r.dram_host_bytes = 20'000;
    r.spill_save_bytes = 50'000;
    r.relayout_read_bytes = 30'000;
    return r;
}

/// Each end twice the other, so that low and high tell themselves apart.
hw::EnergySpec spec() {
    hw::EnergySpec s;
    s.mac_fp16 = {1, 2};
    s.mac_bf16 = {3, 6};
    s.mac_fp32 = {5, 10};
    s.state_buffer = {1, 2};
    s.psum = {0.5, 1};
    s.dram = {100, 200};
    s.host_link = {10, 20};
    s.static_power = {2, 4};
    return s;
}

}  // namespace

TEST_CASE("energy of an item is counts times energy per count, by part and in all") {
    record::RunRecord r = ran();
    fill_energy(r, spec());
    CHECK(*r.energy_mac_mj_per_item_low == Approx(1e-3));           // 1e6 x 1 pJ
    CHECK(*r.energy_sram_mj_per_item_low == Approx(2.5e-3));        // 2e6 x 1 pJ + 1e6 x 0.5 pJ
    CHECK(*r.energy_dram_mj_per_item_low == Approx(100e3 * 1e-7));  // (100 + 20 + 50 + 30) kB / 2 x 100 pJ
    CHECK(*r.energy_host_mj_per_item_low == Approx(1e-4));          // 10 kB x 10 pJ
    CHECK(*r.energy_static_mj_per_item_low == Approx(2));           // 2 W over a millisecond
    CHECK(*r.energy_mj_per_item_low == Approx(2 + 1e-2 + 2.5e-3 + 1e-3 + 1e-4));
    CHECK(*r.energy_mj_per_item_high == Approx(2 * *r.energy_mj_per_item_low));
    CHECK(r.energy_missing.empty());
}

TEST_CASE("multiply-accumulates cost what their type costs") {
    record::RunRecord r = ran();
    r.dtype = "bf16";
    fill_energy(r, spec());
    CHECK(*r.energy_mac_mj_per_item_high == Approx(6e-3));
    r.dtype = "fp32";
    fill_energy(r, spec());
    CHECK(*r.energy_mac_mj_per_item_high == Approx(10e-3));
}

TEST_CASE("what is unknown is empty and named, never 0") {
    record::RunRecord r = ran();
    hw::EnergySpec partly = spec();
    partly.psum.reset();
    partly.static_power.reset();
    fill_energy(r, partly);
    CHECK_FALSE(r.energy_sram_mj_per_item_low);
    CHECK_FALSE(r.energy_static_mj_per_item_high);
    CHECK_FALSE(r.energy_mj_per_item_low);
    CHECK_FALSE(r.energy_mj_per_item_high);
    CHECK(*r.energy_dram_mj_per_item_low > 0);
    CHECK(r.energy_missing == "energy.psum energy.static_power");
    r.dtype = "fp32";
    partly.mac_fp32.reset();
    fill_energy(r, partly);
    CHECK(r.energy_missing == "energy.mac_fp32 energy.psum energy.static_power");
    fill_energy(r, {});
    CHECK(r.energy_missing == "energy");
    CHECK_FALSE(r.energy_dram_mj_per_item_low);
}

TEST_CASE("a record that did not run has no energy and lacks none") {
    record::RunRecord r;
    r.status = record::Status::infeasible;
    fill_energy(r, spec());
    CHECK_FALSE(r.energy_mj_per_item_low);
    CHECK(r.energy_missing.empty());
}
