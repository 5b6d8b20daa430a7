// Ways to make a plan fit by evictions, one per budget: what they cost, and whether they can be carried out.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "compiler/memory/evictions.hpp"
#include "compiler/search/tried.hpp"

namespace infsim::compiler {

/// The cost by which candidates are compared: bytes of device DRAM traffic of the evictions, or the bytes that could be
/// moved while engines recompute.
std::int64_t cost_of(const std::vector<Eviction>& evictions, const DryRun& dry_run);

/// The evictions that keep the live bytes of a plan within the budget. NoRoom if no choice does; a refusal if device
/// DRAM cannot hold their instructions.
CandidateOutcome candidate(const FitInput& in, Tried& tried, TightPlanId plan, std::int64_t budget, Allowed allowed);

/// The order in which candidates are tried: the cheapest first; among equals the largest budget, then the plan that was
/// tried first.
bool cheaper(const Candidate& a, const Candidate& b);

bool can_recompute(const FitInput& in, const TightPlan& plan);

/// Candidates that recompute and cost less: first on the same plan, cheapest first, then on others without bands. Bands
/// mean many more instructions; recomputing must not be what makes them the better plan.
std::vector<Candidate> cheaper_with_recompute(const FitInput& in, Tried& tried, const Candidate& than);

struct FoundAllocation {
    Allocation allocation;
    AttemptId attempt;
};
/// Addresses for the plan's code with these evictions in it, which may be none. Empty if there are none; `tried` and
/// the plan keep why. If only the answer matters, the addresses are left out.
std::optional<FoundAllocation> try_allocate(const FitInput& in, Tried& tried, TightPlan& plan,
                                            const std::vector<Eviction>& evictions);

/// What the plan's code needs once the evictions are written into it; `area`: their spill_area_bytes().
DramNeeds evicted_needs(const FitInput& in, const TightPlan& plan, const std::vector<Eviction>& evictions,
                        std::int64_t area);

/// The decision for a plan with these evictions, which may be none; `dram` is what they need if every image has scratch
/// space of its own: the decision takes as much of that as fits. Moves the plan's dry run out of `tried`.
Decision decide(const FitInput& in, Tried& tried, TightPlanId plan, std::vector<Eviction> evictions, DramNeeds dram,
                FoundAllocation found);

/// Decides for the candidate if it finds addresses. If recomputing can replace some of its evictions, decides for that
/// instead.
std::optional<Decision> try_evictions(const FitInput& in, Tried& tried, const Candidate& candidate);

/// The decision for a candidate that would be tried, if it is certain to find addresses. It stands for others that may
/// be taken instead, so `dram` is marked as not theirs.
std::optional<Decision> decide_surely(const FitInput& in, Tried& tried, const Candidate& candidate);

/// The cheapest one that finds addresses.
std::optional<Decision> first_that_fits(const FitInput& in, Tried& tried, std::vector<Candidate> all);

}  // namespace infsim::compiler
