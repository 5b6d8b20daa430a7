#include <catch2/catch.hpp>

#include <functional>

#include "base/text.hpp"
#include "hw/load.hpp"
#include "support/source_folder.hpp"

using namespace infsim;

namespace {
const std::string folder = source_folder();
const std::string chip_path = folder + "/configs/chips/inferentia1.json";

json::Document parsed(const std::string& path) {
    Problems problems;
    auto document = json::parse_file(path, problems);
    problems.throw_if_any();
    return *document;
}

json::Value& at(json::Value& root, const std::string& pointer) {
    json::Value* place = &root;
    for (const std::string& key : split(pointer.substr(1), '/')) {
        json::Value* const next = place->as_object().find(key);
        if (next == nullptr) place->as_object().set(key, json::Value());
        place = place->as_object().find(key);
    }
    return *place;
}

/// The reader's report on a document, without the file's name; "" if it is accepted.
std::string report(json::Document document) {
    document.file = "";
    Problems problems;
    const auto chip = hw::read_chip(std::move(document), {}, problems);
    CHECK(chip.has_value() == problems.empty());
    return problems.empty() ? "" : InputError(problems.list()).what();
}

json::Object without(const json::Object& object, const std::string& key) {
    json::Object rest;
    for (const json::Member& member : object)
        if (member.first != key) rest.set(member.first, member.second);
    return rest;
}
}  // namespace

TEST_CASE("The committed chip is what is publicly known of Inferentia") {
    Problems problems;
    const auto chip = hw::load_chip(chip_path, {}, problems);
    problems.throw_if_any();
    const hw::ChipSpec& spec = chip->spec;
    CHECK(spec.name == "inferentia1");
    CHECK(spec.cores == 4);
    CHECK(spec.pe.rows == 128);
    CHECK(spec.pe.columns == 64);
    CHECK(spec.pe.clock == Frequency{976'562'500});
    CHECK(spec.state_buffer.partition_bytes == Bytes{98'304});
    CHECK(spec.psum.bank_bytes * spec.psum.banks == Bytes{16'384});
    CHECK(spec.dram.channel_bandwidth * spec.dram.channels == Bandwidth{51'200'000'000});
    CHECK(spec.dma.start_latency == nanoseconds(1300));
    CHECK(spec.sync.max_queues == 32);
}

TEST_CASE("Every number of the committed chip has its provenance") {
    Problems problems;
    const auto chip = hw::load_chip(chip_path, {}, problems);
    problems.throw_if_any();
    std::vector<std::string> paths;
    std::function<void(const json::Value&, const std::string&)> collect = [&](const json::Value& value,
                                                                              const std::string& path) {
        if (!value.is_object()) return;
        if (value.as_object().find("value") || value.as_object().find("low")) return paths.push_back(path);
        for (const json::Member& member : value.as_object())
            collect(member.second, path.empty() ? member.first : path + "." + member.first);
    };
    collect(parsed(chip_path).root, "");
    REQUIRE(chip->provenance.size() == paths.size());
    CHECK(paths.size() > 40);
    for (std::size_t i = 0; i < paths.size(); ++i) {
        CHECK(chip->provenance[i].path == paths[i]);
        CHECK_FALSE(chip->provenance[i].source.empty());
    }
    CHECK(chip->provenance[0].value == "4");
    CHECK(chip->provenance[1].value == "976.5625MHz");
    CHECK(chip->provenance[1].grade == "INF");
}

TEST_CASE("Chips that cannot be are refused, each problem with its place") {
    const json::Document base = parsed(chip_path);
    const json::Document variants = parsed(folder + "/tests/unit/hw/chip_variants.json");
    for (const json::Value& entry : variants.root.as_array()) {
        const json::Object& variant = entry.as_object();
        CAPTURE(variant.find("name")->as_string());
        json::Document document = base;
        for (const json::Member& change : variant.find("set")->as_object())
            at(document.root, change.first) = change.second;
        const std::string problems = report(document);
        CHECK(problems.empty() == variant.find("reader")->as_bool());
        const json::Value* says = variant.find("says");
        CHECK((says != nullptr) != problems.empty());
        if (!says) continue;
        CHECK(split(problems, '\n').size() == says->as_array().size());
        for (const json::Value& text : says->as_array()) CHECK_THAT(problems, Catch::Contains(text.as_string()));
    }
}

TEST_CASE("Any missing and any unknown key of a chip file is refused") {
    const json::Document base = parsed(chip_path);
    int edits = 0;
    std::function<void(const std::string&, const json::Object&)> visit = [&](const std::string& pointer,
                                                                             const json::Object& object) {
        for (const json::Member& member : object) {
            const std::string place = json::pointer_to(pointer, member.first);
            CAPTURE(place);
            json::Document removed = base, added = base;
            auto& shrunk = pointer.empty() ? removed.root : at(removed.root, pointer);
            shrunk = without(object, member.first);
            const std::string where = pointer.empty() ? "/" : pointer;
            const bool has_default = place == "/host/element_time" || place == "/energy" || pointer == "/energy";
            if (has_default) CHECK(report(removed).empty());
            else CHECK_THAT(report(removed), Catch::Contains(where + ": key '" + member.first + "' is missing"));
            auto& grown = pointer.empty() ? added.root : at(added.root, pointer);
            grown.as_object().set(member.first + "_", 1);
            CHECK_THAT(report(added),
                       Catch::StartsWith(place + "_: unknown key '" + member.first + "_'; did you mean"));
            edits += 2;
            if (member.second.is_object()) visit(place, member.second.as_object());
        }
    };
    visit("", base.root.as_object());
    CHECK(edits > 300);
}

TEST_CASE("A chip file that is not there or broken gives its problems and no chip") {
    Problems problems;
    CHECK_FALSE(hw::load_chip("no/such/chip.json", {}, problems));
    CHECK(problems.list().size() == 1);
    Problems wrong_kind;
    CHECK_FALSE(hw::read_chip({"x.json", json::Array{}}, {}, wrong_kind));
    REQUIRE(wrong_kind.list().size() == 1);
    CHECK(to_text(wrong_kind.list()[0]) == "x.json: /: must be an object, and is an array");
}

TEST_CASE("the time of an element on the host may be left out, and is no part of a chip's identity") {
    Problems problems;
    auto document = json::parse_file(source_folder("/configs/chips/inferentia1.json"), problems);
    REQUIRE(document);
    json::Object host;
    for (const auto& [key, value] : document->root.as_object().find("host")->as_object())
        if (key != "element_time") host.set(key, value);
    json::Document without = *document;
    without.root.as_object().set("host", host);
    const auto said = hw::read_chip(*document, {}, problems), left_out = hw::read_chip(without, {}, problems);
    REQUIRE(said);
    REQUIRE(left_out);
    CHECK(said->spec.host.element_time == picoseconds(5000));
    CHECK(left_out->spec.host.element_time == picoseconds(5000));
    const auto set = hw::read_chip(without, {{"host.element_time", "8ns", "", "--set"}}, problems);
    REQUIRE(set);
    CHECK(set->spec.host.element_time == picoseconds(8000));
    CHECK(json::dump_canonical(hw::canonical_json(set->spec)) == json::dump_canonical(hw::canonical_json(said->spec)));
}
