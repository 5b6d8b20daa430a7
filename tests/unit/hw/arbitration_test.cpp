#include <catch2/catch.hpp>

#include "hw/load.hpp"
#include "support/source_folder.hpp"

using namespace infsim;

namespace {

std::optional<hw::ChipFile> load(const std::string& chip, const json::Value& arbitration, Problems& problems) {
    return hw::load_chip(source_folder("/configs/chips/") + chip + ".json",
                         {{"dram.arbitration", arbitration, "", "--set"}}, problems);
}

std::string refusal(const std::string& chip, const json::Value& arbitration) {
    Problems problems;
    return load(chip, arbitration, problems) ? "" : InputError(problems.list()).what();
}

}  // namespace

TEST_CASE("A chip file that does not say how DRAM is arbitrated means exact, and its identity does not say it either") {
    Problems problems;
    const auto chip = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), {}, problems);
    REQUIRE(chip);
    CHECK(chip->spec.dram.arbitration == hw::Arbitration::exact);
    const auto said = load("inferentia1", "exact", problems);
    REQUIRE(said);
    const json::Value identity = hw::canonical_json(said->spec);
    CHECK(json::dump(identity, 0) == json::dump(hw::canonical_json(chip->spec), 0));
    CHECK(identity.as_object().find("dram")->as_object().find("arbitration") == nullptr);
}

TEST_CASE("An override chooses the fluid arbiter, and the identity says so") {
    Problems problems;
    const auto chip = load("inferentia1", "fluid", problems);
    REQUIRE(chip);
    CHECK(chip->spec.dram.arbitration == hw::Arbitration::fluid);
    const json::Value identity = hw::canonical_json(chip->spec);
    CHECK(identity.as_object().find("dram")->as_object().find("arbitration")->as_string() == "fluid");
}

TEST_CASE("The DDR4 model goes with the exact arbiter only") {
    CHECK(refusal("inferentia1-ddr4", "exact").empty());
    CHECK_THAT(refusal("inferentia1-ddr4", "fluid"),
               Catch::Contains("dram.arbitration: is fluid") && Catch::Contains("use exact with ddr4"));
}

TEST_CASE("An arbitration that does not exist is refused") {
    CHECK_THAT(refusal("inferentia1", "fluidd"), Catch::Contains("dram.arbitration") && Catch::Contains("fluid"));
    CHECK_FALSE(refusal("inferentia1", 1).empty());
}
