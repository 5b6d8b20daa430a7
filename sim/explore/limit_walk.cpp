#include "explore/limit_walk.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "flow/limits/limit_search.hpp"

namespace infsim::explore {

namespace {

using record::Status;

constexpr int kWindow = 2;    ///< batches above and below a limit that are also tried
constexpr int kAround = 2;    ///< integers on each side of the knee
constexpr int kSmallGap = 4;  ///< a gap of this size is filled rather than halved

/// Whether each tried batch fits. A failed one counts as not fitting, because nothing is known about it.
std::map<int, bool> tried(const analysis::Records& known) {
    std::map<int, bool> fits;
    for (const record::RunRecord& r : known)
        if (r.batch_size) fits[static_cast<int>(*r.batch_size)] = record::has_results(r);
    return fits;
}

std::vector<int> powers(const std::map<int, bool>& fits, int most) {
    std::vector<int> missing;
    for (int b = 1; b < most; b *= 2)
        if (fits.count(b) == 0) missing.push_back(b);
    if (fits.count(most) == 0) missing.push_back(most);
    return missing;
}

/// The first unknown batch that the search for the limit asks for.
std::optional<int> wanted_for_limit(const std::map<int, bool>& fits, int most) {
    std::optional<int> wanted;
    const auto holds = [&](int batch) {
        const auto found = fits.find(batch);
        if (found != fits.end()) return found->second;
        if (!wanted) wanted = batch;
        return false;
    };
    flow::find_largest(holds, most, kWindow);
    return wanted;
}

/// What to try between the knee and the nearest tried batch, and beyond it up to kAround away; `step` is 1 upwards and
/// -1 downwards.
std::vector<int> towards(const std::map<int, bool>& fits, int knee, int step, int most) {
    int next = knee + step;
    while (next >= 1 && next <= most && fits.count(next) == 0) next += step;
    const int gap = std::abs(next - knee);
    if (next >= 1 && next <= most && gap > kSmallGap) return {knee + step * (gap / 2)};
    std::vector<int> missing;
    for (int away = 1; away < std::max(gap, kAround + 1); ++away) {
        const int batch = knee + step * away;
        if (batch >= 1 && batch <= most && fits.count(batch) == 0) missing.push_back(batch);
    }
    return missing;
}

}  // namespace

std::vector<int> next_batches(const analysis::Records& known, int most) {
    const auto fits = tried(known);
    auto missing = powers(fits, most);
    if (!missing.empty()) return missing;
    if (const auto batch = wanted_for_limit(fits, most)) return {*batch};
    const auto knee = analysis::knee(known);
    if (!knee) return {};
    const int batch = static_cast<int>(*known[*knee].batch_size);
    missing = towards(fits, batch, -1, most);
    for (const int above : towards(fits, batch, 1, most)) missing.push_back(above);
    std::sort(missing.begin(), missing.end());
    return missing;
}

}  // namespace infsim::explore
