#include <catch2/catch.hpp>

#include <filesystem>

#include "record/record.hpp"
#include "report/page.hpp"
#include "report/sections.hpp"
#include "report/sources.hpp"
#include "support/temp_folder.hpp"

using namespace infsim;
using namespace infsim::report;

namespace {

const std::string kHeader =
    "model_name,batch_size,status,throughput_avg,throughput_low,throughput_high,latency_ms_p50,infeasible_layer,"
    "infeasible_wanted_bytes,infeasible_available_bytes,reason,point_id\n";
const std::string kLimit =
    "layer x needs 7 bytes per partition of the state buffer, 4 are there; alive: a 7 B (1 image)";

std::string point(int batch, double rate, double ms) {
    return "net," + std::to_string(batch) + ",ok," + std::to_string(rate) + "," + std::to_string(rate) + "," +
           std::to_string(rate) + "," + std::to_string(ms) + ",,,,,id" + std::to_string(batch) + "\n";
}

std::string refused(int batch) {
    return "net," + std::to_string(batch) + ",infeasible,,,,,x,7,4,\"" + kLimit + "\",id" + std::to_string(batch) +
           "\n";
}

Source only(const std::string& path) {
    Problems problems;
    auto sources = read_sources(path, problems);
    problems.throw_if_any();
    REQUIRE(sources.size() == 1);
    return std::move(sources.front());
}

std::string sentence(const json::Object& section, std::size_t group, std::size_t n) {
    return section.find("groups")->as_array()[group].as_object().find("sentences")->as_array()[n].as_string();
}

std::string problems_of(const std::string& path) {
    Problems problems;
    read_sources(path, problems);
    std::string text;
    for (const Problem& p : problems.list()) text += to_text(p) + "\n";
    return text;
}

}  // namespace

TEST_CASE("a sweep answers in three sentences") {
    const test::TempFolder folder;
    folder.write("table.csv", kHeader + point(1, 100, 10) + point(2, 300, 15) + point(4, 310, 30) + refused(5));
    const auto section = section_of(only(folder.path().string()));
    CHECK(section.find("kind")->as_string() == "sweep");
    CHECK_THAT(sentence(section, 0, 0), Catch::Contains("B=2, the knee, with 300 items/s at 15 ms"));
    CHECK_THAT(sentence(section, 0, 1),
               Catch::Contains("Largest batch that fits: B=4; why not B=5: layer x needs 7 bytes") &&
                   !Catch::Contains("alive"));
    CHECK_THAT(sentence(section, 0, 2),
               Catch::Contains("B=4 with 310 items/s") && Catch::Contains("B=2 is within 5 %"));
    CHECK(section.find("notes")->as_array().empty());
}

TEST_CASE("points that only differ in an axis of the sweep are settings of their own") {
    const test::TempFolder folder;
    std::string text = "chip.dram," + kHeader;
    for (const char* value : {"1GB/s,", "2GB/s,"})
        for (int batch : {1, 2}) text += value + point(batch, 100.0 * batch, 10);
    folder.write("table.csv", text);
    const auto section = section_of(only(folder.path().string()));
    CHECK(section.find("groups")->as_array().size() == 2);
    CHECK_THAT(section.find("overview")->as_string(), Catch::Contains("2 settings of chip.dram"));
}

TEST_CASE("the description beside a table says what its columns are, and what was asked") {
    const test::TempFolder folder;
    folder.write("table.csv", "chip.dram," + kHeader + "1," + point(1, 100, 10) + "2," + point(1, 100, 10));
    folder.write("table.columns.json",
                 R"({"question":"Why?","columns":[{"name":"chip.dram","unit":"GB/s","meaning":"how fast",
        "axis":{"key":"chip.dram","kind":"quantity"}},{"name":"model_name","unit":"","meaning":"which"}]})");
    const Source source = only(folder.path().string());
    const auto& columns = std::get<SweepSource>(source.content).table.columns;
    CHECK(columns[0].unit == "GB/s");
    CHECK(columns[0].axis);
    CHECK(columns[1].meaning == "which");
    CHECK_THAT(columns[3].meaning, Catch::Contains("infeasible"));  // what the description leaves out stays
    CHECK(section_of(source).find("question")->as_string() == "Why?");
    folder.write("table.columns.json", "{");
    CHECK_THAT(problems_of(folder.path().string()), Catch::Contains("table.columns.json"));
}

