// What a fit that found nothing leaves to the next one, which often tries some of the same plans.
#pragma once

#include <utility>
#include <vector>

#include "compiler/search/tried.hpp"

namespace infsim::compiler {

/// Dry runs of plans, with the evictions that found no addresses. They hold for one network, target and compile
/// options; `subject` says what else they depend on.
class FitMemory {
public:
    struct Subject {
        int batch = 0;
        bool recompute = false;  ///< dry runs have recipes
        int rotation = 0;        ///< of short-lived buffers, which bears on what finds addresses
        bool operator==(const Subject& o) const {
            return batch == o.batch && recompute == o.recompute && rotation == o.rotation;
        }
    };

    /// The plans known of `subject` that are among `wanted`. All others are forgotten: they take much memory.
    std::vector<TightPlan> recall(Subject subject, const std::vector<Plan>& wanted);
    void keep(Subject subject, IdVector<TightPlanId, TightPlan>&& plans);

private:
    Subject subject_;
    std::vector<TightPlan> plans_;
};

}  // namespace infsim::compiler
