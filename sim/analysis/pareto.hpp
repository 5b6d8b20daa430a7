// Pareto front: points that no other point beats in all objectives.
#pragma once

#include <optional>
#include <vector>

namespace infsim::analysis {

/// The value of a point by one objective (larger is better), with its measurement interval.
struct Worth {
    double value = 0, low = 0, high = 0;
};

/// The values by every objective, in the same order for all points; empty if one is missing: the point is not compared.
using Worths = std::optional<std::vector<Worth>>;

enum class Standing {
    not_compared,      ///< a value is missing
    dominated,         ///< another point is at least as good in all and better in one, intervals included
    within_intervals,  ///< dominated by the values, but not by every value within the intervals
    front              ///< no other point is at least as good in all and better in one
};

/// The standing of every point. Equal points have equal standings.
std::vector<Standing> pareto(const std::vector<Worths>& points);

}  // namespace infsim::analysis
