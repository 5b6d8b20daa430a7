#include <catch2/catch.hpp>

#include "flow/run/estimate_point.hpp"
#include "record/columns.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

Point point_of(int batch, int cores, int workers = 2) {
    PointRequest request;
    request.model = "three_layers";
    request.batch = batch;
    request.cores = cores;
    request.workers = workers;
    ModelCache models;
    Problems problems;
    const auto point = resolve(request, models, problems);
    for (const Problem& p : problems.list()) UNSCOPED_INFO(to_text(p));
    REQUIRE(point);
    return *point;
}

}  // namespace

TEST_CASE("a core completes an inference per service time at most, a worker one per round trip") {
    const auto us = [](std::int64_t n) { return microseconds(n); };
    // One worker: the core waits for it. Two: the core is the bottleneck, and each worker waits for the other one.
    CHECK(estimated_cycle(us(10), us(4), 1).period == us(14));
    CHECK(estimated_cycle(us(10), us(4), 1).latency == us(14));
    CHECK(estimated_cycle(us(10), us(4), 2).period == us(10));
    CHECK(estimated_cycle(us(10), us(4), 2).latency == us(20));
    // Away for longer than the others keep the core busy.
    CHECK(estimated_cycle(us(10), us(20), 2).period == us(15));
    CHECK(estimated_cycle(us(10), us(20), 3).period == us(10));
}

TEST_CASE("an estimate has figures with an interval, and nothing that only a simulation knows") {
    const record::RunRecord estimate = estimate_point(point_of(4, 4)).record;
    CHECK(estimate.status == record::Status::estimated);
    int filled = 0;
    for (const record::Column& c : record::columns()) {
        INFO(c.name);
        const bool empty = record::cell_text(c, estimate).empty();
        if (simulated_only(c.name)) CHECK(empty);
        filled += empty ? 0 : 1;
    }
    CHECK(filled > 40);
    CHECK(*estimate.throughput_high == Approx(*estimate.throughput_avg * (1 + kEstimateError)));
    CHECK(*estimate.throughput_low == Approx(*estimate.throughput_avg * (1 - kEstimateError)));
    // The roofline bounds completions, not service: here the link to the host.
    CHECK(*estimate.throughput_avg <= 4 * 4 / *estimate.roofline_ms * 1e3 * 1.0001);
    CHECK(*estimate.unloaded_service_ms <= *estimate.service_ms);
}

TEST_CASE("with one worker the host's time counts as well") {
    const Point point = point_of(1, 1, 1);
    const record::RunRecord estimate = estimate_point(point).record;
    const double trip_ms = 1e3 / *estimate.throughput_avg, service_ms = *estimate.service_ms;
    CHECK(*estimate.latency_ms_avg == Approx(trip_ms));
    // The call, and the fixed cost of a transfer each way.
    const Duration fixed = point.chip.host.call_overhead + 2 * point.chip.host.transfer_latency;
    CHECK(trip_ms > service_ms + milliseconds(fixed));
    CHECK(trip_ms < service_ms + 1.5 * milliseconds(fixed));
}

TEST_CASE("what does not fit is infeasible by estimate as well, and the identity tells both methods apart") {
    PointRequest request;
    request.model = "three_layers";
    request.settings = {{"chip.state_buffer.partition_bytes", "1KiB", "", "--set"},
                        {"compiler.spill.spill", false, "", "--set"}};
    ModelCache models;
    Problems problems;
    const auto simulated = resolve(request, models, problems);
    request.method = Method::estimate;
    const auto priced = resolve(request, models, problems);
    REQUIRE((simulated && priced));
    CHECK(simulated->id != priced->id);
    const auto record = estimate_point(*priced).record;
    CHECK(record.status == record::Status::infeasible);
    CHECK_FALSE(record.reason.empty());
    const auto document = json::parse_text(json::dump(to_json(request), 0), "r", problems);
    CHECK(point_request_from_json(*document, problems).method == Method::estimate);
}
