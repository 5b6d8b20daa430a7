#include "compiler/compile.hpp"

#include <algorithm>
#include <chrono>
#include <map>

#include <fmt/format.h>

#include "base/problems.hpp"
#include "compiler/budget.hpp"
#include "compiler/emit/emitter.hpp"
#include "compiler/passes/finish.hpp"
#include "compiler/passes/fit.hpp"
#include "compiler/passes/lifetimes.hpp"
#include "compiler/passes/lower.hpp"
#include "compiler/passes/order.hpp"
#include "compiler/passes/place.hpp"
#include "compiler/passes/plan.hpp"
#include "program/operands.hpp"

namespace infsim::compiler {

program::Target target_of(const hw::ChipSpec& spec) {
    program::Target t;
    t.pe_rows = spec.pe.rows;
    t.pe_columns = spec.pe.columns;
    t.max_moving = spec.pe.max_moving;
    t.sb_partitions = spec.state_buffer.partitions;
    t.sb_partition_bytes = spec.state_buffer.partition_bytes.count();
    t.psum_partitions = spec.psum.partitions;
    t.psum_banks = spec.psum.banks;
    t.psum_bank_bytes = spec.psum.bank_bytes.count();
    t.dma_engines = spec.dma.engines_per_core;
    t.rings_per_engine = spec.dma.rings_per_engine;
    t.max_queues = spec.sync.max_queues;
    t.dram_regions = spec.dram.channels;
    t.dram_region_bytes = spec.dram.capacity.count() / spec.dram.channels / spec.cores;
    return t;
}

namespace {

/// Times the passes of one compilation.
class Stopwatch {
public:
    void lap(std::vector<PassReport>& reports, std::string pass, std::string summary) {
        const auto now = std::chrono::steady_clock::now();
        reports.push_back({std::move(pass), std::chrono::duration<double>(now - last_).count(), std::move(summary)});
        last_ = now;
    }

private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void check_arguments(const graph::Graph& graph, const program::Target& target, int batch, DType dtype, DType io_dtype, Problems& problems) {
    if (batch < 1) problems.add(graph.name, "batch", fmt::format("{} is not a batch size; it must be at least 1", batch));
    if (!graph.batchable && batch > 1) problems.add(graph.name, "batch", "only 1 is possible: " + graph.why_not_batchable);
    for (DType t : {dtype, io_dtype})
        if (t != DType::fp16 && t != DType::bf16 && t != DType::fp32)
            problems.add(graph.name, "dtype", std::string(dtype_name(t)) + " is not a compute type; fp16, bf16 and fp32 are");
    if (batch > 65535) problems.add(graph.name, "batch", "more than 65535 images");
}

/// Every queue owns a semaphore; what is used of them does not depend on the network.
std::optional<DoesNotFit> too_few_semaphores(const program::Target& target) {
    const int queues = 3 + target.dma_engines * std::min(4, target.rings_per_engine);
    if (queues <= target.max_queues) return std::nullopt;
    DoesNotFit no;
    no.resource = resource::semaphores;
    no.unit = "semaphores";
    no.wanted_bytes = queues;
    no.available_bytes = target.max_queues;
    no.text = fmt::format("{} queues (three engines and the rings of {} DMA engines) own a semaphore each, {} can be used", queues,
                          target.dma_engines, target.max_queues);
    return no;
}

std::string purpose_name(program::Purpose purpose) {
    switch (purpose) {
        case program::Purpose::weights: return "weights";
        case program::Purpose::constants: return "constants";
        case program::Purpose::input: return "inputs, twice";
        case program::Purpose::output: return "outputs, twice";
        case program::Purpose::spill: return "intermediates";
    }
    return "";
}

DoesNotFit dram_refusal(std::int64_t wanted, int region, const program::Target& target) {
    DoesNotFit no;
    no.resource = resource::device_dram;
    no.unit = "B";
    no.wanted_bytes = wanted;
    no.available_bytes = target.dram_region_bytes;
    no.text = fmt::format("a core's own copy of program and data needs {} bytes in DRAM region {}, {} are there: {} bytes too many", wanted, region,
                          no.available_bytes, wanted - no.available_bytes);
    return no;
}

/// With the bytes of the fullest region by what they are for.
DoesNotFit too_little_dram(const program::Program& p, const DramUse& use) {
    DoesNotFit no = dram_refusal(use.bytes, use.region, p.target);
    std::map<std::string, std::int64_t> sums;
    for (const program::Segment& s : p.segments) {
        const bool host = s.purpose == program::Purpose::input || s.purpose == program::Purpose::output;
        if (s.region == use.region) sums[purpose_name(s.purpose)] += s.bytes * (host ? 2 : 1);
    }
    if (use.region == 0) sums["program"] = use.program_bytes;
    std::string list;
    for (const auto& [name, bytes] : sums) {
        no.tensors.push_back({name, bytes, 0, "", ""});
        list += fmt::format("{}{} {} B", list.empty() ? "" : ", ", name, bytes);
    }
    std::stable_sort(no.tensors.begin(), no.tensors.end(), [](const LiveTensor& a, const LiveTensor& b) { return a.bytes > b.bytes; });
    no.text += "; " + list;
    return no;
}

std::vector<program::LayerInfo> layer_infos(const Network& network) {
    std::vector<program::LayerInfo> infos;
    for (const Layer& l : network.layers) infos.push_back({l.name, l.kind, l.macs, 0});
    return infos;
}

void add_weight_bytes(program::Program& program) {
    for (program::LayerInfo& info : program.layers)
        for (const program::Segment& s : program.segments)
            if (s.purpose == program::Purpose::weights && (s.name == info.name || s.name == info.name + "/table")) info.weight_bytes = s.bytes;
}

/// Bytes of scratch and spill segments that DMA instructions move, in one run of the program.
void add_spill_bytes(const program::Program& program, MemoryReport& report) {
    for (const auto& q : program.queues)
        for (const auto& in : q.instructions) {
            const auto accesses = program::accesses(in.op);
            if (!accesses.dram || program.segments[accesses.dram->pattern.segment].purpose != program::Purpose::spill) continue;
            const std::int64_t bytes = program::elements(accesses.dram->pattern) * accesses.dram->rows * accesses.dram->element_bytes;
            (accesses.dram->write ? report.spill_save_bytes : report.spill_reload_bytes) += bytes;
        }
}

MemoryReport memory_report(const program::Program& program, const Placement& placement, const Budget& budget) {
    MemoryReport report;
    report.capacity_bytes = budget.bytes;
    report.capacity_binding = budget.binding;
    report.physical_bytes = program.target.sb_partition_bytes;
    report.peak_bytes = placement.peak;
    report.lower_bound_bytes = placement.lower_bound;
    const std::size_t n = program.layers.size();
    // Largest sum of live bytes while a layer's instructions run, in either half of the partitions.
    std::vector<std::uint32_t> first(n, UINT32_MAX), last(n, 0);
    std::uint32_t end = 0;
    for (const auto& q : program.queues)
        for (const auto& in : q.instructions) {
            end = std::max(end, in.sequence);
            if (std::holds_alternative<program::DmaLoad>(in.op)) continue;   // prefetched: not when the layer runs
            first[in.layer] = std::min(first[in.layer], in.sequence);
            last[in.layer] = std::max(last[in.layer], in.sequence);
        }
    std::vector<std::int64_t> lower(end + 2, 0), upper(end + 2, 0);
    for (const auto& a : program.allocations) {
        if (a.space != program::Space::state_buffer) continue;
        const int half = program.target.sb_partitions / 2;
        if (a.partition_start < half) lower[a.first_sequence] += a.bytes, lower[a.last_sequence + 1] -= a.bytes;
        if (a.partition_start + a.partition_count > half) upper[a.first_sequence] += a.bytes, upper[a.last_sequence + 1] -= a.bytes;
    }
    for (std::size_t s = 1; s < lower.size(); ++s) lower[s] += lower[s - 1], upper[s] += upper[s - 1];
    for (std::size_t l = 0; l < n; ++l) {
        LayerMemory m{static_cast<std::uint16_t>(l), 0};
        for (std::uint32_t s = first[l]; s <= last[l] && s < lower.size(); ++s) m.live_bytes = std::max({m.live_bytes, lower[s], upper[s]});
        report.layers.push_back(m);
    }
    return report;
}

/// Device DRAM that graph inputs and outputs take at least: host transfers overlap execution, so each is there twice.
std::int64_t io_bytes(const graph::Graph& graph, int batch, DType io_dtype) {
    std::int64_t bytes = 0;
    for (const auto* list : {&graph.inputs, &graph.outputs})
        for (graph::TensorId id : *list) {
            const graph::Tensor& tensor = graph.tensor(id);
            const bool floating = tensor.dtype == DType::fp16 || tensor.dtype == DType::bf16 || tensor.dtype == DType::fp32;
            bytes += 2 * batch * graph::element_count(tensor.shape) * dtype_bytes(floating ? io_dtype : DType::u8);
        }
    return bytes;
}

FitOptions options_for_fit(const Budget& budget, const program::Target& target, const CompileOptions& options) {
    FitOptions fit;
    fit.place.capacity = budget.bytes;
    fit.place.capacity_binding = budget.binding;
    fit.place.capacity_note = binding_note(budget, target);
    fit.place.prefetch = options.prefetch;
    fit.place.prefetch_depth = options.prefetch_depth;
    fit.evictions.spill = options.spill;
    fit.evictions.rematerialization = options.rematerialization;
    fit.spill_region = options.activations_region;
    return fit;
}

}  // namespace

CompileResult compile(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype, DType io_dtype,
                      const CompileOptions& asked, bool explain) {
    const program::Target target = target_of(spec);
    Problems problems;
    check_arguments(graph, target, batch, dtype, io_dtype, problems);
    const CompileOptions options = resolved(asked, target, problems);
    problems.throw_if_any();
    if (auto no = too_few_semaphores(target)) return *no;
    if (const std::int64_t io = io_bytes(graph, batch, io_dtype); io > target.dram_region_bytes) return dram_refusal(io, 0, target);
    Stopwatch watch;
    Compiled result;
    const int width = std::min({target.pe_columns, target.psum_partitions, target.sb_partitions / 2});
    Network network = lower(graph, dtype, width, options);
    if (network.layers.size() > 65535) throw InputError(graph.name, "", "more than 65535 layers");
    watch.lap(result.passes, "lower", fmt::format("{} nodes to {} layers", graph.nodes.size(), network.layers.size()));
    if (options.reorder_layers) {
        reorder(network, batch, options.in_place_add);
        watch.lap(result.passes, "order", "");
    }
    if (options.replication) {
        replicate_inputs(network, width);
        watch.lap(result.passes, "replicate", "");
    }
    network.stem_layers = options.stream_stem ? stem_length(network) : 0;
    const auto infos = layer_infos(network);

    const Budget budget = budget_of(options, target);
    FitOptions fit_options = options_for_fit(budget, target, options);
    fit_options.explain = explain;
    const std::vector<Plan> list = plans(network, target, batch, dtype, options);
    const auto emit = [&](const Plan& plan) { return Emitter(graph, network, target, batch, dtype, io_dtype, options, plan).run(); };
    auto outcome = fit(list, emit, infos, fit_options);
    if (auto* no = std::get_if<DoesNotFit>(&outcome)) return std::move(*no);
    Fitted& fitted = std::get<Fitted>(outcome);
    const Placement& placement = fitted.placement;
    watch.lap(result.passes, "place", fmt::format("{} buffers, peak {} B, at least {} B, attempt {}", fitted.code.buffers.size(),
                                                  placement.peak, placement.lower_bound, fitted.attempts));
    program::Program& p = result.program;
    p.model = graph.name;
    p.batch = batch;
    p.dtype = dtype;
    p.io_dtype = io_dtype;
    p.target = target;
    p.layers = infos;
    finish(std::move(fitted.code), placement, p);
    add_weight_bytes(p);
    const DramUse dram = lay_out_dram(p);
    if (dram.bytes > target.dram_region_bytes) return too_little_dram(p, dram);
    result.memory = memory_report(p, placement, budget);
    add_spill_bytes(p, result.memory);
    result.memory.reissued_bytes = fitted.spills.reissued_bytes;
    result.memory.spilled = std::move(fitted.spills.tensors);
    watch.lap(result.passes, "schedule", fmt::format("{} instructions", program::instruction_count(p)));
    return result;
}

}  // namespace infsim::compiler
