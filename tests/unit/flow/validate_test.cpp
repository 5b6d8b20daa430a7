// Tables of published figures, what is run for a row of them, and how far off an outcome is.
#include <catch2/catch.hpp>

#include <cmath>

#include <cstdio>
#include <fstream>

#include "flow/point/compiler_file.hpp"
#include "flow/point/paths.hpp"
#include "flow/validate/validate.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

/// A table in a file that goes with the test.
struct TableFile {
    std::string path = "validate_test.csv";
    explicit TableFile(const std::string& text) { std::ofstream(path) << text; }
    ~TableFile() { std::remove(path.c_str()); }
};

std::vector<ValidationRow> planned(const std::string& text, Problems& problems) {
    const TableFile file(text);
    const auto names = read_validation_names(source_folder("/configs/validation.json"), problems);
    const auto rows = read_published(file.path, problems);
    if (!problems.empty()) return {};
    return plan_validation(rows, file.path, names, {source_folder("/configs/chips/inferentia1.json"), {}}, problems);
}

constexpr const char* kHeader =
    "model,dtype,input,batch_compiled,chips,cores_busy,workers_per_core,mode,throughput_inf_s,latency_ms_p50,"
    "compiler\n";

record::RunRecord record_with(double throughput, double latency_ms) {
    record::RunRecord r;
    r.status = record::Status::ok;
    r.throughput_avg = throughput;
    r.throughput_low = throughput * 0.97;
    r.throughput_high = throughput * 1.03;
    r.latency_ms_p50 = latency_ms;
    r.compiler = "profile";
    r.main_stall = "pe waits for nothing";
    return r;
}

ChipGroup group(int chips, double closed_rate) {
    ChipGroup g;
    g.chips = chips;
    g.closed_form = analysis::ClosedForm{closed_rate, microseconds(4000), {}, {}};
    return g;
}

}  // namespace

TEST_CASE("columns of a table are found by name, in any order, and what may be empty has a default") {
    const TableFile file(
        "\xEF\xBB\xBF# where from\r\nthroughput_inf_s,cores_busy,batch_compiled,model,note\r\n\r\n12.5,2,3,\"a, "
        "b\",x\r\n");
    Problems problems;
    const auto rows = read_published(file.path, problems);
    REQUIRE(problems.empty());
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].line == 4);
    CHECK(rows[0].id == "line 4");
    CHECK(rows[0].model == "a, b");
    CHECK(rows[0].batch == 3);
    CHECK(rows[0].cores == 2);
    CHECK(rows[0].chips == 1);
    CHECK(rows[0].workers == 1);
    CHECK(rows[0].throughput == 12.5);
    CHECK(!rows[0].latency_ms);
}

TEST_CASE("everything that is wrong with a table is in one report, with line and column") {
    const TableFile file(std::string(kHeader) +
                         ",fp16,,0,1,1,1,,1,,\nx,fp16,,1,4,2,1,,-3,1,\nx,fp16,,1,1,1,1,,,,\nx,fp16,,1,1,1,1,,1,,,,\n");
    Problems problems;
    read_published(file.path, problems);
    std::string all;
    for (const Problem& p : problems.list()) all += to_text(p) + "\n";
    for (const char* said :
         {"line 2, model: is missing", "line 2, batch_compiled: must be a whole number",
          "line 3, cores_busy: must be at least", "line 3, throughput_inf_s: must be a positive number, and is '-3'",
          "line 4, throughput_inf_s: is missing, and so is", "line 5: has 13 cells"})
        CHECK_THAT(all, Catch::Contains(said));
    CHECK(problems.list().size() == 6);
}

TEST_CASE("what a latency is stands in a column of its own, read strictly") {
    const std::string header = "model,batch_compiled,cores_busy,throughput_inf_s,latency_ms_p50,latency_is\n";
    Problems problems;
    {
        const TableFile file(header + "x,1,1,,5,\nx,1,1,,5,p95\nx,1,1,,5,mean\nx,1,1,2,5, device\n");
        const auto rows = read_published(file.path, problems);
        REQUIRE(problems.empty());
        CHECK(rows[0].latency_is == LatencyKind::p50);
        CHECK(rows[1].latency_is == LatencyKind::p95);
        CHECK(rows[2].latency_is == LatencyKind::mean);
        CHECK(rows[3].latency_is == LatencyKind::device);
    }
    const TableFile file(header + "x,1,1,,5,P95\nx,1,1,2,,p95\n");
    read_published(file.path, problems);
    REQUIRE(problems.list().size() == 2);
    CHECK(problems.list()[0].what == "must be one of p50, p90, p95, p99, mean, device, and is 'P95'");
    CHECK(problems.list()[1].what == "says which latency is meant, and latency_ms_p50 has none");
}

