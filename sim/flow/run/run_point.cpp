#include "flow/run/run_point.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include "base/check.hpp"
#include "chip/chip.hpp"
#include "compiler/memory/budget.hpp"
#include "compiler/quick_refusal.hpp"
#include "compiler/search/estimate.hpp"
#include "flow/run/closed_loop.hpp"
#include "flow/run/demand.hpp"
#include "flow/run/efficiency.hpp"
#include "flow/run/fill_record.hpp"
#include "flow/run/host_tail.hpp"
#include "hw/derived.hpp"
#include "stats/occupancy.hpp"
#include "stats/timeline.hpp"

namespace infsim::flow {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The inference of core 0 whose layers and timeline are kept. Its number is known before the run: the inference alone
/// comes first, then the warm-up; a core by itself is measured over its fourth inference at the latest.
std::uint64_t observed_inference(const Point& point) {
    return point.cores == 1 ? 4 : 1 + static_cast<std::uint64_t>(LoopOptions{}.warm_up);
}

/// The observers of one run.
struct Observers {
    Observers(const stats::ProgramIndex& index, const Point& point, std::uint64_t observed)
        : stalls(index, point.cores),
          traffic(index, point.cores, point.chip.dram.channels),
          layers(index, 0, observed),
          shares(index, 0, observed),
          timeline(index, {0, observed, observed + 1}) {}

    std::vector<observe::Observer*> list(bool with_timeline) {
        std::vector<observe::Observer*> all{&stalls, &traffic, &layers, &shares};
        if (with_timeline) all.push_back(&timeline);
        if (tracing) all.push_back(&tracing->observer());
        return all;
    }

    stats::StallAccounts stalls;
    stats::Traffic traffic;
    stats::Layers layers;
    stats::LayerShares shares;
    stats::Timeline timeline;
    std::optional<Tracing> tracing;
};

/// The inference that runs alone; with inputs it also computes. After it the core continues without data, since further
/// inferences would only compute the same again.
chip::Completion run_alone_with(const Point& point, const std::shared_ptr<const program::Program>& program,
                                const Inputs* inputs, chip::Chip& chip, PointResult& result) {
    Device device = device_of(chip);
    if (inputs != nullptr) {
        chip.load(0, program, weight_segments(point, *program, *inputs));
        device.submit = [&](int core, TimePoint at) {
            return chip.submit(core, at, input_segments(point, *program, *inputs));
        };
    }
    chip::Completion alone = run_alone(device, call_time(point));
    result.alone_service = alone.last_retirement - alone.first_issue;
    if (inputs != nullptr) {
        result.outputs = model_outputs(point, *program, *alone.outputs, *inputs);
        chip.load(0, program);
    }
    return alone;
}

/// How a start is measured.
LoopOptions length_of(const Point& point) {
    LoopOptions loop;
    if (point.inferences > 0) loop.least_measured = loop.max_measured = point.inferences;
    return loop;
}

/// The point measured from one start, independent of what ran before: first from the usual one (`set` 0), then from
/// drawn ones.
Measurement measure(const Point& point, Device& device, Duration service, int set) {
    LoopOptions loop = length_of(point);
    loop.workers = point.workers;
    loop.call_overhead = call_time(point);
    loop.threads = point.chip.host.threads;
    loop.host_time = host_time(point);
    loop.seed = static_cast<std::uint64_t>(point.seed + set);
    loop.offsets = set == 0 ? usual_start(point.cores, service) : drawn_start(point.cores, service, loop.seed);
    device.forget_turns();
    return run_closed_loop(device, loop);
}

/// The usual start, then the further ones that the point requests, on the same chip.
std::vector<Measurement> measure_all(const Point& point, Device& device, Duration service,
                                     std::optional<Tracing>& tracing) {
    std::vector<Measurement> sets;
    for (int k = 0; k < point.offset_sets; ++k) {
        if (k > 0) drain(device, call_time(point), sets.back().outstanding);
        sets.push_back(measure(point, device, service, k));
        if (k == 0 && tracing) tracing->finish(sets.back(), device.now());
    }
    return sets;
}

void simulate(const Point& point, const compiler::Compiled& compiled, const RunOptions& options, PointResult& result) {
    const auto program = std::shared_ptr<const program::Program>(std::shared_ptr<void>{}, &compiled.program);
    const stats::ProgramIndex index(*program);
    Observers observers(index, point, observed_inference(point));
    if (options.trace) observers.tracing.emplace(point, length_of(point), *program, index, *options.trace);
    chip::Chip chip(point.chip, point.cores, observers.list(options.timeline));
    for (int core = 0; core < point.cores; ++core) chip.load(core, program);
    Device device = device_of(chip);

    const std::optional<Inputs> inputs = options.inputs ? std::optional{options.inputs()} : std::nullopt;
    chip::Completion alone = run_alone_with(point, program, inputs ? &*inputs : nullptr, chip, result);
    const std::vector<Measurement> sets =
        measure_all(point, device, alone.last_retirement - alone.first_issue, observers.tracing);
    const Measurement& measurement = sets.front();

    const analysis::Demand demand = demand_of(point.chip, *program);
    const stats::TrafficBytes expected = stats::expected_traffic(*program, index);
    for (const Measurement& set : sets) check_bounds(point.chip, demand, expected, observers.traffic, set);
    const stats::Occupancy occupancy = stats::occupancy(*program);
    result.layers = stats::layer_rows(*program, observers.layers.result(), occupancy.layers,
                                      {point.chip.pe.clock, hw::peak_macs_per_second(point.chip, point.dtype),
                                       analysis::fair_share(point.chip, point.cores)});
    result.layers_csv = stats::layers_csv(result.layers);
    fill_measured(result.record, measurement, alone);
    if (point.graph.host) result.record.host_ms = record::report_ms(host_time(point));
    for (const Measurement& set : sets) result.offset_sets.push_back(offset_set(point, set, result.offset_sets.size()));
    fill_spread(result.record, result.offset_sets);
    fill_engines(result.record, observers.stalls, measured_ranges(measurement));
    fill_demand(result.record, point.chip, demand, expected, measurement.inferences_per_second());
    fill_program(result.record, compiled);
    result.record.layers_dram_bound = std::count_if(result.layers.begin(), result.layers.end(),
                                                    [](const stats::LayerRow& l) { return l.bound == "dram"; });
    fill_efficiency(result, point, *program, demand, observers.shares);
    if (options.timeline) result.timeline_csv = stats::timeline_csv(*program, index, observers.timeline.spans());
    for (const CoreMeasurement& core : sets.back().cores)
        result.timing.simulated_instructions +=
            static_cast<std::int64_t>((core.measured.back().inference + 1) * program::instruction_count(*program));
}

/// The compiler knows only the graph, so its problems get the name of the file here.
template <class Compile>
auto naming_the_file(const Point& point, Compile compile) {
    try {
        return compile();
    } catch (const InputError& error) {
        std::vector<Problem> located = error.problems();
        for (Problem& p : located)
            if (p.file == point.model_name && !point.model_file.empty()) p.file = point.model_file;
        throw InputError(std::move(located));
    }
}

}  // namespace

