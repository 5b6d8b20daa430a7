// Makes a network fit: tries plans, then loads issued again, then spills, until everything has an address. It decides
// and carries nothing out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/memory/allocate.hpp"
#include "compiler/memory/dram.hpp"
#include "compiler/memory/evictions.hpp"
#include "compiler/outcome.hpp"
#include "compiler/search/emission.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

struct FitOptions {
    AllocateOptions allocate;
    EvictionOptions evictions;           ///< its budget is chosen here
    const hw::ChipSpec* spec = nullptr;  ///< prices what is computed again; without it nothing is
    int spill_region = 0;
    program::Target target;
    int stem_layers = 0;  ///< plans that differ in stripes alone differ in these first layers alone
    /// For a budget, the plan to spill with where no other fits; may be empty.
    std::function<Plan(std::int64_t)> banded;
    /// For a budget, the plan whose weights arrive in parts, its images in bands or not; may be empty.
    std::function<Plan(std::int64_t budget, bool bands)> parted;
    /// Only whether there is a decision is asked: it may be another than the one that would be taken, and its
    /// allocation may be missing.
    bool only_whether = false;
    bool explain = false;           ///< a refusal also says how much room the allocation would need
    std::vector<std::string> skip;  ///< strategies to leave out, by their own name or by that of their pass
};

/// What is to be done; it can always be carried out.
struct Decision {
    Plan plan;
    DryRun dry_run;                   ///< of the plan's code
    std::vector<Eviction> evictions;  ///< as apply_evictions() wants them; may be empty
    Allocation allocation;            ///< of what evicted_liveness() makes of both
    DramNeeds dram;                   ///< of the code with its evictions, before waits are inserted
    std::optional<Code> code;         ///< the plan's, if it was kept: otherwise it has to be emitted again
    std::vector<Attempt> attempts;    ///< in their order
};

/// The first of `plans` that fits as it is; else the first that does with loads issued again; else, of all plans, the
/// widest bands that serve and all budgets of a fixed ladder up to the capacity, what moves the fewest bytes (spilled
/// or issued again). So a larger state buffer does not spill more, but where the choice of addresses is lucky or that
/// saves loads. Where no rung serves, budgets between the rungs and narrower bands are tried, and in the end weights
/// that arrive in parts. Otherwise why the most frugal plan does not fit.
std::variant<Decision, DoesNotFit> fit(const std::vector<Plan>& plans, const PlanEmission& emission,
                                       const std::vector<program::LayerInfo>& layers, const FitOptions& options);

}  // namespace infsim::compiler
