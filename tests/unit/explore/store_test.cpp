#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/problems.hpp"
#include "explore/store.hpp"
#include "explore/worker.hpp"
#include "record/csv.hpp"
#include "support/temp_folder.hpp"

using namespace infsim;
using namespace infsim::explore;
namespace fs = std::filesystem;

namespace {

const std::string kId = "0123456789abcdef";

StoredPoint point(record::Status status) {
    StoredPoint p;
    p.record.point_id = kId;
    p.record.status = status;
    p.record.batch_size = 3;
    p.layers_csv = "layer\nconv1\n";
    p.timing_cells = "1,2";
    return p;
}

}  // namespace

TEST_CASE("what was stored is there again") {
    const test::TempFolder scratch;
    {
        Store store(scratch.file("out"));
        CHECK_FALSE(store.load(kId));
        store.save(point(record::Status::ok));
        CHECK(store.load(kId));
    }
    const auto back = Store(scratch.file("out")).load(kId);
    REQUIRE(back);
    CHECK(back->record.batch_size == 3);
    CHECK(layers_of(scratch.file("out"), kId) == "layer\nconv1\n");
    CHECK(back->timing_cells == "1,2");
    CHECK_FALSE(fs::exists(scratch.file("out/.lock")));
}

TEST_CASE("failed, torn and foreign points are run again") {
    const test::TempFolder scratch;
    Store store(scratch.file("out"));
    store.save(point(record::Status::failed));
    CHECK_FALSE(store.load(kId));
    store.save(point(record::Status::infeasible));
    CHECK(store.load(kId));
    const std::string path = scratch.file("out/points/0123456789abcdef/record.json");
    std::ofstream(path) << (R"({"record_version": )" + std::to_string(record::kRecordVersion) +
                            R"(, "status": "infea)");
    CHECK_FALSE(store.load(kId));
    std::ofstream(path) << (R"({"record_version": )" + std::to_string(record::kRecordVersion) +
                            R"(, "status": "infeasible", "point_id": "ffffffffffffffff"})");
    CHECK_FALSE(store.load(kId));
    std::ofstream(path).close();
    CHECK_FALSE(store.load(kId));
}

TEST_CASE("a record stands only with the layers and the timing that were written before it") {
    const test::TempFolder scratch;
    const std::string folder = scratch.file("out/points/0123456789abcdef/");
    const auto lost = [&](const char* file, const std::string& instead) {
        Store store(scratch.file("out"));
        store.save(point(record::Status::ok));
        REQUIRE(store.load(kId));
        std::ofstream(folder + file) << instead;
        return !store.load(kId);
    };
    CHECK(lost("layers.csv", ""));
    CHECK(lost("layers.csv", "layer\nco"));
    CHECK(lost("layers.csv", std::string(12, '\0')));
    CHECK(lost("timing", ""));
    CHECK(lost("timing", "seal 0123"));
    CHECK_FALSE(lost("timing", "1,2"));  // of a version without seals
}

TEST_CASE("a point that was given up counts as done until it is given more") {
    const test::TempFolder scratch;
    Store store(scratch.file("out"));
    StoredPoint late = point(record::Status::timeout);
    late.limit = Duration{1000}.count();
    store.save(late);
    CHECK(store.load(kId, {Duration{1000}, {}}));
    CHECK(store.load(kId, {Duration{10}, {}}));
    CHECK_FALSE(store.load(kId, {Duration{1001}, {}}));
    CHECK_FALSE(store.load(kId));
    StoredPoint large = point(record::Status::out_of_memory);
    large.limit = 1 << 20;
    store.save(large);
    CHECK(store.load(kId, {{}, Bytes{1 << 20}}));
    CHECK_FALSE(store.load(kId, {{}, Bytes{1 << 21}}));
    large.limit.reset();  // by the system's hand
    store.save(large);
    CHECK_FALSE(store.load(kId, {{}, Bytes{1 << 10}}));
}

TEST_CASE("points of another sweep are set aside and come back when they are asked for") {
    const test::TempFolder scratch;
    const std::string other = "fedcba9876543210";
    {
        Store store(scratch.file("out"));
        StoredPoint second = point(record::Status::ok);
        second.record.point_id = other;
        store.save(point(record::Status::ok));
        store.save(second);
        CHECK(store.set_others_aside() == 0);
    }
    {
        Store store(scratch.file("out"));
        CHECK(store.load(kId));
        CHECK(store.set_others_aside() == 1);
        CHECK_FALSE(fs::exists(scratch.file("out/points/" + other)));
    }
    Store store(scratch.file("out"));
    CHECK(store.load(other));
    CHECK(fs::exists(scratch.file("out/points/" + other)));
}

TEST_CASE("files under temporary names that a killed run left are removed") {
    const test::TempFolder scratch;
    for (const char* folder : {"out/points/0123456789abcdef", "out/service"})
        fs::create_directories(scratch.file(folder));
    const std::vector<std::string> left{"out/table.csv.tmp12", "out/points/0123456789abcdef/timing.tmp12",
                                        "out/service/ab.json.tmp7"};
    for (const std::string& name : left) std::ofstream(scratch.file(name)) << "half";
    std::ofstream(scratch.file("out/notes.tmp")) << "mine";
    Store store(scratch.file("out"));
    CHECK_FALSE(store.load(kId));
    for (const std::string& name : left) CHECK_FALSE(fs::exists(scratch.file(name)));
    CHECK(fs::exists(scratch.file("out/notes.tmp")));
}

TEST_CASE("one run at a time writes into a folder") {
    const test::TempFolder scratch;
    const Store first(scratch.file("out"));
    try {
        const Store second(scratch.file("out"));
        FAIL("two stores in one folder");
    } catch (const InputError& e) {
        CHECK(std::string(e.what()).find("another run is writing here, process " + std::to_string(::getpid())) !=
              std::string::npos);
    }
}

TEST_CASE("a folder that was made for nothing goes away, one with results stays") {
    const test::TempFolder scratch;
    { const Store unused(scratch.file("out")); }
    CHECK_FALSE(fs::exists(scratch.file("out")));
    Store(scratch.file("kept")).save(point(record::Status::ok));
    CHECK(Store(scratch.file("kept")).load(kId));
}

TEST_CASE("a folder that cannot be made is an input error that names it") {
    CHECK_THROWS_AS(Store("/proc/infsim"), InputError);
}

TEST_CASE("limits of a point travel to the worker") {
    const auto words = limited({"infsim", "worker"}, {Duration{1'500'000'000'000}, Bytes{1 << 30}});
    const PointLimits back = limits_of({words.begin() + 2, words.end()});
    CHECK(back.time == Duration{1'500'000'000'000});
    CHECK(back.memory == Bytes{1 << 30});
    CHECK_FALSE(limits_of({}).time);
    CHECK_THROWS_AS(limits_of({"--point-timeout"}), InputError);
    CHECK_THROWS_AS(limits_of({"--fast", "1s"}), InputError);
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
