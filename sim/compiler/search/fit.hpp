// Makes a network fit: tries plans, then loads issued again, then spills, until everything has a place.
#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "compiler/emit/emit.hpp"
#include "compiler/ir/code.hpp"
#include "compiler/memory/placement.hpp"
#include "compiler/memory/spill.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

struct Fitted {
    Code code;
    Placement placement;
    SpillReport spills;
    Plan plan;         ///< that was taken
    int attempts = 0;  ///< placements that were tried
};

struct FitOptions {
    PlaceOptions place;
    EvictionOptions evictions;           ///< its budget is chosen here
    const hw::ChipSpec* spec = nullptr;  ///< prices what is computed again; without it nothing is
    int spill_region = 0;
    program::Target target;
    int stem_layers = 0;  ///< plans that differ in stripes alone differ in these first layers alone
    std::function<Plan(std::int64_t)>
        banded;            ///< for a budget, the plan to spill with where no other fits; may be empty
    bool explain = false;  ///< a refusal also says how much room the placement would need
};

/// The first of `plans` that fits as it is; else the first that does with loads issued again; else, of all plans, the
/// widest bands that serve and all budgets of a fixed ladder up to the capacity, what moves the fewest bytes (spilled
/// or issued again). So a larger state buffer does not spill more, but where packing is lucky or that saves loads.
/// Where no rung serves, budgets between the rungs and narrower bands are tried. Otherwise why the most frugal plan
/// does not fit.
std::variant<Fitted, DoesNotFit> fit(const std::vector<Plan>& plans, const EmitInput& input,
                                     const std::vector<program::LayerInfo>& layers, const FitOptions& options);

}  // namespace infsim::compiler
