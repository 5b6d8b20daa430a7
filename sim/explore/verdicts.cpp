#include "explore/verdicts.hpp"

#include <algorithm>

namespace infsim::explore {

namespace {

using analysis::Worth;
using analysis::Worths;

/// All bounds but `left_out`.
bool satisfies(const Objectives& objectives, const OfferedRow& row, std::optional<std::size_t> left_out = {}) {
    if (!row.ok) return false;
    for (std::size_t b = 0; b < objectives.bounds.size(); ++b) {
        if (b == left_out) continue;
        const Bound& bound = objectives.bounds[b];
        if (!row.bounded[b] || !compared(bound.op, *row.bounded[b], bound.limit)) return false;
    }
    return true;
}

Worths worths_of(const Objectives& objectives, const OfferedRow& row) {
    std::vector<Worth> worths;
    for (std::size_t i = 0; i < objectives.wanted.size(); ++i) {
        const auto& figure = row.wanted[i];
        if (!figure) return std::nullopt;
        if (objectives.wanted[i].maximize) worths.push_back({figure->value, figure->low, figure->high});
        else worths.push_back({-figure->value, -figure->high, -figure->low});
    }
    return worths;
}

/// Whether `a` wins against `b`: by the first objective in which they differ.
bool beats(const std::vector<Worth>& a, const std::vector<Worth>& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i].value != b[i].value) return a[i].value > b[i].value;
    return false;
}

/// The first row that no other row beats.
std::optional<std::size_t> winner_of(const Objectives& objectives, const std::vector<OfferedRow>& rows,
                                     const std::vector<std::size_t>& of, std::optional<std::size_t> left_out = {}) {
    if (objectives.wanted.empty()) return std::nullopt;
    std::optional<std::size_t> winner;
    Worths best;
    for (const std::size_t row : of) {
        if (!satisfies(objectives, rows[row], left_out)) continue;
        auto worths = worths_of(objectives, rows[row]);
        if (!worths || (best && !beats(*worths, *best))) continue;
        winner = row;
        best = std::move(worths);
    }
    return winner;
}

/// Writes the standings of one network's rows into those of all rows.
void stand(const Objectives& objectives, const std::vector<OfferedRow>& rows, const std::vector<std::size_t>& of,
           Verdicts& verdicts) {
    if (objectives.wanted.empty()) return;
    std::vector<Worths> worths;
    for (const std::size_t row : of)
        worths.push_back(verdicts.satisfies[row] ? worths_of(objectives, rows[row]) : std::nullopt);
    const auto standings = analysis::pareto(worths);
    for (std::size_t i = 0; i < of.size(); ++i) verdicts.standings[of[i]] = standings[i];
}

}  // namespace

Verdicts verdicts_of(const Objectives& objectives, const std::vector<OfferedRow>& rows) {
    Verdicts verdicts;
    std::vector<std::vector<std::size_t>> members;  // of each network
    for (std::size_t i = 0; i < rows.size(); ++i) {
        verdicts.satisfies.push_back(satisfies(objectives, rows[i]));
        const auto known = std::find_if(verdicts.networks.begin(), verdicts.networks.end(),
                                        [&](const NetworkVerdict& n) { return n.network == rows[i].network; });
        const auto n = static_cast<std::size_t>(known - verdicts.networks.begin());
        if (known == verdicts.networks.end()) {
            verdicts.networks.push_back({rows[i].network, 0, 0, std::nullopt, {}});
            members.emplace_back();
        }
        members[n].push_back(i);
    }
    verdicts.standings.assign(rows.size(), analysis::Standing::not_compared);
    for (std::size_t n = 0; n < members.size(); ++n) {
        NetworkVerdict& verdict = verdicts.networks[n];
        verdict.rows = members[n].size();
        for (const std::size_t row : members[n]) verdict.satisfying += verdicts.satisfies[row] ? 1 : 0;
        verdict.winner = winner_of(objectives, rows, members[n]);
        for (std::size_t b = 0; b < objectives.bounds.size(); ++b)
            verdict.without.push_back(winner_of(objectives, rows, members[n], b));
        stand(objectives, rows, members[n], verdicts);
    }
    return verdicts;
}

}  // namespace infsim::explore