TEST_CASE("where nothing fits, the page says so and why") {
    const test::TempFolder folder;
    folder.write("table.csv", kHeader + refused(1) + refused(2));
    const auto section = section_of(only(folder.path().string()));
    CHECK_THAT(section.find("notes")->as_array().at(0).as_string(), Catch::Contains("None of the points fits"));
    CHECK_THAT(sentence(section, 0, 1), Catch::Contains("None of the 2 points fits; B=1: layer x needs 7 bytes"));
}

TEST_CASE("a table without rows, and a folder without results, say so") {
    const test::TempFolder folder;
    CHECK(std::holds_alternative<EmptySource>(only(folder.path().string()).content));
    std::filesystem::create_directories(folder.path() / "points");
    CHECK(std::holds_alternative<EmptySource>(only(folder.path().string()).content));
    folder.write("table.csv", kHeader);
    const auto section = section_of(only(folder.path().string()));
    CHECK_THAT(section.find("notes")->as_array().at(0).as_string(),
               Catch::Contains("no point of this sweep has been run"));
}

TEST_CASE("a sweep that was stopped shows the points that are there") {
    const test::TempFolder folder;
    std::filesystem::create_directories(folder.path() / "points" / "abc");
    folder.write(
        "points/abc/record.json",
        R"({"record_version":)" + std::to_string(record::kRecordVersion) +
            R"(,"model_name":"net","batch_size":3,"status":"ok","throughput_avg":10,"latency_ms_p50":2,"point_id":"abc"})");
    folder.write("points/abc/layers.csv", "layer,kind,time_ms\nconv1,conv,0.123456789\n");
    std::filesystem::create_directories(folder.path() / "points" / "unfinished");
    const Source source = only(folder.path().string());
    auto section = section_of(source);
    CHECK_THAT(section.find("notes")->as_array().at(0).as_string(),
               Catch::Contains("not finished: 1 point ") && Catch::Contains("no table.csv"));
    CHECK(add_layers(section, source, 10) == 10);  // no room
    CHECK(section.find("layers")->as_object().find("left_out")->as_int() == 1);
    CHECK(add_layers(section, source, 1000) < 1000);
    CHECK(json::dump(*section.find("layers"), 0).find("0.12346") != std::string::npos);
}

TEST_CASE("points that the table does not list are told of") {
    const test::TempFolder folder;
    folder.write("table.csv", kHeader + point(1, 100, 10));
    std::filesystem::create_directories(folder.path() / "points" / "id1");
    std::filesystem::create_directories(folder.path() / "points" / "other");
    const auto section = section_of(only(folder.path().string()));
    CHECK_THAT(section.find("notes")->as_array().at(0).as_string(),
               Catch::Contains("1 point that the table does not list"));
}

TEST_CASE("limits and served runs are told by what is in their files") {
    const test::TempFolder folder;
    folder.write("a.json", R"({"model":"net","limits":{"any":{"batch":0,"open":false,"certificate":
        {"batch":1,"resource":"PSUM","unit":"B","capacity":1,"demand":2,"text":"too much; alive: x"}}}})");
    folder.write("b.json",
                 R"({"record":{"scenario_id":"s","scenario":"q","status":"ok","verdict":"VALID","offered_rate":5,
        "latency_ms_p99":2},"queue":[]})");
    folder.write("c.json",
                 R"({"bound_ms":15,"percentile":99,"sets":[{"batches":[1,4],"peak_rate":100,"padding_fraction":0}]})");
    folder.write("d.json", R"({"something":"else"})");
    Problems problems;
    const auto sources = read_sources(folder.path().string(), problems);
    REQUIRE(problems.empty());
    REQUIRE(sources.size() == 3);
    const auto limits = section_of(sources[0]), serving = section_of(sources[1]), search = section_of(sources[2]);
    CHECK_THAT(limits.find("notes")->as_array().at(0).as_string(), Catch::Contains("Not even one image fits"));
    CHECK_THAT(sentence(limits, 0, 1), Catch::Contains("at B=1 too much."));
    CHECK_THAT(sentence(serving, 0, 0), Catch::Contains("VALID") && Catch::Contains("5 requests/s offered"));
    CHECK_THAT(sentence(search, 0, 0), Catch::Contains("Compile B=1+4: it serves 100 requests/s within 15 ms at p99"));
}

