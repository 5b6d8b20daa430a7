// The highest load that a server sustains within its bound, and the best set of compiled sizes.
#pragma once

#include <functional>
#include <vector>

#include "serving/verdict.hpp"

namespace infsim::serving {

/// Runs a scenario.
using Evaluate = std::function<Summary(const Scenario&)>;

/// Where a load stops being sustained. `rate` is offered requests per second.
struct Peak {
    std::optional<double> rate;  ///< empty: not even the lowest load that was tried is sustained
    Summary at;                  ///< there; of the lowest load tried when there is none
    double beyond = 0;           ///< lowest rate found not to be sustained
    int runs = 0;
};

/// Doubles or halves the scenario's load until it has one that is sustained and one that is not, then halves the gap
/// between them to the search's tolerance. Every run has the scenario's seed, so the same gaps and sizes, scaled. A
/// policy that waits for company may miss a bound at low loads as well; the peak is then a boundary near the
/// scenario's own load.
Peak find_peak(const Scenario& scenario, const Evaluate& evaluate);

/// All sets of 1 to `at_most` of `candidates`, smaller sets first.
std::vector<std::vector<int>> sets_of(const std::vector<int>& candidates, int at_most);
/// Sets are refused beyond this number.
constexpr std::size_t kMaxSets = 500;

/// The scenario with these compiled sizes; max_batch_size becomes the largest, preferred sizes all of them where some
/// are preferred. Empty where the policy could not take the scenario's largest request.
std::optional<Scenario> with_sizes(const Scenario& scenario, const std::vector<int>& sizes);

/// One candidate of a search over sets.
struct SetResult {
    std::vector<int> sizes;
    Peak peak;
    std::string excluded;  ///< why it was not tried, else empty
};

/// Order of preference: higher peak; peaks within twice the tolerance tie, and then fewer and smaller sizes win.
/// Excluded ones and those without a peak come last, in the order given.
void rank(std::vector<SetResult>& results, double tolerance);

}  // namespace infsim::serving
