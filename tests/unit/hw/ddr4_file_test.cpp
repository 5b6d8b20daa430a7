#include <catch2/catch.hpp>

#include <filesystem>

#include "base/text.hpp"
#include "hw/derived.hpp"
#include "hw/load.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

using namespace infsim;

namespace {

const std::string folder = source_folder("/configs/chips/");

hw::ChipSpec ddr4_chip(const std::vector<hw::Override>& overrides = {}) {
    Problems problems;
    const auto chip = hw::load_chip(folder + "inferentia1-ddr4.json", overrides, problems);
    problems.throw_if_any();
    return chip->spec;
}

std::string refusal(const std::string& key, const json::Value& value) {
    Problems problems;
    const auto chip = hw::load_chip(folder + "inferentia1-ddr4.json", {{"dram." + key, value, "", "--set"}}, problems);
    return chip ? "" : InputError(problems.list()).what();
}

/// A file in a folder of its own beside a copy of the default chip.
class Variant {
public:
    explicit Variant(const std::string& text) {
        std::filesystem::copy_file(folder + "inferentia1.json", folder_.file("inferentia1.json"));
        folder_.write("variant.json", text);
    }
    std::string report() const {
        Problems problems;
        hw::load_chip(folder_.file("variant.json"), {}, problems);
        std::string text = problems.empty() ? "" : InputError(problems.list()).what();
        const std::string prefix = folder_.path().string() + "/";
        for (std::size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
        return text;
    }

private:
    test::TempFolder folder_;
};

}  // namespace

TEST_CASE("The DDR4 chip is the default one with another DRAM") {
    Problems problems;
    hw::ChipSpec plain = hw::load_chip(folder + "inferentia1.json", {}, problems)->spec, chip = ddr4_chip();
    const auto& d = std::get<hw::Ddr4Dram>(chip.dram.model);
    CHECK(chip.name == "inferentia1-ddr4");
    CHECK(hw::column_bytes(d) == Bytes{64});
    CHECK(d.t_ras == Cycles{52});
    CHECK(d.t_rfc == nanoseconds(260));
    CHECK(hw::sustained_channel_bandwidth(chip) == Bandwidth{24'746'666'667});  // 25.6 GB/s less refreshes
    using Kind = hw::AddressField::Kind;
    std::vector<std::pair<Kind, int>> map;
    for (const auto& field : d.address_map) map.emplace_back(field.kind, field.bits);
    CHECK(map == std::vector<std::pair<Kind, int>>{
                     {Kind::bank_group, 2}, {Kind::column, 7}, {Kind::bank, 2}, {Kind::row, 15}});
    plain.name = chip.name;
    plain.dram.model = chip.dram.model;
    plain.dram.latency = chip.dram.latency;
    plain.dram.burst = chip.dram.burst;
    CHECK(json::dump_canonical(hw::canonical_json(plain)) == json::dump_canonical(hw::canonical_json(chip)));
}

TEST_CASE("An address map names its fields from the top, parts with their bits") {
    const auto chip =
        ddr4_chip({{"dram.model.address_map", "bank_group:1 row bank column bank_group column:2", "", ""}});
    const auto& map = std::get<hw::Ddr4Dram>(chip.dram.model).address_map;
    std::vector<int> bits;
    for (const auto& field : map) bits.push_back(field.bits);
    CHECK(bits == std::vector<int>{2, 1, 5, 2, 15, 1});
}

TEST_CASE("A DDR4 channel that cannot be is refused") {
    const std::pair<const char*, std::pair<json::Value, const char*>> cases[] = {
        {"model.address_map", {"row bank column", "0 bits of bank_group"}},
        {"model.address_map", {"row rank bank column bank_group", "'rank' is not a field"}},
        {"model.address_map", {"row bank column:x bank_group", "the bits must be from 1 to 40"}},
        {"model.address_map", {"row bank column:9 bank_group", "9 bits of column"}},
        {"model.bank_groups", {3, "must be a power of two, and is 3"}},
        {"model.banks_per_group", {8, "makes 32 banks"}},
        {"model.row_bytes", {"32B", "must be from 64B"}},
        {"model.clock", {"1333MHz", "gives 21328000000 bytes/s"}},
        {"model.clock", {"99999GHz", "must be from 100MHz to 10GHz"}},
        {"model.t_ccd_l", {"3cycles", "is less than t_ccd_s"}},
        {"model.t_ccd_s", {"3cycles", "is less than the 4 cycles"}},
        {"model.t_refi", {"500ns", "must be at least twice t_rfc"}},
        {"model.t_rfc", {"0ns", "must be from"}},
        {"model.t_faw", {"20000cycles", "must be from 0cycles to 1000cycles"}},
        {"capacity", {"6GiB", "which is not a power of two"}},
        {"channel_bandwidth", {"0GB/s", "must be from"}},
        {"channel_bandwidth", {"25GB/s", "but dram.channel_bandwidth is 25000000000"}},
        {"model.efficiency", {0.8, "there is no 'efficiency'"}},
    };
    for (const auto& [key, expected] : cases) {
        const std::string text = refusal(key, expected.first);
        INFO(key << ": " << text);
        CHECK(text.find(expected.second) != std::string::npos);
    }
    // A row of one column is an extreme, not an error.
    CHECK(std::get<hw::Ddr4Dram>(ddr4_chip({{"dram.model.row_bytes", "64B", "", ""}}).dram.model).address_map.size() ==
          3);
}

TEST_CASE("Every number of the DDR4 model counts in the canonical form") {
    Problems problems;
    const auto chip = hw::load_chip(folder + "inferentia1-ddr4.json", {}, problems);
    const std::string base = json::dump_canonical(hw::canonical_json(chip->spec));
    int numbers = 0;
    for (const hw::Provenance& number : chip->provenance) {
        if (number.path.rfind("dram.model.", 0) != 0) continue;
        ++numbers;
        CAPTURE(number.path);
        hw::ChipSpec other = chip->spec;
        auto& d = std::get<hw::Ddr4Dram>(other.dram.model);
        const std::string key = number.path.substr(11);
        if (key == "clock") d.clock = Frequency{1};
        else if (key == "bus_bits") d.bus_bits = 32;
        else if (key == "bank_groups") d.bank_groups = 2;
        else if (key == "banks_per_group") d.banks_per_group = 2;
        else if (key == "row_bytes") d.row_bytes = Bytes{4096};
        else if (key == "address_map") std::swap(d.address_map[0], d.address_map[1]);
        else {
            const bool shorter = key.size() > 2 && key.compare(key.size() - 2, 2, "_s") == 0 && key != "t_ras";
            other = ddr4_chip({{number.path,
                                key == "t_refi"  ? "9us"
                                : key == "t_rfc" ? "350ns"
                                : shorter        ? "5cycles"
                                                 : "61cycles",
                                "", ""}});
        }
        CHECK(json::dump_canonical(hw::canonical_json(other)) != base);
    }
    CHECK(numbers == 22);
}

TEST_CASE("Problems of a variant are located in the file that has them") {
    CHECK(
        Variant(R"({"base": "inferentia1.json", "name": "v", "cores": {"value": 2, "grade": "INF", "source": "half"}})")
            .report()
            .empty());
    const auto says = [](const std::string& variant, const std::string& part) {
        const std::string text = Variant(variant).report();
        INFO(text);
        CHECK(text.find(part) != std::string::npos);
    };
    says(R"({"base": "inferentia1.json", "dram": {"burst": {"value": "1", "grade": "INF", "source": "x"}}})",
         "variant.json: /dram/burst/value: '1' is not");
    says(R"({"base": "inferentia1.json", "dram": {"bursts": 1}})", "variant.json: /dram/bursts: unknown key 'bursts'");
    says(R"({"base": "inferentia1.json", "drams": {}})", "unknown key 'drams'");
    says(R"({"base": "inferentia1.json", "pe": 3})", "variant.json: /pe: must be an object");
    says(R"({"base": "variant.json"})", "variant.json: /base: 'variant.json' is not a complete chip file");
    says(R"({"base": "nosuch.json"})", "nosuch.json");
    says(R"({"base": 3})", "variant.json: /base: must be text that names a chip file");
}
