// Which points no other one beats in everything that is asked for.
#pragma once

#include <optional>
#include <vector>

namespace infsim::analysis {

/// What a point is worth by one objective, larger is better, and where that may lie as far as it was measured.
struct Worth {
    double value = 0, low = 0, high = 0;
};

/// By every objective, in the same order for all points; empty where something is missing: that point is not compared.
using Worths = std::optional<std::vector<Worth>>;

enum class Standing {
    not_compared,      ///< something is missing
    dominated,         ///< another one is at least as good in everything and better in something, intervals included
    within_intervals,  ///< dominated by the values, but not by every value within the intervals
    front              ///< no other one is at least as good in everything and better in something
};

/// The standing of every point. Equal points stand equal.
std::vector<Standing> pareto(const std::vector<Worths>& points);

}  // namespace infsim::analysis