compiler::CompileResult compile_point(const Point& point, const compiler::CompileExtras& extras) {
    return naming_the_file(point, [&] {
        return compiler::compile(point.graph, point.chip, point.batch, point.dtype, point.io_dtype, point.compiler,
                                 extras);
    });
}

std::optional<compiler::DoesNotFit> refusal_of(const Point& point) {
    return naming_the_file(point, [&] {
        return compiler::refusal_of(point.graph, point.chip, point.batch, point.dtype, point.io_dtype, point.compiler);
    });
}

std::optional<compiler::DoesNotFit> quick_refusal_of(const Point& point) {
    return naming_the_file(point, [&] {
        return compiler::quick_refusal_of(point.graph, point.chip, point.batch, point.dtype, point.io_dtype,
                                          point.compiler);
    });
}

std::optional<Prospect> prospect_of(const Point& point) {
    const auto result = compile_point(point);
    const auto* fits = std::get_if<compiler::Compiled>(&result);
    if (fits == nullptr) return std::nullopt;
    const Duration bound = analysis::roofline(point.chip, point.cores, demand_of(point.chip, fits->program)).bound;
    const Duration expected = compiler::estimate(fits->program, point.chip, point.cores).makespan;
    const auto rate = [&](Duration service) { return point.cores * point.batch / seconds(service); };
    return Prospect{rate(bound), rate(expected)};
}

record::RunRecord record_of(const Point& point) {
    record::RunRecord r;
    r.point_id = point.id;
    r.model_name = point.model_name;
    r.n_models = point.cores;
    r.workers_per_model = point.workers;
    r.batch_size = point.batch;
    r.dtype = dtype_name(point.dtype);
    r.io_dtype = dtype_name(point.io_dtype);
    r.chip = point.chip.name;
    r.compiler = point.compiler.name;
    r.cores = point.cores;
    r.seed = point.seed;
    r.offset_sets = point.offset_sets;
    r.sb_capacity_bytes = point.chip.state_buffer.partition_bytes.count();
    const auto budget = compiler::budget_of(point.compiler, compiler::target_of(point.chip));
    r.sb_budget_bytes = budget.bytes;
    r.sb_budget_binding = budget.binding;
    return r;
}

PointResult run_point(const Point& point, const RunOptions& options) {
    PointResult result;
    result.record = record_of(point);
    const auto start = std::chrono::steady_clock::now();
    compiler::CompileExtras extras;
    extras.verify = options.verify;
    const compiler::CompileResult compiled = compile_point(point, extras);
    result.timing.compile_seconds = seconds_since(start);
    if (const auto* why = std::get_if<compiler::DoesNotFit>(&compiled)) {
        fill_infeasible(result.record, *why);
        result.live_tensors = why->tensors;
        return result;
    }
    const auto& fits = std::get<compiler::Compiled>(compiled);
    result.timing.passes = fits.passes;
    const auto begin = std::chrono::steady_clock::now();
    simulate(point, fits, options, result);
    result.timing.simulate_seconds = seconds_since(begin);
    result.record.status = record::Status::ok;
    return result;
}

}  // namespace infsim::flow
