#include "compiler/search/candidates.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "compiler/memory/evicted_liveness.hpp"
#include "compiler/memory/spill_area.hpp"
#include "compiler/search/budgets.hpp"
#include "compiler/search/fit_refusals.hpp"

namespace infsim::compiler {

namespace {

/// Device DRAM is too small for the evicting instructions, or for them and `saved_bytes`; a smaller budget needs more
/// of them.
std::optional<DoesNotFit> too_little_dram(const FitInput& in, const TightPlan& plan,
                                          const std::vector<Eviction>& evictions, std::int64_t saved_bytes) {
    const auto saves = std::count_if(evictions.begin(), evictions.end(), [](const Eviction& e) { return e.save; });
    const auto reloads =
        std::count_if(evictions.begin(), evictions.end(), [](const Eviction& e) { return e.by == Return::reload; });
    DramNeeds needs = plan.dram;
    // Every engine moves a share of the partitions.
    needs.instructions +=
        (saves + reloads) * in.options.target.dma_engines + static_cast<std::int64_t>(evictions.size()) - reloads;
    needs.segments[in.options.spill_region][program::Purpose::spill] += saved_bytes;
    needs.at_least = true;
    return dram_shortage(needs, in.options.target);
}

AttemptId note_evictions(Tried& tried, const TightPlan& plan, std::int64_t budget, Allowed allowed,
                         const std::string& result, const Timer& timer) {
    const char* how = allowed.recompute ? "computing again" : allowed.spill ? "spilling" : "issuing loads again";
    return tried.attempts.push_back(
        {"evictions", fmt::format("{}, budget {} B, {}: {}", plan.name, budget, how, result), timer.seconds(), true});
}

std::variant<Candidate, NoRoom, DoesNotFit> choose_for(const FitInput& in, const TightPlan& plan, Candidate c) {
    EvictionOptions options = in.options.evictions;
    options.spill = c.allowed.spill;
    options.recompute = c.allowed.recompute;
    options.budget = c.budget;
    auto chosen = choose_evictions(plan.dry_run.liveness, plan.dry_run.uses, options);
    if (auto* no = std::get_if<NoRoom>(&chosen)) return std::move(*no);
    c.evictions = std::move(std::get<std::vector<Eviction>>(chosen));
    if (auto no = too_little_dram(in, plan, c.evictions, 0)) return std::move(*no);
    c.cost = cost_of(c.evictions, plan.dry_run);
    return c;
}

std::string result_of(const std::variant<Candidate, NoRoom, DoesNotFit>& outcome) {
    if (const auto* c = std::get_if<Candidate>(&outcome))
        return fmt::format("{} at {} B of traffic", c->evictions.size(), c->cost);
    if (const auto* no = std::get_if<NoRoom>(&outcome)) return fmt::format("{} B are needed at once", no->wanted);
    return "too little device DRAM";
}

/// Addresses for the plan's code with the evictions in it. Empty if device DRAM cannot hold what they save.
std::optional<FoundAllocation> allocate_evicted(const FitInput& in, Tried& tried, const Candidate& c) {
    TightPlan& plan = tried.plans[c.plan];
    if (auto no = too_little_dram(in, plan, c.evictions, most_saved_bytes(plan.dry_run.uses, c.evictions))) {
        tried.reasons.dram = std::move(*no);
        return std::nullopt;
    }
    return try_allocate(in, tried, plan, c.evictions);
}

std::optional<Decision> decide_for(const FitInput& in, Tried& tried, const Candidate& c, FoundAllocation&& found) {
    const DryRun& dry_run = tried.plans[c.plan].dry_run;
    const std::int64_t area = spill_area_bytes(dry_run.liveness, dry_run.uses, c.evictions);
    if (area > kMostSpillBytes) return std::nullopt;
    tried.attempts[c.chosen].taken = true;
    return decide(in, tried, c.plan, c.evictions, evicted_needs(in, tried.plans[c.plan], c.evictions, area),
                  std::move(found));
}

/// As a plan states it: empty if every image of every value has a place of its own.
std::vector<int> scratch_images(const DramNeeds& needs) {
    std::vector<int> places;
    for (const ScratchPlaces& s : needs.scratch) {
        if (s.places >= s.batch) continue;
        places.resize(std::max(places.size(), s.value.index() + 1), 0);
        places[s.value.index()] = s.places;
    }
    return places;
}

}  // namespace

std::int64_t cost_of(const std::vector<Eviction>& evictions, const DryRun& dry_run) {
    return traffic_bytes(evictions, dry_run.uses);
}

CandidateOutcome candidate(const FitInput& in, Tried& tried, TightPlanId plan, std::int64_t budget, Allowed allowed) {
    const auto key = std::make_tuple(plan.value(), budget, allowed.spill, allowed.recompute);
    if (const auto known = tried.candidates.find(key); known != tried.candidates.end()) return known->second;
    const Timer timer;
    Candidate c;
    c.plan = plan;
    c.budget = budget;
    c.allowed = allowed;
    auto outcome = choose_for(in, tried.plans[plan], std::move(c));
    const AttemptId noted = note_evictions(tried, tried.plans[plan], budget, allowed, result_of(outcome), timer);
    if (auto* made = std::get_if<Candidate>(&outcome)) made->chosen = noted;
    if (in.options.only_whether) tried.candidates.emplace(key, outcome);
    return outcome;
}

bool cheaper(const Candidate& a, const Candidate& b) {
    const auto rank = [](const Candidate& c) { return std::make_tuple(c.cost, -c.budget, c.plan.value()); };
    return rank(a) < rank(b);
}

bool can_recompute(const FitInput& in, const TightPlan& plan) {
    return in.options.evictions.recompute && !plan.dry_run.uses.recipes.list.empty();
}

std::vector<Candidate> cheaper_with_recompute(const FitInput& in, Tried& tried, const Candidate& than) {
    std::vector<Candidate> list;
    if (than.allowed.recompute || than.cost == 0) return list;
    for (TightPlanId p : tried.plans.ids()) {
        const TightPlan& plan = tried.plans[p];
        if (!can_recompute(in, plan) || (p.value() != than.plan.value() && plan.plan.band_bytes > 0)) continue;
        for (std::int64_t budget : budget_ladder(in.capacity())) {
            auto outcome = candidate(in, tried, p, budget, {than.allowed.spill, true});
            auto* c = std::get_if<Candidate>(&outcome);
            if (!c || c->cost >= than.cost) break;  // a smaller budget almost always costs more
            list.push_back(std::move(*c));
        }
    }
    const auto rank = [&](const Candidate& c) { return std::make_tuple(c.plan.value() != than.plan.value(), c.cost); };
    std::stable_sort(list.begin(), list.end(),
                     [&](const Candidate& x, const Candidate& y) { return rank(x) < rank(y); });
    return list;
}

std::optional<FoundAllocation> try_allocate(const FitInput& in, Tried& tried, TightPlan& plan,
                                            const std::vector<Eviction>& evictions) {
    const Timer timer;
    Liveness evicted;
    if (!evictions.empty()) evicted = evicted_liveness(plan.dry_run.liveness, plan.dry_run.uses, evictions);
    const Liveness& liveness = evictions.empty() ? plan.dry_run.liveness : evicted;
    const auto known = std::find_if(plan.refused.begin(), plan.refused.end(),
                                    [&](const Refused& r) { return r.evictions == evictions; });
    if (known != plan.refused.end()) {
        note_failure(in, tried, liveness, known->why);
        return std::nullopt;
    }
    if (in.options.only_whether && surely_allocates(liveness, in.options.allocate))
        return FoundAllocation{{}, tried.attempts.push_back({"allocate", "finds addresses", timer.seconds(), true})};
    auto outcome = allocate(liveness, in.options.allocate);
    const auto* no = std::get_if<AllocationFailure>(&outcome);
    const std::string detail = no ? fmt::format("{} B wanted, {} there", no->wanted, in.capacity())
                                  : fmt::format("{} buffers, {} loads", liveness.buffers.size(), liveness.loads.size());
    const AttemptId mine = tried.attempts.push_back({"allocate", detail, timer.seconds(), true});
    if (!no) return FoundAllocation{std::move(std::get<Allocation>(outcome)), mine};
    note_failure(in, tried, liveness, *no);
    plan.refused.push_back({evictions, *no});
    return std::nullopt;
}

DramNeeds evicted_needs(const FitInput& in, const TightPlan& plan, const std::vector<Eviction>& evictions,
                        std::int64_t area) {
    DramNeeds needs = plan.dram;
    needs.instructions += eviction_instructions(plan.dry_run.uses, evictions);
    if (area == 0) return needs;
    program::Segment segment;
    segment.purpose = program::Purpose::spill;
    segment.bytes = area;
    needs.segments[in.options.spill_region][segment.purpose] += dram_bytes(segment);
    return needs;
}

Decision decide(const FitInput& in, Tried& tried, TightPlanId plan, std::vector<Eviction> evictions, DramNeeds dram,
                FoundAllocation found) {
    TightPlan& of = tried.plans[plan];
    tried.attempts[of.made].taken = tried.attempts[found.attempt].taken = true;
    Decision decision;
    decision.plan = std::move(of.plan);
    decision.dry_run = std::move(of.dry_run);
    decision.evictions = std::move(evictions);
    decision.allocation = std::move(found.allocation);
    decision.dram = with_scratch_that_fits(std::move(dram), in.options.target);
    std::vector<int> places = scratch_images(decision.dram);
    // A code that was kept has the places of its plan.
    if (tried.kept_of.value() == plan.value() && places == decision.plan.scratch_images)
        decision.code = std::exchange(tried.kept_code, std::nullopt);
    decision.plan.scratch_images = std::move(places);
    return decision;
}

std::optional<Decision> decide_surely(const FitInput& in, Tried& tried, const Candidate& c) {
    const DryRun& dry_run = tried.plans[c.plan].dry_run;
    const Timer timer;
    const std::int64_t saved = most_saved_bytes(dry_run.uses, c.evictions);
    if (too_little_dram(in, tried.plans[c.plan], c.evictions, saved) ||
        !surely_allocates(evicted_liveness(dry_run.liveness, dry_run.uses, c.evictions), in.options.allocate))
        return std::nullopt;
    const AttemptId noted = tried.attempts.push_back({"allocate", "finds addresses", timer.seconds(), true});
    auto decision = decide_for(in, tried, c, {{}, noted});
    if (decision) decision->dram.at_least = true;
    return decision;
}

std::optional<Decision> try_evictions(const FitInput& in, Tried& tried, const Candidate& c) {
    auto found = allocate_evicted(in, tried, c);
    if (!found) return std::nullopt;
    for (const Candidate& again : cheaper_with_recompute(in, tried, c))
        if (auto better = allocate_evicted(in, tried, again)) return decide_for(in, tried, again, std::move(*better));
    return decide_for(in, tried, c, std::move(*found));
}

std::optional<Decision> first_that_fits(const FitInput& in, Tried& tried, std::vector<Candidate> all) {
    std::stable_sort(all.begin(), all.end(), cheaper);
    for (const Candidate& c : all)
        if (auto decision = try_evictions(in, tried, c)) return decision;
    return std::nullopt;
}

}  // namespace infsim::compiler
