// The ways to make a network fit, one after the other.
#pragma once

#include <variant>

#include "compiler/search/tried.hpp"

namespace infsim::compiler {

/// Nothing came of it; the next strategy may know better.
struct GoOn {};
/// A refusal ends the search: what would still be tried could not do with less.
using StrategyOutcome = std::variant<GoOn, Decision, DoesNotFit>;

struct Strategy {
    const char* name;
    const char* pass;  ///< of which it is part, as CompileOptions::skip_passes names it; empty: it cannot be skipped
    bool (*wanted)(const FitOptions&);
    StrategyOutcome (*try_it)(const FitInput&, Tried&);
};

/// Every plan without evictions.
StrategyOutcome try_as_it_is(const FitInput& in, Tried& tried);
/// Every plan with loads that are issued again, and what is computed again.
StrategyOutcome try_rematerialize(const FitInput& in, Tried& tried);
/// Every plan and one in wide bands, with buffers saved to device DRAM.
StrategyOutcome try_spill(const FitInput& in, Tried& tried);
/// Budgets between the rungs, and all there is: they may be just enough where a rung is too little and the one above
/// leaves no room to choose addresses.
StrategyOutcome try_budgets_between(const FitInput& in, Tried& tried);
/// Images in bands that suit each budget: nothing else has a place.
StrategyOutcome try_bands(const FitInput& in, Tried& tried);

/// Weights in parts that suit each budget, without bands and with them: the weights of one layer are too large.
StrategyOutcome try_parts(const FitInput& in, Tried& tried);

/// Makes a dry run of the plan. Nothing where a buffer takes more than `capacity`; a refusal where the chip cannot run
/// it. `name`: of the plan, for people.
std::variant<TightPlan, BufferTooLarge, DoesNotFit> dry_run_of_plan(const FitInput& in, Tried& tried, const Plan& plan,
                                                                    std::string name, std::int64_t capacity);

/// Adds a plan to those that find no place as they are. Plans may differ in what makes no difference to this network:
/// returns the plan or its equal.
TightPlanId add_plan(Tried& tried, TightPlan&& plan);

}  // namespace infsim::compiler
