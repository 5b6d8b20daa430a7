#include <catch2/catch.hpp>

#include "hw/load.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

using namespace infsim;

namespace {
const std::string chip_path = source_folder("/configs/chips/inferentia1.json");

json::Document committed() {
    Problems problems;
    auto document = json::parse_file(chip_path, problems);
    problems.throw_if_any();
    document->file = "chip.json";
    return *document;
}

json::Value graded(const char* value) {
    return json::Object{{"value", value}, {"grade", "UNK"}, {"source", "a what-if"}};
}

/// The committed chip with one member of a section renamed and given another value.
json::Document stating(const std::string& section, const std::string& old_key, const std::string& key,
                       const char* value) {
    json::Document document = committed();
    json::Object members;
    for (const json::Member& m : document.root.as_object().find(section)->as_object())
        if (m.first == old_key) members.set(key, graded(value));
        else members.set(m.first, m.second);
    document.root.as_object().set(section, members);
    return document;
}

hw::ChipFile chip(json::Document document, const std::vector<hw::Override>& overrides = {}) {
    Problems problems;
    auto file = hw::read_chip(std::move(document), overrides, problems);
    problems.throw_if_any();
    return *file;
}

std::string refusal(json::Document document, const std::vector<hw::Override>& overrides = {}) {
    Problems problems;
    CHECK_FALSE(hw::read_chip(std::move(document), overrides, problems));
    return InputError(problems.list()).what();
}

std::string identity(const hw::ChipFile& file) { return json::dump_canonical(hw::canonical_json(file.spec)); }

json::Document sb_total(const char* value) { return stating("state_buffer", "partition_bytes", "bytes", value); }
json::Document dram_total(const char* value) { return stating("dram", "channel_bandwidth", "bandwidth", value); }
}  // namespace

