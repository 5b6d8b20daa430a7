#include "compiler/search/fit.hpp"

#include <algorithm>
#include <utility>

#include "compiler/search/fit_memory.hpp"
#include "compiler/search/fit_refusals.hpp"
#include "compiler/search/strategies.hpp"

namespace infsim::compiler {

namespace {

bool always(const FitOptions&) { return true; }
bool may_rematerialize(const FitOptions& o) { return o.evictions.rematerialization; }
bool may_spill(const FitOptions& o) { return o.evictions.spill; }
bool has_parts(const FitOptions& o) { return static_cast<bool>(o.parted); }
bool may_spill_bands(const FitOptions& o) { return o.evictions.spill && o.banded; }

/// In this order; the first that reaches a decision ends the search.
constexpr Strategy kStrategies[] = {
    {"as it is", "", always, try_as_it_is},
    {"rematerialize", "rematerialize", may_rematerialize, try_rematerialize},
    {"spill", "spill", may_spill, try_spill},
    {"budgets between", "spill", may_spill, try_budgets_between},
    {"bands", "spill", may_spill_bands, try_bands},
    {"weights in parts", "", has_parts, try_parts},
};

bool is_skipped(const Strategy& strategy, const std::vector<std::string>& skip) {
    const auto names_it = [&](const std::string& name) { return name == strategy.name || name == strategy.pass; };
    return *strategy.pass != '\0' && std::any_of(skip.begin(), skip.end(), names_it);
}

const char* result_of(const StrategyOutcome& outcome) {
    if (std::holds_alternative<Decision>(outcome)) return "fits";
    return std::holds_alternative<GoOn>(outcome) ? "does not fit" : "nothing more to try";
}

/// The strategy as an attempt, placed before its own steps.
StrategyOutcome attempt(const Strategy& strategy, const FitInput& in, Tried& tried) {
    const Timer timer;
    const AttemptId mine = tried.attempts.push_back({strategy.name, "", 0});
    StrategyOutcome outcome = strategy.try_it(in, tried);
    Attempt& noted = tried.attempts[mine];
    noted.detail = result_of(outcome);
    noted.seconds = timer.seconds();
    noted.taken = std::holds_alternative<Decision>(outcome);
    return outcome;
}

}  // namespace

std::variant<Decision, DoesNotFit> fit(const std::vector<Plan>& plans, const PlanEmission& emission,
                                       const std::vector<program::LayerInfo>& layers, const FitOptions& options,
                                       FitMemory* memory) {
    const FitInput in{plans, emission, layers, options};
    const FitMemory::Subject subject{options.batch, options.evictions.recompute, options.allocate.rotation};
    Tried tried;
    if (memory) tried.remembered = memory->recall(subject, plans);
    for (const Strategy& strategy : kStrategies) {
        if (!strategy.wanted(options) || is_skipped(strategy, options.skip)) continue;
        StrategyOutcome outcome = attempt(strategy, in, tried);
        if (auto* no = std::get_if<DoesNotFit>(&outcome)) return std::move(*no);
        if (auto* decision = std::get_if<Decision>(&outcome)) {
            decision->attempts.assign(tried.attempts.begin(), tried.attempts.end());
            return std::move(*decision);
        }
    }
    DoesNotFit no = refusal_of(in, tried);
    if (memory) memory->keep(subject, std::move(tried.plans));
    return no;
}

}  // namespace infsim::compiler