TEST_CASE("a sweep of loads names the highest valid one and what ends it") {
    const test::TempFolder folder;
    folder.write(
        "table.csv",
        "scenario.load.rate,scenario,batch_size,offered_rate,status,verdict,latency_ms_p99,reason,scenario_id\n"
        "100,q,1,100,ok,VALID,3,,a\n200,q,1,200,ok,VALID,5,,b\n300,q,1,300,ok,INVALID,50,p99 is beyond the bound,c\n");
    const auto section = section_of(only(folder.path().string()));
    CHECK(section.find("groups")->as_array().size() == 1);
    CHECK_THAT(sentence(section, 0, 0), Catch::Contains("200 requests/s, with latency p99 5 ms"));
    CHECK_THAT(sentence(section, 0, 1), Catch::Contains("300 requests/s, is INVALID: p99 is beyond the bound."));
}

TEST_CASE("what is no result is one clear problem") {
    const test::TempFolder folder;
    folder.write("notes.txt", "x");
    CHECK_THAT(problems_of(folder.path().string()),
               Catch::Contains("holds no results") && Catch::Contains("infsim sweep"));
    CHECK_THAT(problems_of(folder.file("nothing")), Catch::Contains("does not exist"));
    CHECK_THAT(problems_of(folder.write("a.json", "{\"a\": 1}")),
               Catch::Contains("a.json: /: is not a result of infsim"));
    CHECK_THAT(problems_of(folder.write("b.json", "{")), Catch::Contains("b.json"));
    CHECK_THAT(problems_of(folder.write("t.csv", "a,b\n1,2\n")), Catch::Contains("no columns point_id"));
    const Source source = only(folder.write("w.csv", kHeader + "net,many,ok,1,1,1,1,,,,,id\n"));
    CHECK_THROWS_WITH(section_of(source), Catch::Contains("row 1") && Catch::Contains("batch_size"));
}

TEST_CASE("no name ends the script that holds it") {
    const test::TempFolder folder;
    folder.write("table.csv", kHeader + "</script><script>alert(1)</script>,1,ok,1,1,1,1,,,,,id1\n");
    const std::string page = make_page("<body><!-- data --></body>", {only(folder.path().string())}, "v");
    CHECK(page.find("<script>alert") == std::string::npos);
    CHECK(page.find("\\u003c/script>\\u003cscript>alert(1)") != std::string::npos);
    CHECK(page.rfind("<body><script type=\"application/json\" id=\"data\">{", 0) == 0);
}

TEST_CASE("a thousand points with layers make a page of less than 3 MB") {
    const test::TempFolder folder;
    std::string text = kHeader;
    for (int batch = 1; batch <= 1000; ++batch) {
        text += point(batch, 1000 + batch / 7.0, batch);
        std::string layers = "layer,kind,time_ms,dram_ms,dram_bytes,live_bytes\n";
        for (int layer = 0; layer < 150; ++layer)
            layers += "layer" + std::to_string(layer) + ",conv," + std::to_string(batch * layer / 7.0) + "," +
                      std::to_string(batch / 3.0) + "," + std::to_string(batch * layer) + ",98304\n";
        std::filesystem::create_directories(folder.path() / "points" / ("id" + std::to_string(batch)));
        folder.write("points/id" + std::to_string(batch) + "/layers.csv", layers);
    }
    folder.write("table.csv", text);
    const Source source = only(folder.path().string());
    const std::string page = make_page("<!-- data -->" + std::string(450'000, 'x'), {source}, "v");
    CHECK(page.size() < 3'000'000);
    CHECK(page.size() > 2'800'000);  // the room is used
    CHECK(page.find("\"left_out\":0}") == std::string::npos);
}
