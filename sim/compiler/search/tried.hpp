// The input of fitting, and what it has learnt so far.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/typed_id.hpp"
#include "compiler/search/fit.hpp"

namespace infsim::compiler {

struct FitInput {
    const std::vector<Plan>& plans;
    const PlanEmission& emission;
    const std::vector<program::LayerInfo>& layers;
    const FitOptions& options;

    std::int64_t capacity() const { return options.allocate.capacity; }
};

using TightPlanId = TypedId<struct TightPlanTag>;
using AttemptId = TypedId<struct AttemptTag>;

/// Evictions with which a plan found no addresses, and why. To ask again would take long.
struct Refused {
    std::vector<Eviction> evictions;  ///< none: the plan as it is
    AllocationFailure why;
};

/// A plan that the chip can run, but whose code does not fit as it is.
struct TightPlan {
    Plan plan;
    std::string name;  ///< for people
    DryRun dry_run;
    DramNeeds dram;  ///< without evictions
    AttemptId made;  ///< the dry run that made it
    std::vector<Refused> refused;
};

/// The allocation that came closest to the capacity, and why it failed.
struct Closest {
    Liveness liveness;
    DoesNotFit reason;
};

/// Why nothing fits, as far as is known.
struct Reasons {
    std::optional<DoesNotFit> shortage;    ///< why the chip cannot run other plans
    std::optional<DoesNotFit> dram;        ///< why device DRAM cannot hold what spilling would need
    std::optional<DoesNotFit> least_room;  ///< what no eviction can remove
    std::optional<Closest> closest;
};

/// What evictions may do besides reissuing loads.
struct Allowed {
    bool spill = true, recompute = false;
};

/// A way to make a plan fit.
struct Candidate {
    TightPlanId plan;
    std::int64_t budget = 0;
    Allowed allowed;
    std::vector<Eviction> evictions;
    std::int64_t cost = 0;
    AttemptId chosen;
};
using CandidateOutcome = std::variant<Candidate, NoRoom, DoesNotFit>;

struct Tried {
    IdVector<TightPlanId, TightPlan> plans;
    /// The last code emitted, if it was kept, and the plan it belongs to.
    std::optional<Code> kept_code;
    TightPlanId kept_of;
    Reasons reasons;
    /// Results, by plan, budget, spill and recompute: kept because several paths ask for the same one.
    std::map<std::tuple<std::int32_t, std::int64_t, bool, bool>, CandidateOutcome> candidates;
    IdVector<AttemptId, Attempt> attempts;
    std::vector<TightPlan> remembered;  ///< by an earlier fit, and not taken from here yet
};

/// Seconds since construction.
class Timer {
public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace infsim::compiler
