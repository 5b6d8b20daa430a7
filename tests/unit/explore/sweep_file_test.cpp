#include <catch2/catch.hpp>

#include "explore/asking.hpp"
#include "explore/open_batch.hpp"
#include "explore/sweep.hpp"
#include "explore/sweep_file.hpp"

using namespace infsim;
using namespace infsim::explore;

namespace {

std::optional<Sweep> read(const std::string& text, Problems& problems, const std::vector<flow::Setting>& set = {}) {
    const auto document = json::parse_text(text, "sweeps/s.json", problems);
    REQUIRE(document);
    return read_sweep(*document, set, problems);
}

std::vector<std::string> texts(const Problems& problems) {
    std::vector<std::string> all;
    for (const Problem& p : problems.list()) all.push_back(to_text(p));
    return all;
}

const char* const kTwoAxes = R"({
  "question": "?",
  "base": {"model": "net.json", "chip": "../chips/a.json", "workers": 2, "chip.pe.clock": "1GHz"},
  "axes": [{"key": "dtype", "values": ["fp16", "bf16"]}, {"key": "batch", "values": [1, 2, 4]}]
})";

}  // namespace

TEST_CASE("axes are crossed with the last one fastest") {
    Problems problems;
    const auto sweep = read(kTwoAxes, problems);
    REQUIRE(sweep);
    const auto points = expand(*sweep, problems);
    REQUIRE(points.size() == 6);
    CHECK(points[0].request.batch == 1);
    CHECK(points[2].request.batch == 4);
    CHECK(points[2].request.dtype == DType::fp16);
    CHECK(points[3].request.batch == 1);
    CHECK(points[3].request.dtype == DType::bf16);
    CHECK(points[5].axis_values == std::vector<std::string>{"bf16", "4"});
    CHECK(problems.empty());
}

TEST_CASE("zipped axes take their values together, ranges are values like others") {
    Problems problems;
    const auto sweep = read(R"({"question": "?", "base": {"model": "m.json"}, "axes": [
        {"key": "batch", "values": {"powers_of_two": [1, 4]}},
        {"zip": [{"key": "chip.pe.columns", "values": [32, 64]}, {"key": "chip.psum.partitions", "values": [32, 64]}]}]})",
                            problems);
    REQUIRE(sweep);
    const auto points = expand(*sweep, problems);
    REQUIRE(points.size() == 6);
    CHECK(points[0].axis_values == std::vector<std::string>{"1", "32", "32"});
    CHECK(points[1].axis_values == std::vector<std::string>{"1", "64", "64"});
    CHECK(points[5].axis_values == std::vector<std::string>{"4", "64", "64"});
    CHECK(points[5].request.batch == 4);
    REQUIRE(points[5].request.settings.size() == 2);
    CHECK(points[5].request.settings[1].where == "/axes/1/zip/1/values/1");
    CHECK(source_of(*sweep, points[5], "batch")->where == "/axes/0/values");
}

TEST_CASE("axes that move together are as long as each other, also after --set") {
    const char* const zipped = R"({"question": "?", "base": {"model": "m.json"}, "axes": [
        {"zip": [{"key": "batch", "values": [1, 2]}, {"key": "seed", "values": [5, 6]}]}]})";
    Problems none;
    CHECK(expand(*read(zipped, none), none).size() == 2);
    Problems shorter;
    CHECK_FALSE(read(zipped, shorter, {{"seed", 7, "", "--set seed=7"}}));
    CHECK(texts(shorter) ==
          std::vector<std::string>{
              "sweeps/s.json: /axes/0/zip/1: moves together with 'batch' and has 1 values for its 2"});
    Problems lonely;
    CHECK_FALSE(read(R"({"question": "?", "base": {"model": "m.json"}, "axes": [
        {"zip": [{"key": "batch", "values": [1, 2]}]}]})",
                     lonely));
    CHECK(texts(lonely) ==
          std::vector<std::string>{"sweeps/s.json: /axes/0/zip: must hold at least two axes that move together"});
}

