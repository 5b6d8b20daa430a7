#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/problems.hpp"
#include "explore/progress.hpp"
#include "explore/store.hpp"
#include "explore/worker.hpp"
#include "record/csv.hpp"
#include "support/temp_folder.hpp"

using namespace infsim;
using namespace infsim::explore;
namespace fs = std::filesystem;

namespace {

StoredPoint point(record::Status status) {
    StoredPoint p;
    p.record.point_id = "0123456789abcdef";
    p.record.status = status;
    p.record.batch_size = 3;
    p.layers_csv = "layer\nconv1\n";
    p.timing_cells = "1,2";
    return p;
}

}  // namespace

TEST_CASE("what was stored is there again") {
    const test::TempFolder scratch;
    const Store store(scratch.file("out"));
    CHECK_FALSE(store.load("0123456789abcdef"));
    store.save(point(record::Status::ok));
    const auto back = Store(scratch.file("out")).load("0123456789abcdef");
    REQUIRE(back);
    CHECK(back->record.batch_size == 3);
    CHECK(layers_of(scratch.file("out"), "0123456789abcdef") == "layer\nconv1\n");
    CHECK(back->timing_cells == "1,2");
}

TEST_CASE("failed, damaged and foreign points are run again") {
    const test::TempFolder scratch;
    const Store store(scratch.file("out"));
    store.save(point(record::Status::failed));
    CHECK_FALSE(store.load("0123456789abcdef"));
    store.save(point(record::Status::infeasible));
    CHECK(store.load("0123456789abcdef"));
    const std::string path = scratch.file("out/points/0123456789abcdef/record.json");
    std::ofstream(path) << (R"({"record_version": )" + std::to_string(record::kRecordVersion) +
                            R"(, "status": "infea)");
    CHECK_FALSE(store.load("0123456789abcdef"));
    std::ofstream(path) << (R"({"record_version": )" + std::to_string(record::kRecordVersion) +
                            R"(, "status": "infeasible", "point_id": "ffffffffffffffff"})");
    CHECK_FALSE(store.load("0123456789abcdef"));
}

TEST_CASE("an ok point without its layers is not finished") {
    const test::TempFolder scratch;
    const Store store(scratch.file("out"));
    store.save(point(record::Status::ok));
    fs::remove(store.layers_path("0123456789abcdef"));
    CHECK_FALSE(store.load("0123456789abcdef"));
}

TEST_CASE("a folder that was made for nothing goes away, one with results stays") {
    const test::TempFolder scratch;
    Store(scratch.file("out")).remove_if_empty();
    CHECK_FALSE(fs::exists(scratch.file("out")));
    const Store kept(scratch.file("kept"));
    kept.save(point(record::Status::ok));
    kept.remove_if_empty();
    CHECK(kept.load("0123456789abcdef"));
}

TEST_CASE("a folder that cannot be made is an input error that names it") {
    CHECK_THROWS_AS(Store("/proc/infsim"), InputError);
}

TEST_CASE("progress is lines off a terminal and one redrawn line on it") {
    std::ostringstream lines, bar;
    Progress off(lines, false), on(bar, true);
    for (Progress* p : {&off, &on}) {
        p->start(4, 1);
        p->step("batch=2: fine");
        p->finish();
    }
    CHECK(lines.str() == "1 of 4 points are there already\n[2/4] batch=2: fine\n");
    CHECK(bar.str().find("\r[###############...............] 2/4  batch=2: fine") != std::string::npos);
    CHECK(bar.str().back() == '\n');
}

TEST_CASE("an answer of a worker is a point or problems") {
    const auto good = parse_answer(R"({"record":{"record_version":)" + std::to_string(record::kRecordVersion) +
                                   R"(,"status":"ok","batch_size":2},"layers_csv":"a","timing":"1"})");
    CHECK(good.point.record.batch_size == 2);
    CHECK(good.problems.empty());
    const auto bad = parse_answer(R"({"problems":[{"file":"m.onnx","where":"node","what":"no"}]})");
    REQUIRE(bad.problems.size() == 1);
    CHECK(to_text(bad.problems[0]) == "m.onnx: node: no");
    CHECK_THROWS_AS(parse_answer("{}"), InputError);
    CHECK_THROWS_AS(parse_answer("Segmentation"), InputError);
}
