#include "compiler/compile.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/problems.hpp"
#include "compiler/back_end.hpp"
#include "compiler/compilation.hpp"
#include "compiler/emit/builder.hpp"
#include "compiler/memory/dram.hpp"
#include "compiler/quick_refusal.hpp"
#include "compiler/reports.hpp"
#include "compiler/run_passes.hpp"

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

void check_arguments(const graph::Graph& graph, int batch, DType dtype, DType io_dtype, Problems& problems) {
    if (batch < 1)
        problems.add(graph.name, "batch", fmt::format("{} is not a batch size; it must be at least 1", batch));
    if (!graph.batchable && batch > 1)
        problems.add(graph.name, "batch", "only 1 is possible: " + graph.why_not_batchable);
    for (DType t : {dtype, io_dtype})
        if (t != DType::fp16 && t != DType::bf16 && t != DType::fp32)
            problems.add(graph.name, "dtype",
                         std::string(dtype_name(t)) + " is not a compute type; fp16, bf16 and fp32 are");
    if (batch > 65535) problems.add(graph.name, "batch", "more than 65535 images");
}

/// Every queue owns a semaphore, so the number needed does not depend on the network.
std::optional<DoesNotFit> too_few_semaphores(const program::Target& target) {
    const int queues = kFirstRing + target.dma_engines * std::min(kFewRings, target.rings_per_engine);
    if (queues <= target.max_queues) return std::nullopt;
    DoesNotFit no;
    no.resource = resource::semaphores;
    no.unit = "semaphores";
    no.wanted_bytes = queues;
    no.available_bytes = target.max_queues;
    no.text =
        fmt::format("{} queues (three engines and the rings of {} DMA engines) own a semaphore each, {} can be used",
                    queues, target.dma_engines, target.max_queues);
    return no;
}

/// Minimum device DRAM for graph inputs and outputs: host transfers overlap execution, so each is there twice.
std::int64_t io_bytes(const graph::Graph& graph, int batch, DType io_dtype) {
    std::int64_t bytes = 0;
    for (const auto* list : {&graph.inputs, &graph.outputs})
        for (graph::TensorId id : *list) {
            const graph::Tensor& tensor = graph.tensor(id);
            const bool floating =
                tensor.dtype == DType::fp16 || tensor.dtype == DType::bf16 || tensor.dtype == DType::fp32;
            bytes += 2 * batch * graph::element_count(tensor.shape) * dtype_bytes(floating ? io_dtype : DType::u8);
        }
    return bytes;
}

}  // namespace

namespace {

#ifdef NDEBUG
constexpr bool kDebug = false;
#else
constexpr bool kDebug = true;
#endif

/// Why there can be no Program, whatever the passes do.
std::optional<DoesNotFit> refusal_beforehand(const Compilation& c) {
    if (auto no = too_few_semaphores(c.target)) return no;
    if (const std::int64_t io = io_bytes(c.graph, c.batch, c.io_dtype); io > c.target.dram_region_bytes)
        return dram_refusal(io, 0, c.target);
    return std::nullopt;
}

Compiled finished(Compilation& c, std::vector<PassReport>&& passes) {
    MemoryReport memory = memory_report(c.program, c.placement, c.budget);
    add_scratch_bytes(c.program, memory);
    memory.reissued_bytes = c.spills.reissued_bytes;
    memory.recomputed_instructions = c.spills.recomputed_instructions;
    memory.recompute_time = c.spills.recompute_time;
    memory.spilled = std::move(c.spills.tensors);
    return {std::move(c.program), std::move(memory), std::move(passes)};
}

}  // namespace

namespace {

struct Asked {
    const graph::Graph& graph;
    const hw::ChipSpec& spec;
    int batch;
    DType dtype, io_dtype;
};

/// A compilation before its first pass. Throws InputError for invalid arguments.
Compilation begun(const Asked& asked, const CompileOptions& options) {
    Problems problems;
    check_arguments(asked.graph, asked.batch, asked.dtype, asked.io_dtype, problems);
    Compilation c{asked.graph, asked.spec, target_of(asked.spec), asked.batch, asked.dtype, asked.io_dtype};
    c.options = resolved(options, c.target, problems);
    problems.throw_if_any();
    c.budget = budget_of(c.options, c.target);
    return c;
}

enum class Verdict : std::uint8_t { fits, refused, close };
/// Whether everything has a place, as far as is known after the decision; `why` is set if refused.
Verdict verdict_on(const Asked& asked, const CompileOptions& options, std::optional<DoesNotFit>& why) {
    Compilation c = begun(asked, options);
    c.first_that_fits = true;
    std::vector<PassReport> reports;
    PassWatch watch;
    watch.verify = kDebug;
    watch.until = Form::decision;
    why = refusal_beforehand(c);
    if (!why) why = run_passes(c, watch, reports);
    if (why) return Verdict::refused;
    why = shortage_of(*c.decision, c.target);
    if (why) return Verdict::refused;
    return dram_shortage(with_waits(c.decision->dram), c.target) ? Verdict::close : Verdict::fits;
}

}  // namespace

CompileResult compile(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype, DType io_dtype,
                      const CompileOptions& asked, const CompileExtras& extras) {
    Compilation c = begun({graph, spec, batch, dtype, io_dtype}, asked);
    c.explain = extras.explain;
    if (auto no = refusal_beforehand(c)) return std::move(*no);
    std::vector<PassReport> reports;
    PassWatch watch;
    watch.verify = extras.verify || kDebug;
    watch.dump_after = extras.dump_after;
    watch.dump = extras.dump;
    if (auto no = run_passes(c, watch, reports)) {
        no->passes = std::move(reports);
        return std::move(*no);
    }
    return finished(c, std::move(reports));
}

std::optional<DoesNotFit> quick_refusal_of(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype,
                                           DType io_dtype, const CompileOptions& options) {
    std::optional<DoesNotFit> why;
    const Verdict verdict = verdict_on({graph, spec, batch, dtype, io_dtype}, options, why);
    if (verdict != Verdict::close) return why;
    auto result = compile(graph, spec, batch, dtype, io_dtype, options);
    if (auto* no = std::get_if<DoesNotFit>(&result)) return std::move(*no);
    return std::nullopt;
}

std::optional<DoesNotFit> refusal_of(const graph::Graph& graph, const hw::ChipSpec& spec, int batch, DType dtype,
                                     DType io_dtype, const CompileOptions& options) {
    auto why = quick_refusal_of(graph, spec, batch, dtype, io_dtype, options);
    if (!why || !why->text.empty()) return why;
    return std::get<DoesNotFit>(compile(graph, spec, batch, dtype, io_dtype, options));
}

}  // namespace infsim::compiler
