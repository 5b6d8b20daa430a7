// Ways to make a plan fit by evictions, each for a budget: what they cost, and whether they can be carried out.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "compiler/memory/evictions.hpp"
#include "compiler/search/tried.hpp"

namespace infsim::compiler {

/// What candidates compete by: bytes of device DRAM that the evictions move, or that could be moved while engines
/// compute again.
std::int64_t cost_of(const std::vector<Eviction>& evictions, const DryRun& dry_run);

/// The evictions that keep the live bytes of a plan within the budget. NoRoom where no choice does; a refusal where
/// device DRAM cannot hold the instructions that they take.
CandidateOutcome candidate(const FitInput& in, Tried& tried, TightPlanId plan, std::int64_t budget, Allowed allowed);

/// The order in which candidates are tried: the cheapest first; of equal ones the largest budget, then the plan that
/// was tried first.
bool cheaper(const Candidate& a, const Candidate& b);

bool can_recompute(const FitInput& in, const TightPlan& plan);

/// What computes again and costs less: first on the same plan, cheapest first, then on others without bands. Bands
/// mean many more instructions; computing again must not be what makes them the better plan.
std::vector<Candidate> cheaper_with_recompute(const FitInput& in, Tried& tried, const Candidate& than);

struct FoundAllocation {
    Allocation allocation;
    AttemptId attempt;
};
/// Nothing where the liveness finds no addresses; `tried` keeps why. Where only that is asked without the addresses.
std::optional<FoundAllocation> try_allocate(const FitInput& in, Tried& tried, const Liveness& liveness);

/// What the plan's code needs once the evictions are written into it; `area`: spill_area_bytes() of them.
DramNeeds evicted_needs(const FitInput& in, const TightPlan& plan, const std::vector<Eviction>& evictions,
                        std::int64_t area);

/// The decision for a plan that needs no evictions, or for these; `dram` is what they come to. Takes the plan's dry run
/// out of `tried`.
Decision decide(Tried& tried, TightPlanId plan, std::vector<Eviction> evictions, DramNeeds dram, FoundAllocation found);

/// Decides for the candidate where it finds addresses; where some of its evictions can be spared by computing again,
/// for that.
std::optional<Decision> try_evictions(const FitInput& in, Tried& tried, const Candidate& candidate);

/// The decision for a candidate that would be tried, where it surely finds addresses. It stands for others that may be
/// taken instead: `dram` is marked as not being theirs.
std::optional<Decision> decide_surely(const FitInput& in, Tried& tried, const Candidate& candidate);

/// The cheapest that finds addresses.
std::optional<Decision> first_that_fits(const FitInput& in, Tried& tried, std::vector<Candidate> all);

}  // namespace infsim::compiler
