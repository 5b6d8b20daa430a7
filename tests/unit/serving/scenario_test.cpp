// Scenario files: what is read, what is refused and where.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "serving/scenario.hpp"
#include "serving/scenario_parts.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::serving;

namespace {

const std::string kFolder = source_folder("/tests/unit/serving/");

json::Document parsed(const std::string& name) {
    Problems problems;
    auto document = json::parse_file(kFolder + name, problems);
    problems.throw_if_any();
    return std::move(*document);
}

json::Object without(const json::Object& object, const std::string& key) {
    json::Object kept;
    for (const auto& [k, value] : object)
        if (k != key) kept.set(k, value);
    return kept;
}

void edit(json::Value& value, const std::vector<std::string>& steps, std::size_t at, const json::Value& next) {
    json::Object& object = value.as_object();
    if (at + 1 < steps.size()) edit(*object.find(steps[at]), steps, at + 1, next);
    else if (next.is_null()) value = without(object, steps[at]);
    else object.set(steps[at], next);
}

Problems problems_of_trace(const std::string& text, std::optional<std::int32_t> most = {}) {
    const std::string path = std::filesystem::temp_directory_path() / ("infsim-trace-" + std::to_string(::getpid()));
    std::ofstream(path) << text;
    Problems problems;
    read_trace(path, most, problems);
    std::filesystem::remove(path);
    return problems;
}

}  // namespace

TEST_CASE("every variant is read, or refused at its place") {
    const json::Document base = parsed("scenario_base.json");
    const json::Document variants = parsed("scenario_variants.json");
    CHECK(variants.root.as_array().size() > 40);
    for (const json::Value& variant : variants.root.as_array()) {
        const json::Object& v = variant.as_object();
        INFO(v.find("name")->as_string());
        json::Document document = base;
        for (const auto& [pointer, value] : v.find("set")->as_object())
            edit(document.root, split(pointer.substr(1), '/'), 0, value);
        Problems problems;
        const auto scenario = read_scenario(document, {}, problems);
        CHECK(scenario.has_value() == v.find("ok")->as_bool());
        if (v.find("ok")->as_bool()) continue;
        REQUIRE_FALSE(problems.empty());
        CHECK(problems.list().front().where == v.find("where")->as_string());
        CHECK(problems.list().front().file == document.file);
    }
}

TEST_CASE("an overridden value is reported at the place that set it") {
    Problems problems;
    CHECK_FALSE(read_scenario(parsed("scenario_base.json"),
                              {{"load.rate", 0, "sweep.json", "/axes/0/values/1"}, {"policy.nothing", 1, "", "--set"}},
                              problems));
    REQUIRE(problems.list().size() == 2);
    CHECK(problems.list()[0].where == "--set");
    CHECK(problems.list()[1].file == "sweep.json");
    CHECK(problems.list()[1].where == "/axes/0/values/1");
}

TEST_CASE("MLPerf's scenarios bring their rules") {
    json::Document document = parsed("scenario_base.json");
    document.root.as_object() = without(document.root.as_object(), "stop");
    Problems problems;
    const auto scenario = read_scenario(document,
                                        {{"load", json::Object{{"kind", "Server"}, {"rate", 7}}, "", ""},
                                         {"bound", json::Object{{"latency", "15ms"}}, "", ""}},
                                        problems);
    REQUIRE(scenario);
    CHECK(scenario->run.stop.both);
    CHECK(seconds(scenario->run.stop.duration) == 600);
    CHECK(std::get<Poisson>(scenario->run.load).rate == 7);

    const auto offline = read_scenario(
        document,
        {{"load", json::Object{{"kind", "Offline"}}, "", ""}, {"policy", json::Object{{"kind", "neuron"}}, "", ""}},
        problems);
    REQUIRE(offline);
    CHECK(offline->run.stop.requests == 1);
    CHECK(offline->run.sizes.items == std::vector<std::int32_t>{24'576});
    CHECK(offline->mlperf->grows);
    CHECK(seconds(offline->mlperf->duration) == 600);

    document.root.as_object() = without(document.root.as_object(), "bound");
    CHECK_FALSE(read_scenario(document, {{"load", json::Object{{"kind", "Server"}, {"rate", 7}}, "", ""}}, problems));
    CHECK(problems.list().back().what.find("MLPerf's Server") != std::string::npos);
}

TEST_CASE("traces are refused by line") {
    const auto first = [](const Problems& p) { return p.list().at(0).where + ": " + p.list().at(0).what; };
    CHECK(problems_of_trace("arrival_s,items\n0.5,1\n0.5,3\n1.25,2\n").empty());
    CHECK(first(problems_of_trace("arrival_s,items\n1,1\n0.9,1\n")).find("line 3: arrival_s must not be before") == 0);
    CHECK(first(problems_of_trace("arrival_s,items\n-1,1\n")).find("line 2: arrival_s must not be negative") == 0);
    CHECK(first(problems_of_trace("arrival_s,items\n1,0\n")).find("line 2: items must be") == 0);
    CHECK(first(problems_of_trace("arrival_s,items\n1\n")).find("line 2: must be two numbers") == 0);
    CHECK(first(problems_of_trace("arrival_s,items\nsoon,1\n")).find("line 2: arrival_s must be seconds") == 0);
    CHECK(first(problems_of_trace("arrival_s,items\n1,5\n", 4)).find("line 2: 5 items are more") == 0);
    CHECK(first(problems_of_trace("time,size\n1,1\n")).find("line 1: must be the header") == 0);
    CHECK(first(problems_of_trace("arrival_s,items\n")) == ": holds no request");
    CHECK_FALSE(problems_of_trace("").empty());
    std::string many = "arrival_s,items\n";
    for (int i = 0; i < 100; ++i) many += "x,1\n";
    CHECK(problems_of_trace(many).list().size() == 11);
}
