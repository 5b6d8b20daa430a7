#include <catch2/catch.hpp>

#include "hw/load.hpp"
#include "support/source_folder.hpp"

using namespace infsim;

namespace {
const std::string chip_path = source_folder("/configs/chips/inferentia1.json");

hw::ChipFile chip(const std::vector<hw::Override>& overrides = {}, const char* without = nullptr) {
    Problems problems;
    auto document = json::parse_file(chip_path, problems);
    problems.throw_if_any();
    if (without != nullptr) {
        json::Object rest;
        for (const json::Member& m : document->root.as_object())
            if (m.first != without) rest.set(m.first, m.second);
        document->root = rest;
    }
    auto file = hw::read_chip(*document, overrides, problems);
    problems.throw_if_any();
    return *file;
}
}  // namespace

TEST_CASE("Energies of the committed chip are ranges with a source") {
    const hw::ChipFile file = chip();
    const hw::EnergySpec& energy = file.energy;
    for (const auto* range : {&energy.mac_fp16, &energy.mac_bf16, &energy.mac_fp32, &energy.state_buffer, &energy.psum,
                              &energy.dram, &energy.host_link, &energy.static_power}) {
        REQUIRE(*range);
        CHECK((*range)->low > 0);
        CHECK((*range)->low < (*range)->high);
    }
    CHECK(energy.dram->low == 56);
    CHECK(energy.static_power->high == 20);
    CHECK(file.provenance.back().path == "energy.static_power");
    CHECK(file.provenance.back().value == "5W to 20W");
    CHECK(file.provenance.back().grade == "UNK");
}

TEST_CASE("A chip may say nothing of energy, which is unknown then") {
    const hw::EnergySpec energy = chip({}, "energy").energy;
    CHECK_FALSE(energy.dram);
    CHECK_FALSE(energy.static_power);
}

TEST_CASE("Energies can be overridden and are no part of a chip's identity") {
    const auto changed =
        chip({{"energy.static_power.low", "0W", "", "--set a"}, {"energy.static_power.high", "1.5 W", "", "--set a"}});
    CHECK(changed.energy.static_power->low == 0);
    CHECK(changed.energy.static_power->high == 1.5);
    CHECK(changed.provenance.back().grade == "override");
    CHECK(changed.provenance.back().source == "--set a");
    const auto identity = [](const hw::ChipFile& file) { return json::dump_canonical(hw::canonical_json(file.spec)); };
    CHECK(identity(changed) == identity(chip()));
    CHECK(identity(chip({}, "energy")) == identity(chip()));
}
