#include "analysis/pareto.hpp"

#include <algorithm>
#include <cstddef>

namespace infsim::analysis {

namespace {

using Values = std::vector<double>;

Values values_of(const std::vector<Worth>& worths, double Worth::*member) {
    Values values;
    for (const Worth& w : worths) values.push_back(w.*member);
    return values;
}

/// At least as good in all objectives and better in one.
bool dominates(const Values& a, const Values& b) {
    bool better = false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] < b[i]) return false;
        better = better || a[i] > b[i];
    }
    return better;
}

bool dominated(const std::vector<Values>& by, const Values& point) {
    return std::any_of(by.begin(), by.end(), [&](const Values& other) { return dominates(other, point); });
}

/// The points that no other point dominates, equal ones once. In descending order, a dominating point comes before the
/// points that it dominates. The front also dominates whatever a dominated point dominates, so each point is compared
/// only with the front.
std::vector<Values> front_of(std::vector<Values> all) {
    std::sort(all.begin(), all.end(), std::greater<>());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::vector<Values> front;
    for (Values& point : all)
        if (!dominated(front, point)) front.push_back(std::move(point));
    return front;
}

}  // namespace

std::vector<Standing> pareto(const std::vector<Worths>& points) {
    std::vector<Values> values, lows;
    for (const Worths& point : points) {
        if (!point) continue;
        values.push_back(values_of(*point, &Worth::value));
        lows.push_back(values_of(*point, &Worth::low));
    }
    // If some point surely dominates, then one does whose low ends nothing dominates.
    const auto front = front_of(std::move(values)), sure = front_of(std::move(lows));
    std::vector<Standing> standings;
    for (const Worths& point : points) {
        if (!point) standings.push_back(Standing::not_compared);
        else if (!dominated(front, values_of(*point, &Worth::value))) standings.push_back(Standing::front);
        else if (!dominated(sure, values_of(*point, &Worth::high))) standings.push_back(Standing::within_intervals);
        else standings.push_back(Standing::dominated);
    }
    return standings;
}

}  // namespace infsim::analysis
