#include "compiler/search/assemble.hpp"

#include <fmt/format.h>

#include "compiler/memory/dram.hpp"
#include "compiler/reports.hpp"
#include "compiler/schedule/insert_waits.hpp"
#include "compiler/search/fit.hpp"
#include "compiler/search/plans.hpp"
#include "compiler/search/sections.hpp"
#include "compiler/stopwatch.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

namespace {

FitOptions options_for_fit(const Assembly& a, bool spill) {
    FitOptions fit;
    fit.place.capacity = a.budget.bytes;
    fit.place.capacity_binding = a.budget.binding;
    fit.place.capacity_note = binding_note(a.budget, a.target);
    fit.place.prefetch = a.options.prefetch;
    fit.place.prefetch_depth = a.options.prefetch_depth;
    fit.evictions.spill = a.options.spill && spill;
    fit.evictions.rematerialization = a.options.rematerialization;
    fit.evictions.recompute = a.options.rematerialization && a.options.recompute;
    fit.spec = &a.spec;
    for (const Layer& layer : a.network.layers) {
        const double weights = weight_bytes(a.network, layer, a.dtype);
        fit.evictions.intensity.push_back(weights > 0 ? static_cast<double>(layer.macs) * a.batch / weights : 0);
    }
    fit.evictions.balance = hw::peak_macs_per_second(a.spec, a.dtype) * a.spec.cores /
                            static_cast<double>(hw::sustained_dram_bandwidth(a.spec).count());
    fit.target = a.target;
    fit.stem_layers = a.network.stem_layers;
    fit.spill_region = a.options.activations_region;
    if (a.options.batching)
        fit.banded = [&a](std::int64_t budget) { return banded_plan(a.network, a.target, a.dtype, a.options, budget); };
    fit.explain = a.explain;
    return fit;
}

}  // namespace

std::variant<Assembled, DoesNotFit> assemble(const Assembly& a, const std::vector<Plan>& plans, bool spill) {
    Stopwatch watch;
    Assembled result;
    const auto infos = layer_infos(a.network);
    const EmitInput input{a.graph, a.network, a.target, a.batch, a.dtype, a.io_dtype, a.options};
    auto outcome = fit(plans, input, infos, options_for_fit(a, spill));
    if (auto* no = std::get_if<DoesNotFit>(&outcome)) return std::move(*no);
    Fitted& fitted = std::get<Fitted>(outcome);
    const Placement& placement = fitted.placement;
    Compiled& compiled = result.compiled;
    watch.lap(compiled.passes, "place",
              fmt::format("{} buffers, peak {} B, at least {} B, attempt {}", fitted.code.buffers.size(),
                          placement.peak, placement.lower_bound, fitted.attempts));
    program::Program& p = compiled.program;
    p.model = a.graph.name;
    p.batch = a.batch;
    p.dtype = a.dtype;
    p.io_dtype = a.io_dtype;
    p.target = a.target;
    p.layers = infos;
    if (auto no = dram_shortage(dram_needs(fitted.code.segments, fitted.code.instructions.size()), a.target))
        return std::move(*no);
    insert_waits(std::move(fitted.code), placement, p);
    add_weight_bytes(p);
    if (auto no = dram_shortage(dram_needs(p.segments, program::instruction_count(p)), a.target)) return std::move(*no);
    lay_out_dram(p);
    compiled.memory = memory_report(p, placement, a.budget);
    add_spill_bytes(p, compiled.memory);
    compiled.memory.reissued_bytes = fitted.spills.reissued_bytes;
    compiled.memory.recomputed_instructions = fitted.spills.recomputed_instructions;
    compiled.memory.recompute_time = fitted.spills.recompute_time;
    compiled.memory.spilled = std::move(fitted.spills.tensors);
    result.plan = std::move(fitted.plan);
    watch.lap(compiled.passes, "schedule", fmt::format("{} instructions", program::instruction_count(p)));
    return result;
}

}  // namespace infsim::compiler
