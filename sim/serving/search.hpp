// The highest load that a server sustains within its bound, and the best set of compiled sizes.
#pragma once

#include <functional>
#include <vector>

#include "serving/verdict.hpp"

namespace infsim::serving {

/// Runs a scenario.
using Evaluate = std::function<Summary(const Scenario&)>;

/// The highest sustained load. `rate` is offered requests per second.
struct Peak {
    std::optional<double> rate;  ///< empty: not even the lowest load tried is sustained
    Summary at;                  ///< at that load; at the lowest load tried if there is none
    double beyond = 0;           ///< lowest rate found not to be sustained
    int runs = 0;
};

/// Doubles or halves the scenario's load until it has a sustained and an unsustained one, then bisects to the search's
/// tolerance. Every run has the scenario's seed, and so the same gaps and sizes, scaled. A policy that waits to fill
/// batches may miss a bound at low loads as well; the peak is then a boundary near the scenario's own load.
Peak find_peak(const Scenario& scenario, const Evaluate& evaluate);

/// All sets of 1 to `at_most` of `candidates`, smaller sets first.
std::vector<std::vector<int>> sets_of(const std::vector<int>& candidates, int at_most);
/// More sets than this are refused.
constexpr std::size_t kMaxSets = 500;

/// The scenario with these compiled sizes; max_batch_size becomes the largest of them, and preferred sizes, if any,
/// become all of them. Empty if the policy could not take the scenario's largest request.
std::optional<Scenario> with_sizes(const Scenario& scenario, const std::vector<int>& sizes);

/// One candidate of a search over sets.
struct SetResult {
    std::vector<int> sizes;
    Peak peak;
    std::string excluded;  ///< why it was not tried, else empty
};

/// Order of preference: higher peaks first; peaks within twice the tolerance tie, and then fewer and smaller sizes win.
/// Excluded candidates and those without a peak come last, in the given order.
void rank(std::vector<SetResult>& results, double tolerance);

}  // namespace infsim::serving
