#include "flow/run/estimate_point.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "compiler/search/estimate.hpp"
#include "flow/run/demand.hpp"
#include "flow/run/efficiency.hpp"
#include "flow/run/fill_record.hpp"
#include "flow/run/host_tail.hpp"
#include "stats/program_index.hpp"

namespace infsim::flow {

namespace {

using record::report_ms;
using record::RunRecord;

/// Time of an inference off its core: the call, both transfers, operators on the host.
Duration time_away(const Point& point, const analysis::Demand& demand) {
    const hw::HostSpec& host = point.chip.host;
    return call_time(point) + 2 * host.transfer_latency + (demand.host_in + demand.host_out) / host.link_bandwidth +
           host_time(point);
}

void fill_estimated(RunRecord& r, const Point& point, Duration service, const EstimatedCycle& cycle) {
    r.service_ms = report_ms(service);
    r.throughput_avg = point.cores * point.batch / seconds(cycle.period);
    r.throughput_low = *r.throughput_avg * (1 - kEstimateError);
    r.throughput_high = *r.throughput_avg * (1 + kEstimateError);
    r.latency_ms_avg = report_ms(cycle.latency);
    if (point.graph.host) r.host_ms = report_ms(host_time(point));
}

void fill(RunRecord& r, const Point& point, const compiler::Compiled& compiled) {
    const program::Program& program = compiled.program;
    const stats::ProgramIndex index(program);
    const analysis::Demand demand = demand_of(point.chip, program);
    const Duration bound = analysis::roofline(point.chip, point.cores, demand).bound;
    const Duration service = compiler::estimate(program, point.chip, point.cores).makespan;
    fill_estimated(r, point, service,
                   estimated_cycle(std::max(service, bound), time_away(point, demand), point.workers));
    r.unloaded_service_ms =
        point.cores == 1 ? r.service_ms : report_ms(compiler::estimate(program, point.chip, 1).makespan);
    fill_demand(r, point.chip, demand, stats::expected_traffic(program, index),
                point.cores / seconds(std::max(service, bound)));
    fill_program(r, compiled);
    r.ideal_ms = report_ms(analysis::ideal_time(point.chip, point.dtype, point.cores, needed_work(point, demand)));
    r.efficiency = *r.ideal_ms / *r.service_ms;
    r.status = record::Status::estimated;
}

}  // namespace

EstimatedCycle estimated_cycle(Duration service, Duration away, int workers) {
    const Duration trip = service + away;
    const Duration period = std::max(service, Duration{(trip.count() + workers - 1) / workers});
    return {period, period * workers};
}

PointResult estimate_point(const Point& point) {
    PointResult result;
    result.record = record_of(point);
    const auto start = std::chrono::steady_clock::now();
    const compiler::CompileResult compiled = compile_point(point);
    if (const auto* why = std::get_if<compiler::DoesNotFit>(&compiled)) {
        fill_infeasible(result.record, *why);
        result.live_tensors = why->tensors;
    } else {
        const auto& fits = std::get<compiler::Compiled>(compiled);
        result.timing.passes = fits.passes;
        fill(result.record, point, fits);
    }
    result.timing.compile_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

bool simulated_only(std::string_view column) {
    constexpr std::array<std::string_view, 6> kBeginnings{"latency_ms_p", "throughput_m", "pe_",
                                                          "act_",         "pool_",        "dma_"};
    constexpr std::array<std::string_view, 4> kNames{"inferences_measured", "layers_dram_bound", "main_stall",
                                                     "why_slow"};
    const auto begins = [&](std::string_view with) { return column.rfind(with, 0) == 0; };
    return std::any_of(kBeginnings.begin(), kBeginnings.end(), begins) ||
           std::find(kNames.begin(), kNames.end(), column) != kNames.end();
}

}  // namespace infsim::flow
