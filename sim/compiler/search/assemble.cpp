#include "compiler/search/assemble.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/memory/dram.hpp"
#include "compiler/memory/placement.hpp"
#include "compiler/memory/spill.hpp"
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
    fit.allocate.capacity = a.budget.bytes;
    fit.allocate.capacity_binding = a.budget.binding;
    fit.allocate.capacity_note = binding_note(a.budget, a.target);
    fit.allocate.prefetch = a.options.prefetch;
    fit.allocate.prefetch_depth = a.options.prefetch_depth;
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
    fit.skip = a.options.skip_passes;
    return fit;
}

PlanEmission emission_of(const Assembly& a) {
    const auto emitter = [&a](const Plan& plan) {
        return Emitter(a.graph, a.network, a.target, a.batch, a.dtype, a.io_dtype, a.options, plan);
    };
    PlanEmission emission;
    emission.dry_run = [emitter](const Plan& plan,
                                 std::int64_t capacity) -> std::variant<EmittedPlan, TooLarge, DoesNotFit> {
        try {
            auto made = emitter(plan).dry_run(capacity);
            if (!made) return TooLarge{};
            return EmittedPlan{std::move(made->dry_run), std::move(made->dram), std::move(made->code)};
        } catch (Shortage& shortage) {
            return std::move(shortage.reason);
        }
    };
    emission.code = [emitter](const Plan& plan) { return emitter(plan).code(); };
    emission.into = [emitter](const Plan& plan, const InstructionSink& sink) { return emitter(plan).into(sink); };
    return emission;
}

/// A decision carried out.
struct Fitted {
    Code code;
    Placement placement;
    SpillReport spills;
};

Fitted carry_out(Decision& decision, const PlanEmission& emission, int spill_region) {
    if (decision.evictions.empty()) {
        Code code = decision.code ? std::move(*decision.code) : emission.code(decision.plan);
        Placement placement = placement_of(code, std::move(decision.allocation));
        return {std::move(code), std::move(placement), {}};
    }
    const CodeSource source = decision.code ? source_of(std::move(*decision.code)) : [&](const InstructionSink& sink) {
        return emission.into(decision.plan, sink);
    };
    Spilled spilled = apply_evictions(source, decision.dry_run, decision.evictions, spill_region);
    decision.allocation.move_to(spilled.position);
    Placement placement = placement_of(spilled.code, std::move(decision.allocation));
    return {std::move(spilled.code), std::move(placement), std::move(spilled.report)};
}

}  // namespace

std::variant<Assembled, DoesNotFit> assemble(const Assembly& a, const std::vector<Plan>& plans, bool spill) {
    Stopwatch watch;
    Assembled result;
    const auto infos = layer_infos(a.network);
    const PlanEmission emission = emission_of(a);
    auto outcome = fit(plans, emission, infos, options_for_fit(a, spill));
    if (auto* no = std::get_if<DoesNotFit>(&outcome)) return std::move(*no);
    Decision& decision = std::get<Decision>(outcome);
    const auto attempts = std::count_if(decision.attempts.begin(), decision.attempts.end(),
                                        [](const Attempt& at) { return at.name == "allocate"; });
    Fitted fitted = carry_out(decision, emission, a.options.activations_region);
    const Placement& placement = fitted.placement;
    Compiled& compiled = result.compiled;
    watch.lap(compiled.passes, "place",
              fmt::format("{} buffers, peak {} B, at least {} B, attempt {}", fitted.code.buffers.size(),
                          placement.peak, placement.lower_bound, attempts));
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
    result.plan = std::move(decision.plan);
    watch.lap(compiled.passes, "schedule", fmt::format("{} instructions", program::instruction_count(p)));
    return result;
}

}  // namespace infsim::compiler