TEST_CASE("a table without the columns it needs, and an empty one, are refused") {
    Problems problems;
    {
        const TableFile file("id,model\nx,y\n");
        read_published(file.path, problems);
    }
    CHECK(problems.list().size() == 3);
    {
        const TableFile file(kHeader);
        read_published(file.path, problems);
    }
    CHECK(problems.list().size() == 4);
}

TEST_CASE("rows name networks by other names, types and compilers by their words") {
    Problems problems;
    const auto rows =
        planned(std::string(kHeader) +
                    "ResNet50-v1,fp16,224x224x3,1,4,16,2,data-parallel,1,,2021-03-25 with flags\n"
                    "bert-base-uncased,bf16,seq128,1,1,1,1,single,1,,2.20\nthree_layers,fp32-input,,2,1,3,1,,1,,\n"
                    "ResNet50-v1,fp16,224x224x3,1,4,16,2,data-parallel,1,,2021-03-31 no flags\n"
                    "distilroberta,bf16,seq8,1,1,1,1,,1,,\nroberta-base,bf16,seq8,1,1,1,1,,1,,\n"
                    "albert-base-v2,bf16,seq8,1,1,1,1,,1,,\n",
                problems);
    REQUIRE(problems.empty());
    REQUIRE(rows.size() == 7);
    for (const auto& row : rows) REQUIRE(row.groups.size() == 1);
    const PointRequest &a = rows[0].groups[0].request, &b = rows[1].groups[0].request, &c = rows[2].groups[0].request;
    CHECK(a.model == "resnet50-v1");
    CHECK(a.cores == 4);
    CHECK(rows[0].groups[0].chips == 4);
    CHECK(a.workers == 2);
    CHECK(rows[0].groups[0].prepared.compiler == "neuron-2021");
    CHECK(b.model == "bert_base");
    CHECK(b.dtype == DType::bf16);
    CHECK(*b.io_dtype == DType::fp32);
    CHECK(rows[1].groups[0].prepared.compiler == "neuron-2022");
    CHECK(c.dtype == DType::fp16);
    CHECK(*c.io_dtype == DType::fp32);
    CHECK(rows[3].groups[0].prepared.compiler == "neuron-2021-no-flags");  // the longer of two that fit
    CHECK(rows[4].groups[0].request.model == "distilroberta_base");
    CHECK(rows[5].groups[0].request.model == "roberta_base");
    CHECK(rows[6].groups[0].request.model == "albert_base");
}

TEST_CASE("an input column that names an axis and its extent gives the axis that extent") {
    Problems problems;
    const auto rows = planned(std::string(kHeader) +
                                  "bert-base,bf16,seq8,1,1,1,1,,1,,\nbert-base,bf16,seq128,1,1,1,1,,1,,\n"
                                  "bert-base,bf16,len8,1,1,1,1,,1,,\nbert-base,bf16,9,1,1,1,1,,1,,\n",
                              problems);
    REQUIRE(problems.empty());
    REQUIRE(rows.size() == 4);
    CHECK(rows[0].groups.at(0).request.extents.dims == std::map<std::string, std::int64_t>{{"seq", 8}});
    CHECK(rows[1].groups.at(0).request.extents.empty());
    CHECK(rows[2].skipped == "its input is len8, that of our network 128");
    CHECK(rows[3].skipped == "its input is 9, that of our network 128");
}

TEST_CASE("cores that chips do not share evenly are two groups") {
    Problems problems;
    const auto rows = planned(std::string(kHeader) + "three_layers,,,1,3,7,1,,1,,\n", problems);
    REQUIRE(problems.empty());
    REQUIRE(rows.at(0).groups.size() == 2);
    CHECK(rows[0].groups[0].chips == 1);
    CHECK(rows[0].groups[0].request.cores == 3);
    CHECK(rows[0].groups[1].chips == 2);
    CHECK(rows[0].groups[1].request.cores == 2);
}

TEST_CASE("a row that cannot be simulated is skipped with its reason, and the others go on") {
    Problems problems;
    const auto rows =
        planned(std::string(kHeader) +
                    "no-such-net,fp16,,1,1,1,1,,1,,\nthree_layers,int4,,1,1,1,1,,1,,\nthree_layers,fp16,,1,1,9,1,,1,,\n"
                    "resnet50,bf16,seq384,1,1,1,1,,1,,\nthree_layers,fp16,,1,1,4,1,pipeline,1,,\nthere/is/"
                    "no.onnx,fp16,,1,1,1,1,,1,,\n"
                    "three_layers,fp16,,1,1,1,1,,1,,\n",
                problems);
    REQUIRE(problems.empty());
    REQUIRE(rows.size() == 7);
    CHECK(rows[0].skipped == "models/ has no network no-such-net");
    CHECK(rows[1].skipped == "no dtype int4 is known");
    CHECK(rows[2].skipped == "9 cores of a chip are busy, and inferentia1 has 4");
    CHECK(rows[3].skipped == "its input is seq384, that of our network 3x224x224");
    CHECK(rows[4].skipped == "mode pipeline is not simulated");
    CHECK_THAT(rows[5].skipped, Catch::StartsWith("there is no file "));
    CHECK(rows[6].skipped.empty());
}

