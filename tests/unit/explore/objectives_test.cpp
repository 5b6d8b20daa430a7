#include <catch2/catch.hpp>

#include "explore/offers.hpp"
#include "explore/sweep_file.hpp"

using namespace infsim;
using namespace infsim::explore;
using analysis::Standing;

namespace {

std::optional<Sweep> read(const std::string& asks, Problems& problems) {
    const auto document = json::parse_text(
        R"({"question": "?", "base": {"model": "m.json"}, "axes": [{"key": "batch", "values": [1, 2, 4]},
            {"key": "chip.state_buffer.partition_bytes", "values": ["64KiB", "96KiB"]}], )" +
            asks + "}",
        "s.json", problems);
    REQUIRE(document);
    return read_sweep(*document, {}, problems);
}

std::vector<std::string> problems_of(const std::string& asks) {
    Problems problems;
    CHECK_FALSE(read(asks, problems));
    std::vector<std::string> all;
    for (const Problem& p : problems.list()) all.push_back(to_text(p));
    return all;
}

SweepRow row(const std::string& batch, const std::string& size, double throughput, double p99) {
    SweepRow r;
    r.axis_values = {batch, size};
    r.record.status = record::Status::ok;
    r.record.throughput_avg = throughput;
    r.record.throughput_low = throughput * 0.98;
    r.record.throughput_high = throughput * 1.02;
    r.record.latency_ms_p99 = p99;
    return r;
}

SweepRow infeasible(const std::string& batch, const std::string& size) {
    SweepRow r;
    r.axis_values = {batch, size};
    r.record.status = record::Status::infeasible;
    return r;
}

}  // namespace

TEST_CASE("objectives are one column or several, and bounds numbers or quantities in the column's unit") {
    Problems problems;
    const auto sweep = read(R"("maximize": "throughput_avg", "minimize": ["cost_per_1m_inf", "batch"],
        "subject_to": ["latency_ms_p99 <= 10ms", "latency_ms_p50 < 7.5", "sb_peak_bytes <= 64KiB",
                       "chip.state_buffer.partition_bytes >= 65kB"])",
                            problems);
    CHECK(problems.empty());
    REQUIRE(sweep);
    const auto& wanted = sweep->objectives.wanted;
    REQUIRE(wanted.size() == 3);
    CHECK(wanted[0].column == "throughput_avg");
    CHECK(wanted[0].maximize);
    CHECK(wanted[0].where == "/maximize");
    CHECK_FALSE(wanted[2].maximize);
    CHECK(wanted[2].where == "/minimize/1");
    const auto& bounds = sweep->objectives.bounds;
    REQUIRE(bounds.size() == 4);
    CHECK(bounds[0].limit == 10);
    CHECK(bounds[1].limit == 7.5);
    CHECK(bounds[2].limit == 65536);
    CHECK(bounds[3].limit == 65000);
}

TEST_CASE("what no objective can be is told at its place, with what would be right") {
    CHECK(problems_of(R"("maximize": ["throughput_avgg", "bound"], "minimize": 3)") ==
          std::vector<std::string>{"s.json: /minimize: must name a column, or be an array of names, and is an integer",
                                   "s.json: /maximize/0: 'throughput_avgg' is not a column of the table; did you mean "
                                   "'throughput_avg'? (infsim sweep --help-columns lists them)",
                                   "s.json: /maximize/1: 'bound' is text, and must be a column of numbers"});
    CHECK(problems_of(R"("maximize": [], "minimize": ["service_ms", "service_ms"])") ==
          std::vector<std::string>{"s.json: /maximize: must name a column",
                                   "s.json: /minimize/1: 'service_ms' is named already"});
    CHECK(problems_of(R"("subject_to": ["latency_ms_p99 <= fast", "latency_ms_p99 <= 10KiB", "p99 < 3"])") ==
          std::vector<std::string>{
              "s.json: /subject_to/0: 'fast' must be a number, such as in \"latency_ms_p99 <= 10\"",
              "s.json: /subject_to/1: 'latency_ms_p99' is in ms and cannot be compared with a quantity of bytes",
              "s.json: /subject_to/2: 'p99' is not a column of the table (infsim sweep --help-columns lists them)"});
}

TEST_CASE("a sweep of scenarios has no objectives") {
    Problems problems;
    const auto document = json::parse_text(
        R"({"question": "?", "base": {"scenario": "x.json"}, "axes": [], "maximize": "goodput"})", "s.json", problems);
    CHECK_FALSE(read_sweep(*document, {}, problems));
    CHECK(to_text(problems.list().front()) ==
          "s.json: /maximize: does not apply to a sweep of scenarios, only to one of points");
}

