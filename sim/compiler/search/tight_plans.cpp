// Plans as they are: their dry runs, which of them are worth one, and which do not fit.
#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "compiler/memory/recompute.hpp"
#include "compiler/search/candidates.hpp"
#include "compiler/search/strategies.hpp"

namespace infsim::compiler {

namespace {

bool only_stripes_differ(const Plan& a, const Plan& b) {
    return a.image_group == b.image_group && a.slab_bytes == b.slab_bytes && a.constants_bytes == b.constants_bytes &&
           a.share_small_images == b.share_small_images && a.resident_weight_bytes == b.resident_weight_bytes &&
           a.sections == b.sections;
}

/// Whether the last plan exceeds the capacity in a layer after the stem, where smaller stripes change nothing.
bool beyond_the_stem(const FitInput& in, const Tried& tried) {
    if (tried.plans.empty()) return false;
    const Liveness& liveness = tried.plans.back().dry_run.liveness;
    const Peak peak = peak_of(liveness);
    return peak.bytes > in.capacity() && liveness.layer_at(peak.position).value() >= in.options.stem_layers;
}

std::variant<Emission, BufferTooLarge, DoesNotFit> emit(const FitInput& in, const Plan& plan, std::int64_t capacity) {
    auto outcome = in.emission.dry_run(plan, capacity);
    if (const auto* emitted = std::get_if<Emission>(&outcome))
        if (auto no = dram_shortage(emitted->dram, in.options.target)) return std::move(*no);
    return outcome;
}

std::string result_of(const std::variant<Emission, BufferTooLarge, DoesNotFit>& outcome) {
    if (const auto* emitted = std::get_if<Emission>(&outcome))
        return fmt::format("{} instructions", emitted->dry_run.liveness.layer.size());
    if (const auto* no = std::get_if<DoesNotFit>(&outcome)) return "beyond the chip's " + no->resource;
    return "a buffer is too large";
}

/// The plan as an earlier fit left it. Empty if it is not known, or if some buffer may be larger than `capacity`.
std::optional<TightPlan> remembered(Tried& tried, const Plan& plan, std::int64_t capacity) {
    const auto known = std::find_if(tried.remembered.begin(), tried.remembered.end(), [&](const TightPlan& t) {
        const auto& buffers = t.dry_run.liveness.buffers;
        const auto fits = [&](const Buffer& b) { return b.bytes <= capacity; };
        return t.plan == plan && std::all_of(buffers.begin(), buffers.end(), fits);
    });
    if (known == tried.remembered.end()) return std::nullopt;
    std::optional<TightPlan> found = std::move(*known);
    tried.remembered.erase(known);
    return found;
}

}  // namespace

std::variant<TightPlan, BufferTooLarge, DoesNotFit> dry_run_of_plan(const FitInput& in, Tried& tried, const Plan& plan,
                                                                    std::string name, std::int64_t capacity) {
    const Timer timer;
    tried.kept_code.reset();
    if (auto known = remembered(tried, plan, capacity)) {
        known->made = tried.attempts.push_back({"dry run", name + ": known", timer.seconds(), true});
        known->name = std::move(name);
        return std::move(*known);
    }
    auto outcome = emit(in, plan, capacity);
    const std::string result = result_of(outcome);
    auto* emitted = std::get_if<Emission>(&outcome);
    if (emitted) {
        tried.kept_code = std::move(emitted->code);
        DryRun& dry_run = emitted->dry_run;
        if (in.options.evictions.recompute && in.options.spec)
            dry_run.uses.recipes = recipes_of(dry_run, *in.options.spec);
        dry_run.repeatable = {};
    }
    const AttemptId made = tried.attempts.push_back({"dry run", name + ": " + result, timer.seconds(), true});
    if (auto* no = std::get_if<DoesNotFit>(&outcome)) return std::move(*no);
    if (!emitted) return BufferTooLarge{};
    return TightPlan{plan, std::move(name), std::move(emitted->dry_run), std::move(emitted->dram), made};
}

TightPlanId add_plan(Tried& tried, TightPlan&& plan) {
    const auto same = [&](TightPlanId p) {
        const Liveness &mine = tried.plans[p].dry_run.liveness, &its = plan.dry_run.liveness;
        return mine.lives == its.lives && mine.layer == its.layer;
    };
    tried.kept_of = tried.plans.next_id();
    for (TightPlanId p : tried.plans.ids())
        if (same(p)) return tried.kept_of = p;
    return tried.plans.push_back(std::move(plan));
}

StrategyOutcome try_as_it_is(const FitInput& in, Tried& tried) {
    const Plan* before = nullptr;
    for (std::size_t n = 0; n < in.plans.size(); ++n) {
        const Plan& plan = in.plans[n];
        if (before && only_stripes_differ(*before, plan) && beyond_the_stem(in, tried)) continue;
        before = nullptr;
        // The last plan says why nothing fits.
        const std::int64_t capacity = n + 1 == in.plans.size() ? INT64_MAX : in.capacity();
        auto made = dry_run_of_plan(in, tried, plan, fmt::format("plan {} of {}", n + 1, in.plans.size()), capacity);
        if (auto* no = std::get_if<DoesNotFit>(&made); no && !tried.reasons.shortage)
            tried.reasons.shortage = std::move(*no);
        auto* tight = std::get_if<TightPlan>(&made);
        if (!tight) continue;
        if (auto found = try_allocate(in, tried, *tight, {})) {
            tried.kept_of = tried.plans.push_back(std::move(*tight));
            return decide(in, tried, tried.kept_of, {}, tried.plans[tried.kept_of].dram, std::move(*found));
        }
        add_plan(tried, std::move(*tight));
        before = &plan;
    }
    // Bands have shorter steps.
    const bool bands_may_do =
        in.options.banded && tried.reasons.shortage && tried.reasons.shortage->resource == resource::access_pattern;
    if (tried.plans.empty() && !bands_may_do) return *tried.reasons.shortage;
    return GoOn{};
}

}  // namespace infsim::compiler