TEST_CASE("paths are relative to the sweep file, names of networks stay") {
    Problems problems;
    const auto sweep = read(kTwoAxes, problems);
    const auto request = expand(*sweep, problems)[0].request;
    CHECK(request.model == "sweeps/net.json");
    CHECK(request.chip == "chips/a.json");
    CHECK(request.workers == 2);
    CHECK_FALSE(request.io_dtype.has_value());
    REQUIRE(request.settings.size() == 1);
    CHECK(request.settings[0].key == "chip.pe.clock");
    CHECK(request.settings[0].where == "/base/chip.pe.clock");
    const auto named = read(R"({"question":"?","base":{"model":"resnet50"},"axes":[]})", problems);
    CHECK(expand(*named, problems)[0].request.model == "resnet50");
}

TEST_CASE("all mistakes of a sweep file are reported together, each at its place") {
    Problems problems;
    CHECK_FALSE(read(R"({"question": "?", "base": {"model": "m.json", "bach": 3, "workers": "two"},
                         "axes": [{"key": "batch", "values": [1, 0]}, {"key": "dtype", "values": []}]})",
                     problems));
    const auto all = texts(problems);
    REQUIRE(all.size() == 4);
    CHECK(all[0].find("sweeps/s.json: /base/bach: 'bach' is no key of a point; did you mean 'batch'?") == 0);
    CHECK(all[1] == "sweeps/s.json: /axes/1/values: must hold at least one value");
    CHECK(all[2] == "sweeps/s.json: /base/workers: 'workers' must be an integer from 1 to 64, and is 'two'");
    CHECK(all[3] == "sweeps/s.json: /axes/0/values/1: 'batch' must be an integer from 1 to 4096, and is 0");
}

TEST_CASE("a key may not be in the base and on an axis, nor on two axes") {
    Problems problems;
    CHECK_FALSE(read(R"({"question": "?", "base": {"model": "m.json", "batch": 3},
                         "axes": [{"key": "batch", "values": [1]}, {"key": "batch", "values": [2]}]})",
                     problems));
    CHECK(problems.list().size() == 3);
}

TEST_CASE("a sweep without a model or with too many points is refused") {
    Problems problems;
    CHECK_FALSE(read(R"({"question": "?", "base": {}, "axes": []})", problems));
    CHECK(texts(problems) == std::vector<std::string>{"sweeps/s.json: /base: 'model' is missing"});
    std::string many = "[0";
    for (int i = 1; i < 400; ++i) many += "," + std::to_string(i);
    Problems more;
    CHECK_FALSE(read(R"({"question": "?", "base": {"model": "m.json"}, "axes": [{"key": "seed", "values": )" + many +
                         R"(]}, {"key": "chip.cores", "values": )" + many + "]}]}",
                     more));
    REQUIRE(more.list().size() == 1);
    CHECK(more.list()[0].what == "make 160000 points; at most 100000 are allowed");
}

TEST_CASE("--set replaces a base value, the values of an axis, or adds to the base") {
    Problems problems;
    const std::vector<flow::Setting> set{
        parse_setting("batch=[3,5]", "--set", problems), parse_setting("workers=1", "--set", problems),
        parse_setting("chip.dram.channels=1", "--set", problems), parse_setting("dtype=fp32", "--set", problems)};
    const auto sweep = read(kTwoAxes, problems, set);
    REQUIRE(sweep);
    const auto points = expand(*sweep, problems);
    REQUIRE(points.size() == 2);
    CHECK(points[1].request.batch == 5);
    CHECK(points[1].request.workers == 1);
    CHECK(points[1].request.dtype == DType::fp32);
    CHECK(points[1].request.settings.back().key == "chip.dram.channels");
    CHECK(problems.empty());
}

TEST_CASE("a wrong --set is reported as such") {
    Problems problems;
    parse_setting("batch", "--set", problems);
    CHECK_FALSE(read(kTwoAxes, problems,
                     {parse_setting("batch=0", "--set", problems), parse_setting("speed=9", "--set", problems)}));
    const auto all = texts(problems);
    REQUIRE(all.size() == 3);
    CHECK(all[0] == "--set: 'batch' must be key=value");
    CHECK(all[1].find("--set speed=9: 'speed' is no key of a point") == 0);
    CHECK(all[2].find("--set batch=0: 'batch' must be an integer from 1") == 0);
}