TEST_CASE("the winner satisfies the bounds; each bound costs what the best without it gives more") {
    Problems problems;
    const auto sweep = read(R"("maximize": "throughput_avg",
        "subject_to": ["latency_ms_p99 <= 10", "chip.state_buffer.partition_bytes <= 64KiB"])",
                            problems);
    REQUIRE(sweep);
    const std::vector<SweepRow> rows{row("1", "64KiB", 100, 5),  row("1", "96KiB", 130, 5),  row("2", "64KiB", 150, 10),
                                     row("2", "96KiB", 190, 12), row("4", "64KiB", 180, 20), infeasible("4", "96KiB")};
    const Verdicts verdicts = verdicts_of(*sweep, rows);
    CHECK(verdicts.satisfies == std::vector<bool>{true, false, true, false, false, false});
    REQUIRE(verdicts.networks.size() == 1);
    CHECK(verdicts.networks[0].satisfying == 2);
    CHECK(verdicts.networks[0].winner == 2U);
    CHECK(verdicts.networks[0].without == std::vector<std::optional<std::size_t>>{4U, 2U});
    const auto columns = objective_columns(*sweep, rows);
    REQUIRE(columns.size() == 2);
    CHECK(columns[0].column.name == "satisfies_constraints");
    CHECK(columns[0].cells == std::vector<std::string>{"true", "false", "true", "false", "false", "false"});
    CHECK(columns[1].column.name == "pareto");
    CHECK(columns[1].cells == std::vector<std::string>{"false", "false", "true", "false", "false", "false"});
    CHECK(table_csv(*sweep, rows).find(",satisfies_constraints,pareto\n") != std::string::npos);
}

TEST_CASE("of equal points by the first objective the next one decides, then the order of the table") {
    Problems problems;
    const auto sweep = read(R"("maximize": "throughput_avg", "minimize": "batch")", problems);
    const std::vector<SweepRow> rows{row("4", "64KiB", 200, 5), row("2", "64KiB", 200, 5), row("2", "96KiB", 200, 5)};
    const Verdicts verdicts = verdicts_of(*sweep, rows);
    CHECK(verdicts.networks[0].winner == 1U);
    CHECK(verdicts.on_front(1));
    CHECK(verdicts.on_front(2));
    CHECK_FALSE(verdicts.on_front(0));
}

TEST_CASE("points that only the interval of their measurement holds apart are within it, latencies too") {
    Problems problems;
    const auto sweep = read(R"("minimize": "latency_ms_p99")", problems);
    const std::vector<SweepRow> rows{row("1", "64KiB", 100, 10), row("2", "64KiB", 100, 10.3),
                                     row("4", "64KiB", 100, 11)};
    CHECK(verdicts_of(*sweep, rows).standings ==
          std::vector<Standing>{Standing::front, Standing::within_intervals, Standing::dominated});
}

TEST_CASE("networks have winners and fronts of their own") {
    Problems problems;
    const auto document = json::parse_text(
        R"({"question": "?", "base": {}, "axes": [{"key": "model", "values": ["a", "b"]}, {"key": "batch", "values": [1, 2]}],
            "maximize": "throughput_avg"})",
        "s.json", problems);
    const auto sweep = read_sweep(*document, {}, problems);
    REQUIRE(sweep);
    const std::vector<SweepRow> rows{row("a", "1", 900, 5), row("a", "2", 1000, 5), row("b", "1", 10, 5),
                                     row("b", "2", 9, 5)};
    const Verdicts verdicts = verdicts_of(*sweep, rows);
    REQUIRE(verdicts.networks.size() == 2);
    CHECK(verdicts.networks[1].network == "model=b");
    CHECK(verdicts.networks[1].winner == 2U);
    CHECK(verdicts.on_front(2));
}

TEST_CASE("bounds alone add one column, and a sweep that only asks none") {
    Problems problems;
    const auto bounded = read(R"("subject_to": ["latency_ms_p99 <= 10"])", problems);
    const auto asking = read(R"("where": [])", problems);
    const std::vector<SweepRow> rows{row("1", "64KiB", 100, 5)};
    REQUIRE(objective_columns(*bounded, rows).size() == 1);
    CHECK(objective_columns(*bounded, rows)[0].cells == std::vector<std::string>{"true"});
    CHECK(objective_columns(*asking, rows).empty());
}