TEST_CASE("throughputs of chips add up, latencies are means over what the chips finish") {
    ValidationRow row;
    row.published.batch = 2;
    row.published.throughput = 100;
    row.groups = {group(1, 20), group(2, 10)};
    const auto out = judge_row(row, {record_with(50, 4), record_with(25, 8)});
    CHECK(out.status == Comparison::compared);
    CHECK(*out.throughput == 100);
    const double half = std::sqrt(2 * 1.5 * 1.5);  // 3 % of 50 each
    CHECK(*out.throughput_low == Approx(100 - half));
    CHECK(*out.throughput_high == Approx(100 + half));
    CHECK(*out.latency_ms == 6);
    CHECK(*out.error == 0);
    CHECK(!out.latency_error);
    CHECK(*out.closed_throughput == 80);  // 2 x (20 + 2 x 10)
    CHECK(*out.closed_error == Approx(-0.2));
}

TEST_CASE("a row of latency alone is compared by latency; what does not fit is no comparison") {
    ValidationRow row;
    row.published.latency_ms = 5;
    row.groups = {group(1, 20)};
    CHECK(*judge_row(row, {record_with(50, 4)}).error == Approx(-0.2));
    record::RunRecord big;
    big.status = record::Status::infeasible;
    big.reason = "too large";
    const auto out = judge_row(row, {big});
    CHECK(out.status == Comparison::infeasible);
    CHECK(out.reason == "too large");
    CHECK(!out.error);
}

TEST_CASE("a latency is compared with the simulated one of its kind") {
    record::RunRecord r = record_with(50, 4);
    r.latency_ms_p90 = 5, r.latency_ms_p95 = 6, r.latency_ms_p99 = 7, r.latency_ms_avg = 4.5, r.service_ms = 3;
    ValidationRow row;
    row.published.latency_ms = 3;
    row.groups = {group(1, 20)};
    for (const auto& [kind, simulated] :
         {std::pair{LatencyKind::p50, 4.0}, std::pair{LatencyKind::p90, 5.0}, std::pair{LatencyKind::p95, 6.0},
          std::pair{LatencyKind::p99, 7.0}, std::pair{LatencyKind::mean, 4.5}, std::pair{LatencyKind::device, 3.0}}) {
        INFO(latency_kind_name(kind));
        row.published.latency_is = kind;
        const auto out = judge_row(row, {r});
        CHECK(*out.latency_ms == simulated);
        CHECK(*out.latency_error == Approx(simulated / 3 - 1));
        CHECK(out.error == out.latency_error);
    }
}

TEST_CASE("a device time counts before throughput, and its closed form is without the host") {
    record::RunRecord r = record_with(50, 4);
    r.latency_ms_p95 = 5, r.service_ms = 3;
    ValidationRow row;
    row.published.throughput = 40;
    row.published.latency_ms = 4;
    row.groups = {group(1, 20)};
    row.groups[0].closed_form->compute = microseconds(2000);
    row.published.latency_is = LatencyKind::p95;
    CHECK(*judge_row(row, {r}).error == Approx(0.25));
    CHECK(*judge_row(row, {r}).closed_error == Approx(-0.5));
    row.published.latency_is = LatencyKind::device;
    const auto out = judge_row(row, {r});
    CHECK(*out.error == Approx(-0.25));
    CHECK(*out.throughput_error == Approx(0.25));
    CHECK(*out.closed_error == Approx(-0.5));
    CHECK(*out.closed_latency_ms == Approx(2));
}

TEST_CASE("the summary means over what was compared and names the worst") {
    std::vector<ValidationRow> rows(4);
    std::vector<ValidationOutcome> outcomes(4);
    const std::array<double, 2> errors{0.1, -0.3};
    for (std::size_t i = 0; i < 2; ++i) {
        rows[i].published.id = i == 0 ? "a" : "b";
        outcomes[i].status = Comparison::compared;
        outcomes[i].error = errors[i];
        outcomes[i].closed_error = 0.5;
    }
    outcomes[3].status = Comparison::infeasible;
    const auto s = summary_of(rows, outcomes);
    CHECK(s.compared == 2);
    CHECK(s.skipped == 1);
    CHECK(s.not_compared == 1);
    CHECK(s.mean_absolute_error == Approx(0.2));
    CHECK(s.worst_error == -0.3);
    CHECK(s.worst_id == "b");
    CHECK(s.closed_mean_absolute_error == Approx(0.5));
}

TEST_CASE("the file with the meaning of names is read strictly") {
    const TableFile file(
        R"({"about": "", "models": {"a": 1}, "dtypes": {"x": {"dtype": "int4"}}, "compilers": [{"starts": ""}], "more": 1})");
    Problems problems;
    read_validation_names(file.path, problems);
    CHECK(problems.list().size() == 5);
}