TEST_CASE("a problem of a point is traced to the value that caused it") {
    Problems problems;
    const auto sweep = read(kTwoAxes, problems);
    const auto points = expand(*sweep, problems);
    CHECK(source_of(*sweep, points[4], "batch")->where == "/axes/1/values/1");
    CHECK(source_of(*sweep, points[4], "model")->where == "/base/model");
    CHECK_FALSE(source_of(*sweep, points[4], "cores"));
}

TEST_CASE("a batch that goes to the limit is the last axis, wherever it is said") {
    const char* const in_base = R"({"question": "?", "base": {"model": "m.json", "batch": "to_limit"},
        "axes": [{"key": "dtype", "values": ["fp16", "bf16"]}], "max_batch": 12})";
    const char* const on_axis = R"({"question": "?", "base": {"model": "m.json"}, "axes": [
        {"key": "batch", "values": "to_limit"}, {"key": "dtype", "values": ["fp16", "bf16"]}]})";
    for (const char* const text : {in_base, on_axis}) {
        Problems problems;
        const auto sweep = read(text, problems);
        REQUIRE(sweep);
        CHECK(goes_to_limit(*sweep));
        CHECK(sweep->max_batch == (text == in_base ? 12 : 64));
        const auto points = expand(*sweep, problems);
        REQUIRE(points.size() == 2);
        const SweepPoint larger = at_batch(points[1], 8);
        CHECK(larger.axis_values == std::vector<std::string>{"bf16", "8"});
        CHECK(larger.request.batch == 8);
        CHECK(source_of(*sweep, larger, "batch")->where == (text == in_base ? "/base/batch" : "/axes/0/values"));
    }
    Problems problems;
    const auto set = read(kTwoAxes, problems, {{"batch", "to_limit", "", "--set batch=to_limit"}});
    REQUIRE(set);
    CHECK(goes_to_limit(*set));
    CHECK_FALSE(goes_to_limit(*read(kTwoAxes, problems)));
}

TEST_CASE("what does not go with a batch that goes to the limit is a problem") {
    const auto problems_of = [](const std::string& rest) {
        Problems problems;
        CHECK_FALSE(read(R"({"question": "?", "base": {"model": "m.json"}, )" + rest + "}", problems));
        return texts(problems);
    };
    CHECK(problems_of(R"("axes": [{"key": "batch", "values": [1, 2]}], "max_batch": 8)") ==
          std::vector<std::string>{"sweeps/s.json: /max_batch: has no meaning without \"batch\": \"to_limit\" or "
                                   "\"measure\": \"limits\""});
    CHECK(problems_of(R"("axes": [{"key": "batch", "values": "to_limit"}], "where": ["batch <= 8"])") ==
          std::vector<std::string>{
              "sweeps/s.json: /where/0: 'batch' goes to the limit and has no value yet; \"max_batch\" bounds it"});
    CHECK(
        problems_of(R"("axes": [{"zip": [{"key": "seed", "values": [1]}, {"key": "batch", "values": "to_limit"}]}])") ==
        std::vector<std::string>{"sweeps/s.json: /axes/0/zip/1: 'to_limit' cannot move together with another axis"});
    CHECK(problems_of(R"("axes": [{"key": "seed", "values": "to_limit"}])").size() == 1);
}

TEST_CASE("cells ask in rounds and stand in the table by batch") {
    Problems problems;
    const auto sweep = read(R"({"question": "?", "base": {"model": "m.json", "batch": "to_limit"},
        "axes": [{"key": "dtype", "values": ["fp16", "bf16"]}], "max_batch": 2})",
                            problems);
    std::vector<Cell> cells;
    for (const SweepPoint& point : expand(*sweep, problems)) cells.push_back({point, cells.empty() ? 2 : 1, {}});
    const auto asked = next_round(cells);
    REQUIRE(asked.size() == 3);  // 1 and 2 of the first, which may go that far, 1 of the other
    CHECK(asked[1].point.axis_values == std::vector<std::string>{"fp16", "2"});
    CHECK(asked[2].cell == 1);
    std::vector<SweepPoint> points{asked[2].point, asked[1].point, asked[0].point};
    CHECK(table_order(points, {1, 0, 0}) == std::vector<std::size_t>{2, 1, 0});
}
