#include "flow/run/fill_record.hpp"

#include <algorithm>
#include <numeric>

#include "analysis/percentile.hpp"
#include "base/check.hpp"
#include "stats/on_chip.hpp"

namespace infsim::flow {

using record::report_ms;
using record::RunRecord;

namespace {

std::vector<double> latencies_ms(const Measurement& measurement) {
    std::vector<double> all;
    for (const CoreMeasurement& core : measurement.cores)
        for (const Duration latency : core.latencies) all.push_back(report_ms(latency));
    return all;
}

}  // namespace

void fill_infeasible(RunRecord& r, const compiler::DoesNotFit& why) {
    r.status = record::Status::infeasible;
    r.infeasible_resource = why.resource;
    r.infeasible_layer = why.layer;
    r.infeasible_wanted_bytes = why.wanted_bytes;
    r.infeasible_available_bytes = why.available_bytes;
    r.reason = why.text;
}

void fill_measured(RunRecord& r, const Measurement& measurement, const chip::Completion& alone) {
    const std::vector<double> latencies = latencies_ms(measurement);
    std::vector<double> services;
    for (const CoreMeasurement& core : measurement.cores)
        for (const chip::Completion& c : core.measured)
            services.push_back(report_ms(c.last_retirement - c.first_issue));
    const double batch = static_cast<double>(*r.batch_size), rate = measurement.inferences_per_second();
    r.throughput_avg = rate * batch;
    r.throughput_low = (rate - measurement.half_width) * batch;
    r.throughput_high = (rate + measurement.half_width) * batch;
    r.latency_ms_avg = analysis::mean(latencies);
    const auto percentile = [&](double p) { return analysis::percentile(latencies, p); };
    r.latency_ms_p0 = percentile(0);
    r.latency_ms_p50 = percentile(50);
    r.latency_ms_p90 = percentile(90);
    r.latency_ms_p95 = percentile(95);
    r.latency_ms_p99 = percentile(99);
    r.latency_ms_p100 = percentile(100);
    r.service_ms = analysis::mean(services);
    r.unloaded_service_ms = report_ms(alone.last_retirement - alone.first_issue);
    r.inferences_measured = static_cast<std::int64_t>(measurement.cores.front().measured.size());
}

OffsetSet offset_set(const Point& point, const Measurement& measurement, std::size_t index) {
    const double rate = measurement.inferences_per_second();
    return {point.seed + static_cast<std::int64_t>(index),
            rate * point.batch,
            (rate - measurement.half_width) * point.batch,
            (rate + measurement.half_width) * point.batch,
            analysis::percentile(latencies_ms(measurement), 50),
            static_cast<std::int64_t>(measurement.cores.front().measured.size())};
}

void fill_spread(RunRecord& r, const std::vector<OffsetSet>& sets) {
    std::vector<double> throughputs, latencies;
    for (const OffsetSet& set : sets) {
        throughputs.push_back(set.throughput);
        latencies.push_back(set.latency_ms_p50);
    }
    r.throughput_min = analysis::percentile(throughputs, 0);
    r.throughput_median = analysis::percentile(throughputs, 50);
    r.throughput_max = analysis::percentile(throughputs, 100);
    r.latency_ms_p50_min = analysis::percentile(latencies, 0);
    r.latency_ms_p50_median = analysis::percentile(latencies, 50);
    r.latency_ms_p50_max = analysis::percentile(latencies, 100);
}

void fill_engines(RunRecord& r, const stats::StallAccounts& stalls,
                  const std::vector<stats::InferenceRange>& measured) {
    const auto engines = stalls.engines(measured);
    std::size_t busiest = 0;
    for (std::size_t e = 0; e < engines.size(); ++e) {
        const auto total = std::accumulate(engines[e].begin(), engines[e].end(), std::int64_t{0});
        if (total == 0) continue;  // the program has no queue of this engine
        for (std::size_t s = 0; s < engines[e].size(); ++s)
            r.engine_share[e][s] = static_cast<double>(engines[e][s]) / static_cast<double>(total);
        r.engine_main_stall[e] = stats::main_stall_in_words(engines[e]);
        const bool computes = e != static_cast<std::size_t>(record::AccountedEngine::dma);
        if (computes && r.engine_share[e][0].value_or(0) > r.engine_share[busiest][0].value_or(0)) busiest = e;
    }
    r.main_stall = std::string{record::engine_name(static_cast<record::AccountedEngine>(busiest))} + " waits for " +
                   r.engine_main_stall[busiest];
}

void fill_demand(RunRecord& r, const hw::ChipSpec& spec, const analysis::Demand& demand, const stats::TrafficBytes& t,
                 double inferences_per_second) {
    using program::Purpose;
    const auto read = [&](Purpose p) { return t.read[static_cast<std::size_t>(p)]; };
    const auto written = [&](Purpose p) { return t.written[static_cast<std::size_t>(p)]; };
    r.dram_weight_bytes = read(Purpose::weights);
    r.dram_constant_bytes = read(Purpose::constants);
    r.dram_input_bytes = read(Purpose::input);
    r.dram_output_bytes = written(Purpose::output);
    r.dram_host_bytes = t.host_in + t.host_out;
    r.spill_save_bytes = written(Purpose::spill);
    r.spill_reload_bytes = read(Purpose::spill);
    if (written(Purpose::relayout) > 0) r.relayout_write_bytes = written(Purpose::relayout);
    if (read(Purpose::relayout) > 0) r.relayout_read_bytes = read(Purpose::relayout);
    r.weight_bytes_per_inference = static_cast<double>(*r.dram_weight_bytes) / static_cast<double>(*r.batch_size);
    const double peak = static_cast<double>(spec.dram.channel_bandwidth.count()) * spec.dram.channels;
    r.dram_utilisation = inferences_per_second * static_cast<double>(t.dram()) / peak;
    const analysis::Roofline roofline = analysis::roofline(spec, static_cast<int>(*r.cores), demand);
    r.roofline_ms = report_ms(roofline.bound);
    r.bound = roofline.resource;
}

void fill_program(RunRecord& r, const compiler::Compiled& compiled) {
    const program::Program& program = compiled.program;
    r.sb_peak_bytes = compiled.memory.peak_bytes;
    r.sb_lower_bound_bytes = compiled.memory.lower_bound_bytes;
    INFSIM_CHECK(compiled.memory.spill_save_bytes == *r.spill_save_bytes &&
                     compiled.memory.spill_reload_bytes == *r.spill_reload_bytes,
                 "the compiler's spill bytes differ from its program's");
    INFSIM_CHECK(compiled.memory.relayout_write_bytes == r.relayout_write_bytes.value_or(0) &&
                     compiled.memory.relayout_read_bytes == r.relayout_read_bytes.value_or(0),
                 "the compiler's relayout bytes differ from its program's");
    r.instructions = static_cast<std::int64_t>(program::instruction_count(program));
    r.layers = static_cast<std::int64_t>(program.layers.size());
    r.macs_per_inference = 0;
    for (const program::LayerInfo& layer : program.layers) *r.macs_per_inference += layer.macs;
    r.dram_footprint_bytes = *r.instructions * program::kInstructionBytes;
    for (const program::Segment& segment : program.segments) *r.dram_footprint_bytes += segment.bytes;
    const stats::OnChipBytes on_chip = stats::on_chip_bytes(program);
    r.sb_access_bytes = on_chip.state_buffer;
    r.psum_access_bytes = on_chip.psum;
}

}  // namespace infsim::flow
