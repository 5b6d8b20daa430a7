#include "flow/limits/uncertainty.hpp"

#include <algorithm>
#include <cmath>

#include "base/quantity.hpp"
#include "base/text.hpp"

namespace infsim::flow {

namespace {

constexpr std::int64_t kByteSteps[] = {1024, 64};  ///< sizes from 8 steps on stay multiples of a step

/// A quantity of kind Q times `factor`, as text; empty if `text` is not one.
template <class Q>
std::optional<std::string> scaled(const std::string& text, double factor) {
    const auto parsed = parse_quantity<Q>(text);
    if (!parsed) return std::nullopt;
    auto units = static_cast<std::int64_t>(std::llround(static_cast<double>(base_units(*parsed.value)) * factor));
    if constexpr (std::is_same_v<Q, Bytes>)
        for (const std::int64_t step : kByteSteps)
            if (units >= 8 * step) units = units / step * step;
    return to_text(Q{units});
}

std::optional<std::string> scaled_quantity(const std::string& text, double factor) {
    if (auto t = scaled<Bytes>(text, factor)) return t;
    if (auto t = scaled<Bandwidth>(text, factor)) return t;
    if (auto t = scaled<Frequency>(text, factor)) return t;
    if (auto t = scaled<Duration>(text, factor)) return t;
    return scaled<Cycles>(text, factor);
}

Variation variation_of(const hw::Provenance& p, double factor) {
    Variation v{p.path, p.grade, p.value, "", ""};
    const auto amount = parse_amount(p.value);
    if (!amount) {
        v.why_not = "is no number";
        return v;
    }
    const double number = amount->number;
    const bool plain = amount->unit.empty();
    if (number == 0) v.why_not = "is 0";
    else if (plain && number == std::floor(number) && number != 1) v.why_not = "is a count";
    else if (plain) v.changed = number_text(std::min(1.0, std::round(number * factor * 1e6) / 1e6));
    else if (const auto text = scaled_quantity(p.value, factor)) v.changed = *text;
    else v.why_not = "is no quantity";
    if (v.changed == v.value) v.changed.clear(), v.why_not = "is at the end of its range";
    return v;
}

bool contains(const std::vector<std::int64_t>& list, std::int64_t batch) {
    return std::find(list.begin(), list.end(), batch) != list.end();
}

double change(const std::optional<double>& before, const std::optional<double>& after) {
    return before && after ? *after / *before - 1 : 0;
}

}  // namespace

std::vector<Variation> variations_of(const hw::ChipFile& chip, double share) {
    std::vector<Variation> list;
    for (const hw::Provenance& p : chip.provenance) {
        const Variation more = variation_of(p, 1 + share), less = variation_of(p, 1 - share);
        if (!more.changed.empty()) list.push_back(more);
        list.push_back(less);
        if (more.changed.empty() && !less.changed.empty()) list.push_back(more);
    }
    return list;
}

Claims claims_of(const analysis::Records& records, LargestBatch resident) {
    Claims claims;
    claims.resident = std::move(resident);
    const auto batch = [&](std::optional<std::size_t> index) {
        return index ? std::optional(records[*index].batch_size.value_or(0)) : std::nullopt;
    };
    claims.knee = batch(analysis::knee(records));
    claims.b95 = batch(analysis::b95(records));
    const auto best = analysis::best_throughput(records);
    claims.best = batch(best);
    if (best) claims.highest = records[*best].throughput_avg;
    for (const std::size_t i : analysis::knee_rivals(records))
        claims.knee_rivals.push_back(records[i].batch_size.value_or(0));
    if (!records.empty()) claims.first = records.front().throughput_avg;
    return claims;
}

Moved moved(const Claims& before, const Claims& after) {
    Moved m;
    m.resident = before.resident.batch != after.resident.batch || before.resident.open != after.resident.open;
    m.knee = before.knee != after.knee && !(after.knee && contains(before.knee_rivals, *after.knee)) &&
             !(before.knee && contains(after.knee_rivals, *before.knee));
    m.b95 = before.b95 != after.b95;
    m.best = before.best != after.best;
    m.first = change(before.first, after.first);
    m.highest = change(before.highest, after.highest);
    return m;
}

}  // namespace infsim::flow
