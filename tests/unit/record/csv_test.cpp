#include <algorithm>
#include <catch2/catch.hpp>

#include <set>

#include "base/problems.hpp"
#include "record/columns.hpp"
#include "record/csv.hpp"

using namespace infsim;
using namespace infsim::record;

namespace {
RunRecord sample() {
    RunRecord r;
    r.model_name = "net, with \"quotes\"";
    r.batch_size = 5;
    r.status = Status::ok;
    r.throughput_avg = 0.1 + 0.2;
    r.latency_ms_p50 = 1e-7;
    r.throughput_low = 0.25;
    r.engine_share[2][3] = 1.0 / 3;
    r.engine_main_stall[0] = "weights from DRAM";
    r.dram_weight_bytes = 51'000'123'456'789;
    return r;
}
}  // namespace

TEST_CASE("a record survives CSV unchanged, to the last bit of its doubles") {
    const RunRecord back = parse_csv_row(csv_header(), csv_row(sample()), "t.csv");
    CHECK(csv_row(back) == csv_row(sample()));
    CHECK(back.throughput_avg == sample().throughput_avg);
    CHECK(back.model_name == sample().model_name);
    CHECK(back.engine_share[2][3] == sample().engine_share[2][3]);
    CHECK_FALSE(back.latency_ms_p99.has_value());
    CHECK(back.throughput_low == 0.25);
}

TEST_CASE("columns are found by name, in any order, and unknown ones are ignored") {
    const RunRecord r = parse_csv_row("remark,batch_size,status", "hello,7,infeasible", "t.csv");
    CHECK(r.batch_size == 7);
    CHECK(r.status == Status::infeasible);
}

TEST_CASE("a cell of the wrong kind is an input error that names file and column") {
    REQUIRE_THROWS_AS(parse_csv_row("batch_size", "five", "t.csv"), InputError);
    try {
        parse_csv_row("batch_size", "five", "t.csv");
    } catch (const InputError& e) {
        CHECK(std::string(e.what()) == "t.csv: batch_size: 'five' is not a value of this column");
    }
    CHECK_THROWS_AS(parse_csv_row("status", "fine", "t.csv"), InputError);
    CHECK_THROWS_AS(parse_csv_row("throughput_low", "true", "t.csv"), InputError);
    CHECK_THROWS_AS(parse_csv_row("batch_size,status", "5", "t.csv"), InputError);
}

TEST_CASE("every column has its own name and a meaning") {
    std::set<std::string> names;
    for (const Column& c : columns()) {
        CHECK(names.insert(c.name).second);
        CHECK_FALSE(c.meaning.empty());
    }
    for (const char* name : {"model_name", "n_models", "workers_per_model", "batch_size", "throughput_avg",
                             "latency_ms_p0", "latency_ms_p100", "status", "cost_per_1m_inf"})
        CHECK(names.count(name) == 1);
}

TEST_CASE("members without a value are empty cells") {
    const auto names = split_csv_line(csv_header());
    const auto cells = split_csv_line(csv_row(RunRecord{}));
    REQUIRE(names.size() == cells.size());
    for (std::size_t i = 0; i < names.size(); ++i) CHECK(cells[i] == (names[i] == "status" ? "failed" : ""));
}

TEST_CASE("a record survives JSON unchanged") {
    const RunRecord back = from_json(to_json(sample()), "r.json");
    CHECK(csv_row(back) == csv_row(sample()));
    CHECK(to_json(back) == to_json(sample()));
}

TEST_CASE("a record of another version, with unknown keys or of wrong kinds is refused") {
    const std::string this_version = "{\"record_version\":" + std::to_string(kRecordVersion) + ",";
    CHECK_THROWS_AS(from_json(R"({"record_version":0,"status":"ok"})", "r.json"), InputError);
    CHECK_THROWS_AS(from_json(this_version + R"("status":"ok","speed":3})", "r.json"), InputError);
    CHECK_THROWS_AS(from_json(this_version + R"("status":"great"})", "r.json"), InputError);
    CHECK_THROWS_AS(from_json(this_version + R"("batch_size":"5"})", "r.json"), InputError);
    CHECK_THROWS_AS(from_json(this_version, "r.json"), InputError);
    CHECK(from_json(this_version + R"("status":"ok","batch_size":5})", "r.json").batch_size == 5);
}

TEST_CASE("a column of few records is in tables that have one of them, and always in their JSON") {
    RunRecord r = sample();
    CHECK(rare_columns(r).empty());
    CHECK(csv_header().find("host_ms") == std::string::npos);
    CHECK(to_json(r).find("host_ms") == std::string::npos);
    r.host_ms = 0.25;
    const RareColumns rare = rare_columns(r);
    CHECK(rare == RareColumns{"host_ms"});
    CHECK(parse_csv_row(csv_header(rare), csv_row(r, rare), "t.csv").host_ms == 0.25);
    CHECK(split_csv_line(csv_header(rare)).size() == split_csv_line(csv_header()).size() + 1);
    CHECK(csv_row(r) == csv_row(sample()));
    CHECK(from_json(to_json(r), "r.json").host_ms == 0.25);
}
