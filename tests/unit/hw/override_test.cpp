#include <catch2/catch.hpp>

#include "support/inferentia1.hpp"

using namespace infsim;

namespace {
const auto with = test::inferentia1;
const auto refusal = test::inferentia1_refusal;

const hw::Provenance& origin(const hw::ChipFile& chip, const std::string& path) {
    for (const hw::Provenance& p : chip.provenance)
        if (p.path == path) return p;
    throw std::out_of_range(path);
}
}  // namespace

TEST_CASE("An override replaces a number and its provenance") {
    const auto chip = with({{"state_buffer.partition_bytes", "128KiB", "", "--set"},
                            {"cores", 2, "sweep.json", "/axes/0/values/1"},
                            {"dram.model.efficiency", 0.5, "", "--set"}});
    CHECK(chip.spec.state_buffer.partition_bytes == Bytes{131'072});
    CHECK(chip.spec.cores == 2);
    CHECK(std::get<hw::BandwidthDram>(chip.spec.dram.model).efficiency == 0.5);
    CHECK(origin(chip, "state_buffer.partition_bytes").value == "128KiB");
    CHECK(origin(chip, "state_buffer.partition_bytes").grade == "override");
    CHECK(origin(chip, "state_buffer.partition_bytes").source == "--set");
    CHECK(origin(chip, "cores").source == "sweep.json: /axes/0/values/1");
    CHECK(origin(chip, "pe.rows").grade == "LOG, INF");
}

TEST_CASE("An override may bring its own grade and source") {
    const json::Object full{{"value", "64KiB"}, {"grade", "INF"}, {"source", "lower end of the evidence"}};
    const auto chip = with({{"state_buffer.partition_bytes", full, "", "--set"}});
    CHECK(chip.spec.state_buffer.partition_bytes == Bytes{65'536});
    CHECK(origin(chip, "state_buffer.partition_bytes").source == "lower end of the evidence");
}

TEST_CASE("The last override of a key wins, and the name can be set") {
    const auto chip = with({{"cores", 1, "", "a"}, {"cores", 3, "", "b"}, {"name", "what-if", "", "c"}});
    CHECK(chip.spec.cores == 3);
    CHECK(chip.spec.name == "what-if");
    CHECK(origin(chip, "cores").source == "b");
}

TEST_CASE("Overrides pass the checks of a file and are reported where they came from") {
    CHECK(refusal({{"state_buffer.partition_bytes", "1B", "s.json", "/axes/0/values/2"}}) ==
          "s.json: /axes/0/values/2: state_buffer.partition_bytes: must be from 1KiB to 16MiB, and is 1B");
    CHECK(refusal({{"psum.bank_bytes", "1KiB", "", "--set"}}) ==
          "--set: psum.bank_bytes: must hold the 512 fp32 results of one matmul (pe.max_moving), 2048 bytes");
    CHECK(refusal({{"pe.clock", "1furlong", "", "--set"}}).rfind("--set: pe.clock: '1furlong' is not a frequency", 0) ==
          0);
}

TEST_CASE("Paths that lead nowhere are located problems") {
    CHECK(refusal({{"state_bufer.partition_bytes", "1KiB", "", "--set"}}) ==
          "--set: 'state_bufer.partition_bytes' is no key of a chip: there is no 'state_bufer'; did you mean "
          "'state_buffer'?");
    CHECK(refusal({{"psum.bank", 4, "", "--set"}, {"pe", 3, "s.json", "/base"}}) ==
          "--set: 'psum.bank' is no key of a chip: there is no 'bank'; did you mean 'banks'?\n"
          "s.json: /base: 'pe' is a section, not a value; its keys are clock, rows, columns, max_moving, "
          "min_matmul, "
          "fp32_passes, stationary_load, stationary_load_unhidden, matmul_overhead, latency");
    CHECK(refusal({{"cores.value", 4, "", "--set"}}) ==
          "--set: 'cores.value' is no key of a chip: there is no 'value'");
    CHECK_FALSE(refusal({{"", 4, "", "--set"}}).empty());
}

TEST_CASE("Canonical JSON has base units and no sources, and every number counts") {
    const auto canonical = [](const std::vector<hw::Override>& overrides) {
        return json::dump_canonical(hw::canonical_json(with(overrides).spec));
    };
    const std::string base = canonical({});
    CHECK_THAT(base, Catch::Contains(R"("state_buffer":{"partition_bytes":98304,"partitions":128})"));
    CHECK_THAT(base, Catch::Contains(R"("model":{"efficiency":0.886,"kind":"bandwidth"})"));
    CHECK(base.find("source") == std::string::npos);
    CHECK(canonical({{"state_buffer.partition_bytes", "98304B", "", ""}}) == base);

    // A number that the canonical form forgot would give two different points one identity.
    for (const hw::Provenance& number : with({}).provenance) {
        CAPTURE(number.path, number.value);
        if (number.path.rfind("energy.", 0) == 0) continue;  // no time depends on it: energy_test.cpp
        if (number.path == "host.element_time") continue;    // counts with the network that has operators on the host
        const bool text = number.value.find_first_not_of("0123456789.") != std::string::npos;
        json::Value other;
        if (number.path == "dram.model.efficiency") other = 0.9;
        else if (number.path == "psum.partitions" || number.path == "psum.banks" || number.path == "pe.fp32_passes")
            other = std::stoi(number.value) + 1;
        else if (number.path == "sync.semaphores") other = 64;
        else if (number.path == "psum.bank_bytes") other = "4KiB";
        else if (number.path == "pe.stationary_load") other = "129cycles";
        else if (!text) other = number.path == "pe.rows" ? 64 : std::stoi(number.value) - 1;
        else if (number.value.find("cycles") != std::string::npos) other = "7cycles";
        else if (number.value.find("Hz") != std::string::npos) other = "1GHz";
        else if (number.value.find("/s") != std::string::npos) other = "3GB/s";
        else if (number.value.find('B') != std::string::npos) other = number.path == "dram.capacity" ? "4GiB" : "8KiB";
        else other = "9us";
        if (number.path == "state_buffer.partitions") {  // bounded by the rows from below and by 128 from above
            CHECK(canonical({{"pe.rows", 64, "", ""}, {number.path, 100, "", ""}}) !=
                  canonical({{"pe.rows", 64, "", ""}, {number.path, 101, "", ""}}));
            continue;
        }
        CHECK(canonical({{number.path, other, "", ""}}) != base);
    }
}

TEST_CASE("A complete document holds what the base says, what a variant says of it, and overrides over both") {
    Problems problems;
    const json::Object fitted{{"value", "20GB/s"}, {"grade", "UNK, fitted"}, {"source", "fitted to a"}};
    const auto document = hw::chip_document(source_folder("/configs/chips/inferentia1-ddr4.json"),
                                            {{"dma.core_bandwidth", fitted, "", "x"}}, problems);
    problems.throw_if_any();
    const json::Object& chip = document->root.as_object();
    CHECK(*chip.find("dma")->as_object().find("core_bandwidth") == json::Value(fitted));
    CHECK(chip.find("base") == nullptr);
    CHECK(chip.find("pe") != nullptr);
    CHECK(hw::read_chip(*document, {}, problems));
    CHECK(hw::chip_document(source_folder("/configs/chips/inferentia1.json"),
                            {{"dma.speed", "1GB/s", "free.json", "x"}}, problems));
    REQUIRE(problems.list().size() == 1);
    CHECK(problems.list()[0].what.find("'dma.speed' is no key of a chip") == 0);
}
