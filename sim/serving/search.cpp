#include "serving/search.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"

namespace infsim::serving {

namespace {

constexpr int kMostSteps = 24;  // factors of two: more than the error of any sensible guess
/// No run of a search takes longer than this in simulated time, at its own rate.
constexpr double kLongestSeconds = 4e6;

Scenario at_factor(const Scenario& scenario, double factor) {
    Scenario s = scenario;
    s.run.load = scaled(scenario.run.load, factor);
    return s;
}

std::int32_t largest_item(const Scenario& s) {
    if (const auto* trace = std::get_if<Trace>(&s.run.load)) {
        std::int32_t most = 0;
        for (const Arrival& a : trace->arrivals) most = std::max(most, a.items);
        return most;
    }
    return *std::max_element(s.run.sizes.items.begin(), s.run.sizes.items.end());
}

void append_sets(const std::vector<int>& candidates, std::size_t from, std::size_t count, std::vector<int>& set,
                 std::vector<std::vector<int>>& all) {
    if (set.size() == count) {
        all.push_back(set);
        return;
    }
    for (std::size_t i = from; i < candidates.size(); ++i) {
        set.push_back(candidates[i]);
        append_sets(candidates, i + 1, count, set, all);
        set.pop_back();
    }
}

}  // namespace

Peak find_peak(const Scenario& scenario, const Evaluate& evaluate) {
    const auto own = offered_rate(scenario.run.load);
    INFSIM_CHECK(own.has_value(), "a peak of a load without a rate");
    Peak peak;
    std::optional<double> good, bad;
    const auto probe = [&](double factor) {
        const Summary s = evaluate(at_factor(scenario, factor));
        ++peak.runs;
        if (s.sustained()) {
            good = factor;
            peak.at = s;
        } else {
            bad = factor;
            if (!good) peak.at = s;
        }
        return s.sustained();
    };
    double factor = 1;
    const bool first = probe(factor);
    const double least = static_cast<double>(scenario.run.stop.requests) / kLongestSeconds;
    // A bound that the fastest request misses is missed at every load.
    const auto hopeless = [&] { return !good && peak.at.p0 > milliseconds(scenario.run.bound); };
    for (int i = 0; i < kMostSteps && !(good && bad) && !hopeless(); ++i) {
        factor *= first ? 2 : 0.5;
        if (factor * *own < std::max(least, kMinRate) || factor * *own > kMaxRate) break;
        probe(factor);
    }
    while (good && bad && (*bad - *good) > scenario.search->tolerance * *good) probe((*good + *bad) / 2);
    if (good) peak.rate = *good * *own;
    if (bad) peak.beyond = *bad * *own;
    return peak;
}

std::vector<std::vector<int>> sets_of(const std::vector<int>& candidates, int at_most) {
    std::vector<std::vector<int>> all;
    std::vector<int> set;
    for (std::size_t count = 1; count <= std::min(candidates.size(), static_cast<std::size_t>(at_most)); ++count)
        append_sets(candidates, 0, count, set, all);
    return all;
}

std::optional<Scenario> with_sizes(const Scenario& scenario, const std::vector<int>& sizes) {
    Scenario s = scenario;
    s.run.server.sizes = sizes;
    std::visit([&](auto& policy) { policy.suit(sizes); }, s.run.policy);
    const auto most = largest_request(s.run.policy);
    if (most && largest_item(s) > *most) return std::nullopt;
    return s;
}

void rank(std::vector<SetResult>& results, double tolerance) {
    const auto rate = [](const SetResult& r) { return r.excluded.empty() ? r.peak.rate.value_or(0) : -1; };
    const auto items = [](const SetResult& r) { return std::accumulate(r.sizes.begin(), r.sizes.end(), 0); };
    std::stable_sort(results.begin(), results.end(),
                     [&](const SetResult& a, const SetResult& b) { return rate(a) > rate(b); });
    // Ties are groups below one leader, so that the order does not depend on the order of comparisons.
    for (auto first = results.begin(); first != results.end();) {
        auto end = first;
        while (end != results.end() && rate(*end) > 0 && rate(*end) >= rate(*first) * (1 - 2 * tolerance)) ++end;
        if (end == first) break;
        std::stable_sort(first, end, [&](const SetResult& a, const SetResult& b) {
            return std::pair{a.sizes.size(), items(a)} < std::pair{b.sizes.size(), items(b)};
        });
        first = end;
    }
}

}  // namespace infsim::serving
