#include "flow/service/serve.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/price.hpp"
#include "base/text.hpp"
#include "chip/chip.hpp"
#include "flow/run/host_tail.hpp"
#include "flow/run/run_point.hpp"
#include "flow/service/live_device.hpp"
#include "hw/derived.hpp"
#include "serving/host_device.hpp"
#include "serving/table_device.hpp"

namespace infsim::flow {

namespace {

using serving::Scenario;

/// Why copies of programs with these bytes by region do not fit a core's regions together.
std::string dram_shortage(const ServingPlan& plan, const std::vector<std::vector<std::int64_t>>& region_bytes) {
    const std::int64_t there = hw::dram_region_bytes(plan.chip).count();
    for (int r = 0; r < plan.chip.dram.channels; ++r) {
        std::int64_t wanted = 0;
        for (const auto& bytes : region_bytes) wanted += bytes[static_cast<std::size_t>(r)];
        if (wanted > there)
            return "the compiled programs together take " + number_text(wanted) + " bytes of each core's DRAM region " +
                   std::to_string(r) + ", which has " + number_text(there);
    }
    return "";
}

ServingResult judged(const Scenario& scenario, serving::Tally tally) {
    if (tally.latencies.empty())
        throw InputError(scenario.file, "/stop",
                         "no request is measured: " + number_text(tally.all_requests) + " arrive, the first " +
                             number_text(scenario.run.warm_up) + " are warm-up");
    ServingResult result;
    result.tally = std::move(tally);
    result.summary = serving::summarise(scenario, result.tally);
    return result;
}

/// A long query is simulated up to this many inferences, half a minute on measured times.
constexpr double kMostGrown = 1e6;

/// Offline's single query with enough samples for MLPerf's duration: as in LoadGen, a tenth more than the rate of a
/// shorter query requires. Empty if that would take too long.
std::optional<Scenario> lasting(Scenario scenario, const ServingResult& shorter) {
    const double factor = 1.1 * seconds(scenario.mlperf->duration) / seconds(shorter.tally.end - TimePoint{});
    if (factor * static_cast<double>(shorter.tally.batches) > kMostGrown) return std::nullopt;
    std::int32_t& samples = scenario.run.sizes.items.front();
    samples = static_cast<std::int32_t>(std::ceil(samples * factor));
    return scenario;
}

double mean_items(const serving::Run& run) {
    const auto* trace = std::get_if<serving::Trace>(&run.load);
    if (trace == nullptr) return run.sizes.mean();
    double sum = 0;
    for (const serving::Arrival& a : trace->arrivals) sum += a.items;
    return sum / static_cast<double>(trace->arrivals.size());
}

/// Runs on `chip` and, if the network has host operators, on the host after it.
serving::Tally simulated(const ServingPlan& plan, const serving::Run& run, serving::Device& chip,
                         const serving::ProgressCallback& progress) {
    std::vector<Duration> times;
    for (std::size_t p : held(plan, run.server.sizes)) times.push_back(host_time(plan.points[p]));
    if (std::all_of(times.begin(), times.end(), [](Duration t) { return t == Duration{}; }))
        return serving::simulate(run, chip, progress);
    serving::HostDevice device(chip, std::move(times));
    return serving::simulate(run, device, progress);
}

std::string sizes_text(const std::vector<int>& sizes) {
    std::vector<std::string> all;
    for (int size : sizes) all.push_back(std::to_string(size));
    return join(all, "+");
}

}  // namespace

std::string why_not(const ServingPlan& plan, const ServiceTables& tables, const std::vector<std::size_t>& programs) {
    std::vector<std::vector<std::int64_t>> bytes;
    for (std::size_t p : programs) {
        const ServiceTable& table = tables.table(p);
        if (!table.fits) return "B=" + std::to_string(plan.programs[p].batch) + ": " + table.reason;
        bytes.push_back(table.region_bytes);
    }
    return dram_shortage(plan, bytes);
}

ServingResult serve_on_table(const ServingPlan& plan, const Scenario& scenario, ServiceTables& tables,
                             const serving::ProgressCallback& progress) {
    const auto& server = scenario.run.server;
    const auto once = [&](const Scenario& s) {
        MeasuredTimes times(tables, held(plan, server.sizes));
        serving::TableDevice device(times, server.chips, server.cores_per_chip);
        return judged(s, simulated(plan, s.run, device, progress));
    };
    ServingResult result = once(scenario);
    if (!scenario.mlperf || !scenario.mlperf->grows || result.tally.end - TimePoint{} >= scenario.mlperf->duration)
        return result;
    const auto longer = lasting(scenario, result);
    return longer ? once(*longer) : result;
}

std::optional<double> offered_load(const ServingPlan& plan, const Scenario& scenario, ServiceTables& tables) {
    const auto rate = serving::offered_rate(scenario.run.load);
    if (!rate) return std::nullopt;
    constexpr int kBatches = 200;  // per core, the first tenth of them not counted
    const serving::Server& server = scenario.run.server;
    const int most = *std::max_element(server.sizes.begin(), server.sizes.end());
    serving::Run full;
    full.server = server;
    full.server.sizes = {most};
    full.server.outstanding_per_core = 2;
    full.server.outstanding_in_all = 0;
    full.host = scenario.run.host;
    full.host.per_request = full.host.per_item = Duration{};
    full.policy = serving::NoneOptions{};
    full.load = serving::ClosedLoop{server.cores(), 2, {}};
    full.sizes.items = {most};
    full.stop.requests = std::int64_t{kBatches} * server.cores();
    full.warm_up = full.stop.requests / 10;
    MeasuredTimes times(tables, held(plan, full.server.sizes));
    serving::TableDevice device(times, server.chips, server.cores_per_chip);
    const serving::Tally tally = simulated(plan, full, device, {});
    const double capacity = static_cast<double>(tally.items) / seconds(tally.window_end - tally.window_start);
    return *rate * mean_items(scenario.run) / capacity;
}

std::optional<ServingResult> serve_live(const ServingPlan& plan, std::string& reason,
                                        const serving::ProgressCallback& progress) {
    std::vector<std::shared_ptr<const program::Program>> programs;
    std::vector<std::vector<std::int64_t>> bytes;
    for (const Point& point : plan.points) {
        compiler::CompileResult compiled = compile_point(point);
        if (const auto* why = std::get_if<compiler::DoesNotFit>(&compiled)) {
            reason = "B=" + std::to_string(point.batch) + ": " + why->text;
            return std::nullopt;
        }
        programs.push_back(
            std::make_shared<const program::Program>(std::move(std::get<compiler::Compiled>(compiled).program)));
        bytes.emplace_back(static_cast<std::size_t>(plan.chip.dram.channels), 0);
        for (const program::Segment& s : programs.back()->segments) bytes.back()[s.region] += s.bytes;
    }
    reason = dram_shortage(plan, bytes);
    if (!reason.empty()) return std::nullopt;
    const serving::Run& run = plan.scenario.run;
    chip::Chip chip(plan.chip, run.server.cores_per_chip, {});
    LiveDevice device(chip, run.server.cores_per_chip, std::move(programs),
                      run.host.per_inference - run.host.most_jitter(run.host.per_inference));
    return judged(plan.scenario, simulated(plan, run, device, progress));
}

record::ServingRecord infeasible_record(const ServingPlan& plan, const std::string& reason) {
    const Scenario& s = plan.scenario;
    const serving::Server& server = s.run.server;
    record::ServingRecord r;
    r.scenario = s.name;
    r.model_name = plan.model_name;
    r.dtype = plan.dtype;
    r.chip = plan.chip.name;
    r.compiler = plan.compiler;
    r.n_models = server.cores();
    r.workers_per_model = server.outstanding_in_all > 0 ? server.outstanding_in_all : server.outstanding_per_core;
    r.chips = server.chips;
    r.batch_size = sizes_text(server.sizes);
    r.policy = serving::policy_name(s.run.policy);
    r.load = s.load_kind;
    r.backend = s.live == serving::Live::yes ? "live" : "table";
    r.offered_rate = serving::offered_rate(s.run.load);
    r.seed = static_cast<std::int64_t>(s.run.seed);
    r.status = "infeasible";
    r.reason = reason;
    r.scenario_id = plan.id;
    return r;
}

record::ServingRecord record_of(const ServingPlan& plan, const Scenario& scenario, const ServingResult& result) {
    const serving::Summary& s = result.summary;
    const serving::Tally& t = result.tally;
    record::ServingRecord r = infeasible_record(plan, join(s.reasons, "; "));
    r.status = "ok";
    r.verdict = s.valid() ? "VALID" : "INVALID";
    r.items_per_request = static_cast<double>(t.items) / static_cast<double>(t.requests);
    r.throughput_avg = s.throughput;
    r.requests_per_s = s.requests_per_s;
    r.offered_load = result.offered_load;
    r.latency_ms_avg = s.latency_avg;
    r.latency_ms_p0 = s.p0;
    r.latency_ms_p50 = s.p50;
    r.latency_ms_p90 = s.p90;
    r.latency_ms_p95 = s.p95;
    r.latency_ms_p99 = s.p99;
    r.latency_ms_p99_9 = s.p99_9;
    r.latency_ms_p100 = s.p100;
    r.latency_ms_p99_low = s.p99_low;
    r.latency_ms_p99_high = s.p99_high;
    r.latency_ms_early_stopping = s.early_stopping;
    if (scenario.run.bound > Duration{0}) {
        r.goodput = s.goodput;
        r.bound_ms = record::report_ms(scenario.run.bound);
        r.bound_percentile = scenario.percentile;
    }
    r.padding_fraction = s.padding;
    r.batch_items_avg = s.batch_items;
    r.queue_items_avg = s.waiting_avg;
    r.queue_items_max = s.waiting_max;
    r.core_utilisation = s.utilisation;
    r.in_system_avg = s.in_system;
    r.rate_times_latency = s.rate_times_latency;
    r.requests_measured = static_cast<std::int64_t>(t.latencies.size());
    if (plan.price)
        r.cost_per_1m_inf =
            analysis::usd_per_million(plan.price->usd_per_chip_hour * scenario.run.server.chips, s.throughput);
    return r;
}

}  // namespace infsim::flow