TEST_CASE("A file may state totals, which make the same chip") {
    const std::string base = identity(chip(committed()));
    CHECK(identity(chip(sb_total("12MiB"))) == base);
    CHECK(identity(chip(dram_total("51.2GB/s"))) == base);
    CHECK(base.find("\"bytes\"") == std::string::npos);
    const auto file = chip(sb_total("16MiB"));
    CHECK(file.spec.state_buffer.partition_bytes == Bytes{131'072});
    bool found = false;
    for (const hw::Provenance& p : file.provenance)
        if (p.path == "state_buffer.bytes") {
            found = true;
            CHECK(p.value == "16MiB");
            CHECK(p.source == "a what-if");
        }
    CHECK(found);
}

TEST_CASE("An override in one form wins over what the file says in the other") {
    const hw::Override total{"state_buffer.bytes", "16MiB", "", "--set"};
    const hw::Override part{"state_buffer.partition_bytes", "64KiB", "", "--set"};
    CHECK(chip(committed(), {total}).spec.state_buffer.partition_bytes == Bytes{131'072});
    CHECK(chip(sb_total("12MiB"), {part}).spec.state_buffer.partition_bytes == Bytes{65'536});
    CHECK(chip(sb_total("12MiB"), {total}).spec.state_buffer.partition_bytes == Bytes{131'072});
    CHECK(chip(committed(), {{"dram.bandwidth", "75GB/s", "", ""}}).spec.dram.channel_bandwidth ==
          Bandwidth{37'500'000'000});
    CHECK(chip(dram_total("51.2GB/s"), {{"dram.channel_bandwidth", "10GB/s", "", ""}}).spec.dram.channel_bandwidth ==
          Bandwidth{10'000'000'000});
    for (const hw::Provenance& p : chip(committed(), {total}).provenance)
        if (p.path == "state_buffer.bytes") CHECK(p.grade == "override");
}

TEST_CASE("A total is shared among the parts that overrides make, in any order") {
    const hw::Override channels{"dram.channels", 4, "", "--set"}, total{"dram.bandwidth", "80GB/s", "", "--set"};
    for (const auto& both : {std::vector{channels, total}, std::vector{total, channels}}) {
        const auto file = chip(committed(), both);
        CHECK(file.spec.dram.channels == 4);
        CHECK(file.spec.dram.channel_bandwidth == Bandwidth{20'000'000'000});
    }
    CHECK(chip(dram_total("80GB/s"), {channels}).spec.dram.channel_bandwidth == Bandwidth{20'000'000'000});
    // Without a total, each channel stays what it is.
    CHECK(chip(committed(), {channels}).spec.dram.channel_bandwidth == Bandwidth{25'600'000'000});
    const auto narrow = chip(
        committed(),
        {{"pe.rows", 64, "", ""}, {"state_buffer.partitions", 64, "", ""}, {"state_buffer.bytes", "16MiB", "", ""}});
    CHECK(narrow.spec.state_buffer.partition_bytes == Bytes{262'144});
}

TEST_CASE("Totals that cannot be are one problem each, where they are stated") {
    CHECK(refusal(committed(), {{"state_buffer.bytes", "1000001B", "s.json", "/axes/0/values/1"}}) ==
          "s.json: /axes/0/values/1: state_buffer.bytes: is 1000001B, which does not divide evenly among 128 "
          "partitions; 999936B or 1000064B would");
    CHECK(refusal(dram_total("50GB/s"), {{"dram.channels", 3, "", "--set"}}) ==
          "chip.json: /dram/bandwidth: is 50GB/s, which does not divide evenly among 3 channels; 49999999998B/s or "
          "50000000001B/s would");
    CHECK(refusal(sb_total("64KiB")) ==
          "chip.json: /state_buffer/bytes/value: must be from 128KiB to 2GiB, and is "
          "64KiB");
    CHECK(refusal(sb_total("many")).rfind("chip.json: /state_buffer/bytes/value: 'many' is not", 0) == 0);
    CHECK(refusal(sb_total("12MiB"), {{"state_buffer.partitions", 0, "", "--set"}}) ==
          "--set: state_buffer.partitions: must be from 8 to 512, and is 0");
}

TEST_CASE("Both forms at once are refused") {
    json::Document both = committed();
    both.root.as_object().find("state_buffer")->as_object().set("bytes", graded("12MiB"));
    CHECK(refusal(both) ==
          "chip.json: /state_buffer/bytes: is also stated by 'partition_bytes'; state only one of the two");
    CHECK(refusal(committed(),
                  {{"dram.bandwidth", "80GB/s", "", "--set a"}, {"dram.channel_bandwidth", "40GB/s", "", "--set b"}}) ==
          "--set a: 'dram.bandwidth' and 'dram.channel_bandwidth' set the same number; leave out one of the two");
}

TEST_CASE("A misspelt total is suggested") {
    CHECK(refusal(committed(), {{"dram.bandwith", "80GB/s", "", "--set"}}) ==
          "--set: 'dram.bandwith' is no key of a chip: there is no 'bandwith'; did you mean 'bandwidth'?");
}

TEST_CASE("What a variant says wins over its base in either form") {
    const test::TempFolder folder;
    const auto written = [&](const std::string& name, const std::string& text) {
        Problems problems;
        auto file = hw::load_chip(folder.write(name, text), {}, problems);
        problems.throw_if_any();
        return *file;
    };
    const std::string origin = R"(, "grade": "UNK", "source": "a what-if"})";
    const auto total = written("total.json", R"({"base": ")" + chip_path + R"(", "name": "inferentia1",
        "state_buffer": {"bytes": {"value": "16MiB")" +
                                                 origin + "}}");
    CHECK(total.spec.state_buffer.partition_bytes == Bytes{131'072});
    folder.write("base.json", json::dump(dram_total("80GB/s").root));
    const auto part = written("part.json", R"({"base": "base.json", "name": "v",
        "dram": {"channel_bandwidth": {"value": "10GB/s")" +
                                               origin + "}}");
    CHECK(part.spec.dram.channel_bandwidth == Bandwidth{10'000'000'000});
    CHECK_THROWS_WITH(written("both.json", R"({"base": "base.json", "name": "v", "dram": {
        "channel_bandwidth": {"value": "10GB/s")" +
                                               origin + R"(, "bandwidth": {"value": "20GB/s")" + origin + "}}"),
                      Catch::Contains("both.json: /dram/bandwidth: is also stated by 'channel_bandwidth'"));
}
