#include <catch2/catch.hpp>

#include "explore/offers.hpp"
#include "explore/open_batch.hpp"
#include "explore/sweep_file.hpp"

using namespace infsim;
using namespace infsim::explore;

namespace {

std::optional<Sweep> read(const std::string& members, Problems& problems,
                          const std::string& axes = R"([{"key": "batch", "values": [1, 2, 4, 8]}])") {
    const auto document = json::parse_text(
        R"({"question": "?", "base": {"model": "m.json"}, "axes": )" + axes + ", " + members + "}", "s.json", problems);
    REQUIRE(document);
    return read_sweep(*document, {}, problems);
}

Sweep good(const std::string& members, const std::string& axes = R"([{"key": "batch", "values": [1, 2, 4, 8]}])") {
    Problems problems;
    const auto sweep = read(members, problems, axes);
    for (const Problem& p : problems.list()) UNSCOPED_INFO(to_text(p));
    REQUIRE(sweep);
    return *sweep;
}

std::vector<std::string> problems_of(const std::string& members,
                                     const std::string& axes = R"([{"key": "batch", "values": [1, 2, 4, 8]}])") {
    Problems problems;
    CHECK_FALSE(read(members, problems, axes));
    std::vector<std::string> all;
    for (const Problem& p : problems.list()) all.push_back(to_text(p));
    return all;
}

SweepRow estimated(const std::string& batch, double throughput, double service_ms) {
    SweepRow row;
    row.axis_values = {batch};
    row.record.status = record::Status::estimated;
    row.record.throughput_avg = throughput;
    row.record.throughput_low = throughput * 0.9;
    row.record.throughput_high = throughput * 1.1;
    row.record.service_ms = service_ms;
    return row;
}

}  // namespace

TEST_CASE("a sweep says how its points are measured, by simulation where it does not") {
    CHECK(good(R"("maximize": "throughput_avg")").method.measure == Measure::simulation);
    CHECK(good(R"("measure": "simulation")").method.measure == Measure::simulation);
    for (const char* const text : {R"("measure": "estimate")", R"("measure": ["estimate"])"}) {
        const Sweep sweep = good(text);
        CHECK(sweep.method.measure == Measure::estimate);
        Problems problems;
        for (const SweepPoint& point : expand(sweep, problems)) CHECK(point.request.method == flow::Method::estimate);
    }
    const Sweep limits = good(R"("measure": "limits", "max_batch": 128)", "[]");
    CHECK(limits.method.measure == Measure::limits);
    CHECK(limits.max_batch == 128);
    CHECK_FALSE(goes_to_limit(limits));
}

TEST_CASE("what does not go with a measure is a problem at its place") {
    using All = std::vector<std::string>;
    CHECK(problems_of(R"("measure": "guess")") ==
          All{"s.json: /measure: must be one of simulation, estimate, limits, and is 'guess'"});
    CHECK(problems_of(R"("measure": 1)") ==
          All{"s.json: /measure: must be one of simulation, estimate, limits, and is an integer"});
    CHECK(problems_of(R"("measure": ["estimate", "limits"])") ==
          All{"s.json: /measure: must name one of simulation, estimate, limits"});
    CHECK(problems_of(R"("measure": "limits")") ==
          All{"s.json: /axes/0: is what \"measure\": \"limits\" searches for; \"max_batch\" bounds it"});
    CHECK(problems_of(R"("maximize": "batch", "then": {"simulate": "pareto"})") ==
          All{"s.json: /then: follows \"measure\": \"estimate\" only"});
    CHECK(problems_of(R"("measure": "estimate", "then": {"simulate": "pareto"})") ==
          All{"s.json: /then: needs \"maximize\" or \"minimize\": without either there is no front"});
    CHECK(problems_of(R"("measure": "estimate", "maximize": "batch", "then": {"simulate": "all"})") ==
          All{"s.json: /then/simulate: must be 'pareto', and is 'all'"});
    CHECK(problems_of(R"("measure": "estimate", "minimize": "latency_ms_p99")") ==
          All{"s.json: /minimize: 'latency_ms_p99' is known only for simulated points; an estimate has throughput_avg, "
              "latency_ms_avg and service_ms"});
    CHECK(problems_of(R"("measure": "estimate", "maximize": "batch", "subject_to": ["latency_ms_p99 <= 1"])").size() ==
          1);
    good(R"("measure": "estimate", "maximize": "batch", "subject_to": ["latency_ms_p99 <= 1"],
            "then": {"simulate": "pareto"})");
}

TEST_CASE("the front by estimates is simulated, with what the margin leaves in doubt") {
    const std::vector<SweepRow> rows{estimated("1", 100, 1), estimated("2", 98, 1.5), estimated("4", 80, 2),
                                     estimated("8", 120, 4)};
    const std::string asks = R"("measure": "estimate", "maximize": "throughput_avg", "minimize": "service_ms",
                                "subject_to": ["latency_ms_p99 <= 3"], "then": {"simulate": "pareto")";
    CHECK(rows_to_simulate(good(asks + "}"), rows) == std::vector<std::size_t>{0, 3});
    // 98 at 1.5 ms is not better than 100 at 1 ms by any 2 %, but the throughput alone may be.
    const std::string one = R"("measure": "estimate", "maximize": "throughput_avg", "then": {"simulate": "pareto")";
    CHECK(rows_to_simulate(good(one + "}"), rows) == std::vector<std::size_t>{3});
    CHECK(rows_to_simulate(good(one + R"(, "margin": 0.05})"), rows) == std::vector<std::size_t>{3});
    CHECK(rows_to_simulate(good(one + R"(, "margin": 0.1})"), rows) == std::vector<std::size_t>{0, 3});
}

TEST_CASE("behind the simulation of the front only simulated points are judged") {
    const Sweep sweep = good(R"("measure": "estimate", "maximize": "throughput_avg", "then": {"simulate": "pareto"})");
    std::vector<SweepRow> rows{estimated("1", 100, 1), estimated("2", 130, 2)};
    rows[1].record.status = record::Status::ok;
    rows[1].record.throughput_avg = 90;
    const Verdicts verdicts = verdicts_of(sweep, rows);
    CHECK(verdicts.satisfies == std::vector<bool>{false, true});
    CHECK(verdicts.networks.at(0).winner == 1U);
    const Sweep priced = good(R"("measure": "estimate", "maximize": "throughput_avg")");
    CHECK(verdicts_of(priced, rows).networks.at(0).winner == 0U);
}
