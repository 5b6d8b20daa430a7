#include <catch2/catch.hpp>

#include "explore/sweep.hpp"
#include "explore/sweep_file.hpp"
#include "explore/table.hpp"

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
          std::vector<std::string>{
              "sweeps/s.json: /axes/0/zip: must hold at least two axes, which take their values together"});
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
    CHECK(all[2] == "sweeps/s.json: /base/workers: 'workers' must be an integer from 1 to 64, and is a string");
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

TEST_CASE("the table has columns for the axes that reach into files, in front") {
    Problems problems;
    const auto sweep = read(R"({"question": "?", "base": {"model": "m.json"},
        "axes": [{"key": "chip.state_buffer.partition_bytes", "values": ["64KiB", "1,5KiB"]}, {"key": "batch", "values": [1]}]})",
                            problems);
    REQUIRE(sweep);
    CHECK(extra_axes(*sweep) == std::vector<std::size_t>{0});
    std::vector<SweepRow> rows;
    for (const SweepPoint& point : expand(*sweep, problems)) rows.push_back({point.axis_values, {}});
    const std::string table = table_csv(*sweep, rows);
    CHECK(table.find("chip.state_buffer.partition_bytes,model_name,") == 0);
    CHECK(table.find("\n64KiB,") != std::string::npos);
    CHECK(table.find("\n\"1,5KiB\",") != std::string::npos);
}
