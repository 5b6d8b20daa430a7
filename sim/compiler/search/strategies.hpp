// The ways to make a network fit, in the order in which they are tried.
#pragma once

#include <variant>

#include "compiler/search/tried.hpp"

namespace infsim::compiler {

/// It found nothing; the next strategy may do better.
struct GoOn {};
/// A refusal ends the search: nothing still to try could need less.
using StrategyOutcome = std::variant<GoOn, Decision, DoesNotFit>;

struct Strategy {
    const char* name;
    const char* pass;  ///< that it belongs to, as CompileOptions::skip_passes names it; empty: it cannot be skipped
    bool (*wanted)(const FitOptions&);
    StrategyOutcome (*try_it)(const FitInput&, Tried&);
};

/// Every plan without evictions.
StrategyOutcome try_as_it_is(const FitInput& in, Tried& tried);
/// Every plan with reissued loads and recomputation.
StrategyOutcome try_rematerialize(const FitInput& in, Tried& tried);
/// Every plan, and one in wide bands, with buffers saved to device DRAM.
StrategyOutcome try_spill(const FitInput& in, Tried& tried);
/// Budgets between the rungs, and the whole capacity: they may be just right if a rung is too small and the one above
/// leaves no freedom to choose addresses.
StrategyOutcome try_budgets_between(const FitInput& in, Tried& tried);
/// Images in bands that suit each budget: nothing else fits.
StrategyOutcome try_bands(const FitInput& in, Tried& tried);

/// Weights in parts that suit each budget, without bands and with them: the weights of one layer are too large.
StrategyOutcome try_parts(const FitInput& in, Tried& tried);

/// Makes a dry run of the plan. BufferTooLarge if a buffer takes more than `capacity`; a refusal if the chip cannot run
/// it. `name`: of the plan, for people.
std::variant<TightPlan, BufferTooLarge, DoesNotFit> dry_run_of_plan(const FitInput& in, Tried& tried, const Plan& plan,
                                                                    std::string name, std::int64_t capacity);

/// Adds a plan to those that do not fit as they are. Plans may differ in ways that do not matter to this network:
/// returns the plan or its equal.
TightPlanId add_plan(Tried& tried, TightPlan&& plan);

}  // namespace infsim::compiler
