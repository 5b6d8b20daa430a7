// Makes a network fit: tries plans, then reissued loads, then spills, until everything has an address. It decides and
// carries nothing out.
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

class FitMemory;

struct FitOptions {
    AllocateOptions allocate;
    EvictionOptions evictions;           ///< its budget is chosen here
    const hw::ChipSpec* spec = nullptr;  ///< prices recomputation; without it nothing is recomputed
    int spill_region = 0;
    program::Target target;
    int batch = 1;
    int stem_layers = 0;  ///< plans that differ only in stripes differ only in these first layers
    /// For a budget, the plan to spill with if no other fits; may be empty.
    std::function<Plan(std::int64_t)> banded;
    /// For a budget, the plan whose weights arrive in parts, with its images in bands or not; may be empty.
    std::function<Plan(std::int64_t budget, bool bands)> parted;
    /// Only whether there is a decision matters: it may differ from the one that would be taken, and its allocation may
    /// be missing.
    bool only_whether = false;
    bool explain = false;           ///< a refusal also says how much space the allocation would need
    std::vector<std::string> skip;  ///< strategies to skip, by their own name or by that of their pass
};

/// What to do; it can always be carried out.
struct Decision {
    Plan plan;
    DryRun dry_run;                   ///< of the plan's code
    std::vector<Eviction> evictions;  ///< as apply_evictions() wants them; may be empty
    Allocation allocation;            ///< of what evicted_liveness() makes of both
    DramNeeds dram;                   ///< of the code with its evictions, before waits are inserted
    std::optional<Code> code;         ///< the plan's, if it was kept; otherwise it has to be emitted again
    std::vector<Attempt> attempts;    ///< in order
};

/// The first of `plans` that fits as it is; else the first that fits with reissued loads; else, of all plans, the
/// widest bands that serve and all budgets of a fixed ladder up to the capacity, the one that moves the fewest bytes
/// (spilled or reissued). So a larger state buffer does not spill more, unless the choice of addresses is lucky or that
/// saves loads. If no rung works, budgets between the rungs and narrower bands are tried, and in the end weights that
/// arrive in parts. Otherwise returns why the most frugal plan does not fit.
/// `memory`, if any, has what earlier fits of the same network have learnt; it only saves time.
std::variant<Decision, DoesNotFit> fit(const std::vector<Plan>& plans, const PlanEmission& emission,
                                       const std::vector<program::LayerInfo>& layers, const FitOptions& options,
                                       FitMemory* memory = nullptr);

}  // namespace infsim::compiler
