#include "compiler/search/strategies.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compiler/search/budgets.hpp"
#include "compiler/search/candidates.hpp"
#include "compiler/search/fit_refusals.hpp"

namespace infsim::compiler {

namespace {

/// How far the budgets of a plan have been tried.
struct Ladder {
    TightPlanId plan;
    std::size_t rung = 0;        ///< the next one
    std::int64_t last_cost = 0;  ///< of the rung before
};

/// Whether a ladder's last candidate is clearly dearer than the cheapest of `all`: a smaller budget means more bytes,
/// nearly always.
bool clearly_dearer(const Ladder& ladder, const std::vector<Candidate>& all) {
    constexpr double kClearly = 1.25;
    const auto best = std::min_element(all.begin(), all.end(), cheaper);
    return best != all.end() && static_cast<double>(ladder.last_cost) > kClearly * static_cast<double>(best->cost);
}

/// Adds the candidates of the next rungs to `all`, of every ladder until that is no longer promising.
void climb_down(const FitInput& in, Tried& tried, std::vector<Ladder>& ladders, Allowed allowed,
                std::vector<Candidate>& all) {
    const std::vector<std::int64_t> rungs = budget_ladder(in.capacity());
    for (Ladder& ladder : ladders)
        for (; ladder.rung < rungs.size() && !clearly_dearer(ladder, all); ++ladder.rung) {
            auto outcome = candidate(in, tried, ladder.plan, rungs[ladder.rung], allowed);
            if (auto* no = std::get_if<DoesNotFit>(&outcome); no && !tried.reasons.dram)
                tried.reasons.dram = std::move(*no);
            if (!std::holds_alternative<Candidate>(outcome)) {  // then a smaller budget has no room either
                ladder.rung = rungs.size();
                break;
            }
            all.push_back(std::move(std::get<Candidate>(outcome)));
            ladder.last_cost = all.back().cost;
        }
}

std::optional<Decision> best_of(const FitInput& in, Tried& tried, std::vector<Ladder> ladders, Allowed allowed) {
    std::vector<Candidate> all;
    for (;;) {
        climb_down(in, tried, ladders, allowed, all);
        const auto best = std::min_element(all.begin(), all.end(), cheaper);
        if (best == all.end()) return std::nullopt;
        if (auto decision = try_evictions(in, tried, *best)) return decision;
        all.erase(best);
    }
}

/// None where the chip cannot run such a plan: for want of device DRAM (which is noted) not with narrower bands either,
/// for steps that are too long perhaps with these.
std::optional<TightPlanId> banded(const FitInput& in, Tried& tried, std::int64_t budget) {
    auto made = dry_run_of_plan(in, tried, in.options.banded(budget), fmt::format("bands for {} B", budget), INT64_MAX);
    if (auto* tight = std::get_if<TightPlan>(&made)) return add_plan(tried, std::move(*tight));
    if (auto* no = std::get_if<DoesNotFit>(&made); no && no->resource != resource::access_pattern)
        tried.reasons.dram = std::move(*no);
    return std::nullopt;
}

/// A plan with the widest bands, of the ladder's octaves, that can do with the budget they are made for. None where
/// plans without bands can do with that, too.
std::optional<TightPlanId> wide_bands(const FitInput& in, Tried& tried) {
    for (std::int64_t budget : budget_octaves(in.capacity())) {  // making a code takes its time
        const TightPlanId fresh = tried.plans.next_id();
        const auto plan = banded(in, tried, budget);
        if (!plan && tried.reasons.dram) return std::nullopt;
        if (!plan) continue;
        const bool is_fresh = plan->value() == fresh.value();
        auto outcome = candidate(in, tried, *plan, budget, {true, false});
        if (std::holds_alternative<Candidate>(outcome)) return is_fresh ? plan : std::nullopt;
        if (is_fresh) tried.plans.pop_back();
        if (auto* no = std::get_if<DoesNotFit>(&outcome)) {
            tried.reasons.dram = std::move(*no);
            return std::nullopt;
        }
    }
    return std::nullopt;
}

/// All plans and `also`; then, of those that can compute again, what that brings.
std::optional<Decision> with_evictions(const FitInput& in, Tried& tried, std::vector<Ladder> ladders, bool spill) {
    if (auto decision = best_of(in, tried, std::move(ladders), {spill, false})) return decision;
    std::vector<Ladder> again;
    for (TightPlanId p : tried.plans.ids())
        if (can_recompute(in, tried.plans[p])) again.push_back({p});
    return best_of(in, tried, std::move(again), {spill, true});
}

std::vector<Ladder> ladders_of(const Tried& tried) {
    std::vector<Ladder> ladders;
    for (TightPlanId p : tried.plans.ids()) ladders.push_back({p});
    return ladders;
}

/// One plan's candidates between the rungs, down to the first budget that leaves no room.
void add_between(const FitInput& in, Tried& tried, TightPlanId plan, std::vector<Candidate>& all) {
    for (std::int64_t budget : budgets_between(in.capacity())) {
        auto outcome = candidate(in, tried, plan, budget, {true, false});
        if (const auto* no = std::get_if<NoRoom>(&outcome); no && budget == in.capacity())
            note_no_room(in, tried, tried.plans[plan].dry_run.liveness, *no);
        auto* c = std::get_if<Candidate>(&outcome);
        if (!c) return;
        all.push_back(std::move(*c));
    }
}

/// A plan as it is, or with what evictions keep it within the budget.
std::optional<Decision> decide_parted(const FitInput& in, Tried& tried, std::int64_t budget, bool bands) {
    const std::string name = fmt::format("weights in parts{} for {} B", bands ? ", bands" : "", budget);
    auto made = dry_run_of_plan(in, tried, in.options.parted(budget, bands), name, in.capacity());
    auto* tight = std::get_if<TightPlan>(&made);
    if (!tight) return std::nullopt;
    const TightPlanId plan = add_plan(tried, std::move(*tight));
    if (auto found = try_allocate(in, tried, tried.plans[plan].dry_run.liveness))
        return decide(tried, plan, {}, std::move(*found));
    auto outcome = candidate(in, tried, plan, budget, {in.options.evictions.spill, false});
    if (const auto* no = std::get_if<NoRoom>(&outcome); no && no->wanted > in.capacity())
        note_no_room(in, tried, tried.plans[plan].dry_run.liveness, *no);
    const auto* c = std::get_if<Candidate>(&outcome);
    return c ? try_evictions(in, tried, *c) : std::nullopt;
}

StrategyOutcome or_go_on(std::optional<Decision>&& decision) {
    if (decision) return std::move(*decision);
    return GoOn{};
}

}  // namespace

StrategyOutcome try_rematerialize(const FitInput& in, Tried& tried) {
    return or_go_on(with_evictions(in, tried, ladders_of(tried), false));
}

StrategyOutcome try_spill(const FitInput& in, Tried& tried) {
    std::vector<Ladder> ladders = ladders_of(tried);
    // Were bands the last resort only, a little more room could mean many more bytes spilled.
    if (in.options.banded)
        if (const auto bands = wide_bands(in, tried)) ladders.push_back({*bands});
    if (auto decision = with_evictions(in, tried, std::move(ladders), true)) return std::move(*decision);
    if (tried.reasons.dram) return *tried.reasons.dram;  // what would still be tried has more instructions
    return GoOn{};
}

StrategyOutcome try_budgets_between(const FitInput& in, Tried& tried) {
    std::vector<Candidate> all;
    for (TightPlanId p : tried.plans.ids()) add_between(in, tried, p, all);
    return or_go_on(first_that_fits(in, tried, std::move(all)));
}

StrategyOutcome try_parts(const FitInput& in, Tried& tried) {
    const Reasons before = tried.reasons;
    for (const bool bands : {false, true}) {
        if (bands && !(in.options.evictions.spill && in.options.banded)) continue;
        for (const std::int64_t budget : budget_octaves(in.capacity()))
            if (auto decision = decide_parted(in, tried, budget, bands)) return std::move(*decision);
    }
    // Where weights are not what has no room, the plans before say why.
    if (!before.least_room) tried.reasons = before;
    return GoOn{};
}

StrategyOutcome try_bands(const FitInput& in, Tried& tried) {
    std::vector<Candidate> all;
    for (std::int64_t budget : budget_ladder(in.capacity())) {
        const auto plan = banded(in, tried, budget);
        if (!plan && tried.reasons.dram) break;
        if (!plan) continue;
        auto outcome = candidate(in, tried, *plan, budget, {true, false});
        if (const auto* no = std::get_if<NoRoom>(&outcome); no && no->wanted > in.capacity())
            note_no_room(in, tried, tried.plans[*plan].dry_run.liveness, *no);
        if (auto* c = std::get_if<Candidate>(&outcome)) all.push_back(std::move(*c));
    }
    return or_go_on(first_that_fits(in, tried, std::move(all)));
}

}  // namespace infsim::compiler
