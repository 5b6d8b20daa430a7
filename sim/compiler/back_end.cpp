#include "compiler/back_end.hpp"

#include <algorithm>

#include "compiler/emit/emit.hpp"
#include "compiler/search/plans.hpp"
#include "compiler/search/sections.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

FitOptions fit_options(const Compilation& c) {
    FitOptions fit;
    fit.allocate.capacity = c.budget.bytes;
    fit.allocate.capacity_binding = c.budget.binding;
    fit.allocate.capacity_note = binding_note(c.budget, c.target);
    fit.allocate.prefetch = c.options.prefetch;
    fit.allocate.prefetch_depth = c.options.prefetch_depth;
    fit.allocate.settle_constants = c.options.constants_bytes > 0;
    fit.allocate.near_rotation = fit.allocate.settle_constants;
    fit.allocate.patient = c.options.search_sections;
    if (c.rotation > 0) fit.allocate.rotation = c.rotation;
    fit.evictions.spill = c.options.spill && c.may_spill && c.may_evict;
    fit.evictions.rematerialization = c.options.rematerialization && c.may_evict;
    fit.evictions.recompute = fit.evictions.rematerialization && c.options.recompute;
    fit.spec = &c.spec;
    for (const Layer& layer : c.network.layers) {
        const double weights = weight_bytes(c.network, layer, c.dtype);
        fit.evictions.intensity.push_back(weights > 0 ? static_cast<double>(layer.macs) * c.batch / weights : 0);
    }
    fit.evictions.balance = hw::peak_macs_per_second(c.spec, c.dtype) * c.spec.cores /
                            static_cast<double>(hw::sustained_dram_bandwidth(c.spec).count());
    fit.target = c.target;
    fit.batch = c.batch;
    fit.stem_layers = c.network.stem_layers;
    fit.spill_region = c.options.activations_region;
    if (c.options.batching)
        fit.banded = [&c](std::int64_t budget) {
            Plan plan = banded_plan(c.network, c.target, c.dtype, c.options, budget);
            if (!c.plans.empty()) plan.sections = c.plans.front().sections;
            return plan;
        };
    // A plan that the search proposes is tried exactly as it is. Weights in parts are allowed only if a plain plan is
    // among them.
    const auto is_plain = [](const Plan& p) { return p.sections.empty() && p.psum_banks.empty(); };
    if (c.options.weights_in_parts && c.may_evict &&
        (c.plans.empty() || std::any_of(c.plans.begin(), c.plans.end(), is_plain)))
        fit.parted = [&c](std::int64_t budget, bool bands) {
            return parted_plan(c.network, c.target, c.batch, c.dtype, c.options, budget, bands);
        };
    fit.only_whether = c.first_that_fits;
    fit.explain = c.explain;
    fit.skip = c.options.skip_passes;
    return fit;
}

PlanEmission emission_of(const Compilation& c) {
    const EmitInput input{c.graph, c.network, c.target, c.batch, c.dtype, c.io_dtype, c.options};
    PlanEmission emission;
    emission.dry_run = [input, keep = c.keeps_code](const Plan& plan, std::int64_t capacity) {
        return dry_run(input, plan, capacity, keep);
    };
    emission.same = [input](const Plan& a, const Plan& b) { return same_code(input, a, b); };
    emission.code = [input](const Plan& plan) { return emit(input, plan); };
    return emission;
}

std::optional<DoesNotFit> shortage_of(const Decision& decision, const program::Target& target) {
    auto no = dram_shortage(decision.dram, target);
    if (no && decision.dram.at_least) no->text.clear();
    return no;
}

}  // namespace infsim::compiler
