#include "compiler/search/strategies.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compiler/memory/spill_area.hpp"
#include "compiler/search/budgets.hpp"
#include "compiler/search/candidates.hpp"
#include "compiler/search/fit_refusals.hpp"

namespace infsim::compiler {

namespace {

/// How far the budgets of a plan have been tried.
struct Ladder {
    TightPlanId plan;
    std::size_t rung = 0;        ///< the next one to try
    std::int64_t last_cost = 0;  ///< of the previous rung
};

bool is_clearly_dearer(std::int64_t cost, std::int64_t than) {
    constexpr double kClearly = 1.25;
    return static_cast<double>(cost) > kClearly * static_cast<double>(than);
}

/// Whether a ladder's last candidate clearly costs more than the cheapest of `all`: a smaller budget almost always
/// means more bytes.
bool clearly_dearer(const Ladder& ladder, const std::vector<Candidate>& all) {
    const auto best = std::min_element(all.begin(), all.end(), cheaper);
    return best != all.end() && is_clearly_dearer(ladder.last_cost, best->cost);
}

/// Adds the candidates of the next rungs of every ladder to `all`, until that is no longer promising.
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

/// Whether device DRAM holds what a candidate needs: surely, surely not, or only a closer look can tell.
enum class Held : std::uint8_t { surely, not_at_all, unclear };
Held held(const FitInput& in, const Tried& tried, const Candidate& c) {
    const TightPlan& plan = tried.plans[c.plan];
    const std::int64_t area = spill_area_bytes(plan.dry_run.liveness, plan.dry_run.uses, c.evictions);
    if (area > kMostSpillBytes) return Held::unclear;
    const DramNeeds needs = with_scratch_that_fits(evicted_needs(in, plan, c.evictions, area), in.options.target);
    if (dram_shortage(needs, in.options.target)) return Held::not_at_all;
    return dram_shortage(with_waits(needs), in.options.target) ? Held::unclear : Held::surely;
}

/// Whether every candidate that could be tried before `than` has the same answer `how`: those of `ladders` down to
/// where they clearly cost more.
bool cheaper_are(Held how, const FitInput& in, Tried& tried, const std::vector<Ladder>& ladders,
                 const Candidate& than) {
    const std::vector<std::int64_t> rungs = budget_ladder(in.capacity());
    for (const Ladder& ladder : ladders) {
        std::int64_t last_cost = 0;
        for (const std::int64_t budget : rungs) {
            if (is_clearly_dearer(last_cost, than.cost)) break;
            const auto outcome = candidate(in, tried, ladder.plan, budget, than.allowed);
            const auto* c = std::get_if<Candidate>(&outcome);
            if (!c) break;
            if (cheaper(*c, than) && held(in, tried, *c) != how) return false;
            last_cost = c->cost;
        }
    }
    return true;
}

/// For the case that only whether something fits matters: a candidate with much space for addresses, if it finds them,
/// and if whatever best_of() would take instead also surely fits in device DRAM, or surely does not. Its DRAM needs are
/// then not the final ones. An empty result says nothing.
std::optional<Decision> any_of(const FitInput& in, Tried& tried, const std::vector<Ladder>& ladders, Allowed allowed) {
    constexpr double kRoomy = 0.7;  // of the capacity
    for (TightPlanId p : tried.plans.ids())
        if (can_recompute(in, tried.plans[p])) return std::nullopt;  // then candidates may be taken that are not listed
    for (const std::int64_t budget : budget_ladder(in.capacity())) {
        if (static_cast<double>(budget) > kRoomy * static_cast<double>(in.capacity())) continue;
        const auto outcome = candidate(in, tried, ladders.front().plan, budget, allowed);
        const auto* roomy = std::get_if<Candidate>(&outcome);
        if (!roomy) return std::nullopt;
        const Held how = held(in, tried, *roomy);
        if (how == Held::unclear || !cheaper_are(how, in, tried, ladders, *roomy)) return std::nullopt;
        return decide_surely(in, tried, *roomy);
    }
    return std::nullopt;
}

std::optional<Decision> best_of(const FitInput& in, Tried& tried, std::vector<Ladder> ladders, Allowed allowed) {
    if (in.options.only_whether && !ladders.empty())
        if (auto decision = any_of(in, tried, ladders, allowed)) return decision;
    std::vector<Candidate> all;
    for (;;) {
        climb_down(in, tried, ladders, allowed, all);
        const auto best = std::min_element(all.begin(), all.end(), cheaper);
        if (best == all.end()) return std::nullopt;
        if (auto decision = try_evictions(in, tried, *best)) return decision;
        all.erase(best);
    }
}

/// A known plan that gives the same code: avoids the time of a dry run.
std::optional<TightPlanId> same_plan(const FitInput& in, const Tried& tried, const Plan& plan) {
    if (!in.emission.same) return std::nullopt;
    for (TightPlanId p : tried.plans.ids())
        if (in.emission.same(tried.plans[p].plan, plan)) return p;
    return std::nullopt;
}

/// Empty if the chip cannot run such a plan. If device DRAM is too small (which is noted), narrower bands do not help;
/// if steps are too long, they may.
std::optional<TightPlanId> banded(const FitInput& in, Tried& tried, std::int64_t budget) {
    const Plan plan = in.options.banded(budget);
    if (const auto known = same_plan(in, tried, plan)) return known;
    auto made = dry_run_of_plan(in, tried, plan, fmt::format("bands for {} B", budget), INT64_MAX);
    if (auto* tight = std::get_if<TightPlan>(&made)) return add_plan(tried, std::move(*tight));
    if (auto* no = std::get_if<DoesNotFit>(&made); no && no->resource != resource::access_pattern)
        tried.reasons.dram = std::move(*no);
    return std::nullopt;
}

/// A plan with the widest bands, among the ladder's octaves, that manages with the budget that they are made for. Empty
/// if plans without bands manage with it, too.
std::optional<TightPlanId> wide_bands(const FitInput& in, Tried& tried) {
    for (std::int64_t budget : budget_octaves(in.capacity())) {  // emitting code takes time
        const TightPlanId fresh = tried.plans.next_id();
        const auto plan = banded(in, tried, budget);
        if (!plan && tried.reasons.dram) return std::nullopt;
        if (!plan) continue;
        const bool is_fresh = plan->value() == fresh.value();
        auto outcome = candidate(in, tried, *plan, budget, {true, false});
        if (std::holds_alternative<Candidate>(outcome)) return is_fresh ? plan : std::nullopt;
        if (is_fresh) {
            tried.plans.pop_back();
            tried.candidates.clear();  // the next plan will get its number
        }
        if (auto* no = std::get_if<DoesNotFit>(&outcome)) {
            tried.reasons.dram = std::move(*no);
            return std::nullopt;
        }
    }
    return std::nullopt;
}

/// All plans and `also`; then, for those that can recompute, what that gains.
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

/// A plan as it is, or with evictions that keep it within the budget.
std::optional<Decision> decide_parted(const FitInput& in, Tried& tried, std::int64_t budget, bool bands) {
    const std::string name = fmt::format("weights in parts{} for {} B", bands ? ", bands" : "", budget);
    auto made = dry_run_of_plan(in, tried, in.options.parted(budget, bands), name, in.capacity());
    auto* tight = std::get_if<TightPlan>(&made);
    if (!tight) return std::nullopt;
    const TightPlanId plan = add_plan(tried, std::move(*tight));
    if (auto found = try_allocate(in, tried, tried.plans[plan], {}))
        return decide(in, tried, plan, {}, tried.plans[plan].dram, std::move(*found));
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
    // If bands were only the last resort, a little more space could mean many more spilled bytes.
    if (in.options.banded)
        if (const auto bands = wide_bands(in, tried)) ladders.push_back({*bands});
    if (auto decision = with_evictions(in, tried, std::move(ladders), true)) return std::move(*decision);
    if (tried.reasons.dram) return *tried.reasons.dram;  // everything still to try has more instructions
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
    // If it is not weights that lack space, the earlier plans say why.
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
