#include "cli/objectives_report.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
#include "cli/table.hpp"
#include "explore/offers.hpp"
#include "record/columns.hpp"

namespace infsim::cli {

namespace {

using analysis::Standing;
using explore::NetworkVerdict;
using explore::Objectives;
using explore::OfferedRow;
using explore::Sweep;
using explore::SweepResult;
using explore::Verdicts;

constexpr std::size_t kRivalsInFull = 4;

std::string unit_of(const std::string& name) {
    for (const record::Column& column : record::columns())
        if (column.name == name) return column.unit.empty() ? "" : " " + column.unit;
    return "";
}

/// Five digits, without an exponent in the usual range.
std::string figure_text(double x) {
    return std::abs(x) >= 1e4 && std::abs(x) < 1e15 ? fmt::format("{:.0f}", x) : fmt::format("{:.5g}", x);
}

/// A sweep's rows as its objectives see them, and the verdicts.
struct Judged {
    const Sweep& sweep;
    const SweepResult& result;
    std::vector<OfferedRow> offers;
    Verdicts verdicts;

    Judged(const Sweep& s, const SweepResult& r)
        : sweep(s),
          result(r),
          offers(explore::offered_rows(s, r.rows)),
          verdicts(explore::verdicts_of(s.objectives, offers)) {}

    /// Rows of a network, by standing.
    std::vector<std::size_t> rows(const NetworkVerdict& network, Standing standing) const {
        std::vector<std::size_t> list;
        for (std::size_t i = 0; i < offers.size(); ++i)
            if (offers[i].network == network.network && verdicts.standings[i] == standing) list.push_back(i);
        return list;
    }
    double value(std::size_t row, std::size_t objective = 0) const { return offers[row].wanted[objective]->value; }
    /// How much better `row` is than `than` by the first objective.
    double gain(std::size_t row, std::size_t than) const {
        const double more = value(row) - value(than);
        return sweep.objectives.wanted.front().maximize ? more : -more;
    }
    /// The same as text: as a share if possible.
    std::string gain_text(std::size_t row, std::size_t than) const {
        const double whole = value(than);
        if (whole > 0) return percent(gain(row, than) / whole);
        return figure_text(gain(row, than)) + unit_of(sweep.objectives.wanted.front().column);
    }
};

/// "batch=5 compiler=default" without the axes that name the network.
std::string point_text(const Judged& j, std::size_t row) {
    std::vector<std::string> parts;
    for (std::size_t a = 0; a < j.sweep.axes.size(); ++a) {
        const std::string part = j.sweep.axes[a].key + "=" + j.result.rows[row].axis_values[a];
        if ((" " + j.offers[row].network + " ").find(" " + part + " ") == std::string::npos) parts.push_back(part);
    }
    return parts.empty() ? "the point" : join(parts, " ");
}

std::string with_figures(const Judged& j, std::size_t row) {
    std::vector<std::string> figures;
    for (std::size_t i = 0; i < j.sweep.objectives.wanted.size(); ++i) {
        const std::string& column = j.sweep.objectives.wanted[i].column;
        figures.push_back(column + " " + figure_text(j.value(row, i)) + unit_of(column));
    }
    return point_text(j, row) + " with " + join(figures, ", ");
}

std::string question(const Objectives& objectives) {
    std::string text;
    for (const auto& objective : objectives.wanted)
        text += (text.empty() ? "" : ", ") + std::string(objective.maximize ? "most " : "least ") + objective.column;
    if (text.empty()) text = "Points";
    text.front() = static_cast<char>(std::toupper(text.front()));
    std::vector<std::string> bounds;
    for (const auto& bound : objectives.bounds) bounds.push_back(bound.text);
    return bounds.empty() ? text : text + " with " + join(bounds, " and ");
}

/// The cost of a bound, given the winner without it.
std::string cost_text(const Judged& j, const NetworkVerdict& network, std::size_t bound) {
    const std::string name = j.sweep.objectives.bounds[bound].text;
    const auto best = network.without[bound];
    if (!best) return fmt::format("Without {} there is still no such point.", name);
    if (!network.winner) return fmt::format("Without {}: {}.", name, with_figures(j, *best));
    if (j.gain(*best, *network.winner) <= 0) return fmt::format("{} costs nothing.", name);
    return fmt::format("{} costs {}: without it {}.", name, j.gain_text(*best, *network.winner),
                       with_figures(j, *best));
}

std::string rivals_text(const Judged& j, const NetworkVerdict& network) {
    const auto rivals = j.rows(network, Standing::within_intervals);
    if (rivals.empty()) return "";
    if (j.sweep.objectives.wanted.size() > 1 || rivals.size() > kRivalsInFull)
        return fmt::format("; within the intervals {} more may be {}", rivals.size(),
                           j.sweep.objectives.wanted.size() > 1 ? "on it" : "as good");
    std::vector<std::string> names;
    for (const std::size_t row : rivals) names.push_back(point_text(j, row));
    return "; within the intervals it may be " + join(names, " or ");
}

std::string network_sentences(const Judged& j, const NetworkVerdict& network) {
    const Objectives& objectives = j.sweep.objectives;
    const std::string of_all = fmt::format("{} of {} points", network.satisfying, network.rows);
    std::string text = question(objectives) + ": ";
    if (objectives.wanted.empty()) return text + of_all + ".\n";
    text += network.winner ? with_figures(j, *network.winner) : std::string("no point");
    const bool several = objectives.wanted.size() > 1;
    if (!several && network.winner) text += rivals_text(j, network);
    text += objectives.bounds.empty() ? ".\n" : fmt::format(" ({} satisfy the bounds).\n", of_all);
    if (several && network.winner)
        text += fmt::format(
            "On the front of {} objectives, no point better in one without being worse in another: {} of "
            "them{} (column pareto).\n",
            objectives.wanted.size(), j.rows(network, Standing::front).size(), rivals_text(j, network));
    for (std::size_t b = 0; b < objectives.bounds.size(); ++b) text += cost_text(j, network, b) + "\n";
    return text;
}

json::Value point_json(const Judged& j, std::optional<std::size_t> row) {
    if (!row) return {};
    json::Object axes, figures;
    for (std::size_t a = 0; a < j.sweep.axes.size(); ++a)
        axes.set(j.sweep.axes[a].key, j.result.rows[*row].axis_values[a]);
    for (std::size_t i = 0; i < j.sweep.objectives.wanted.size(); ++i)
        figures.set(j.sweep.objectives.wanted[i].column, j.value(*row, i));
    return json::Object{
        {"point_id", j.result.rows[*row].record.point_id}, {"axes", std::move(axes)}, {"figures", std::move(figures)}};
}

json::Array ids(const Judged& j, const std::vector<std::size_t>& rows) {
    json::Array list;
    for (const std::size_t row : rows) list.emplace_back(j.result.rows[row].record.point_id);
    return list;
}

json::Value network_json(const Judged& j, const NetworkVerdict& network) {
    json::Array without;
    for (std::size_t b = 0; b < network.without.size(); ++b) {
        const auto best = network.without[b];
        json::Object entry{{"bound", j.sweep.objectives.bounds[b].text}, {"winner", point_json(j, best)}};
        if (best && network.winner) entry.set("gain", j.gain(*best, *network.winner));
        without.emplace_back(std::move(entry));
    }
    return json::Object{{"network", network.network},
                        {"points", static_cast<std::int64_t>(network.rows)},
                        {"satisfying", static_cast<std::int64_t>(network.satisfying)},
                        {"winner", point_json(j, network.winner)},
                        {"without", std::move(without)},
                        {"front", ids(j, j.rows(network, Standing::front))},
                        {"front_within_intervals", ids(j, j.rows(network, Standing::within_intervals))}};
}

}  // namespace

std::string objective_sentences(const Sweep& sweep, const SweepResult& result) {
    if (sweep.objectives.empty()) return "";
    const Judged judged(sweep, result);
    std::string text;
    for (const NetworkVerdict& network : judged.verdicts.networks) {
        if (!network.network.empty()) text += network.network + ":\n";
        text += network_sentences(judged, network);
    }
    std::string lines;
    for (const std::string& line : split(text, '\n'))
        if (!line.empty()) lines += wrapped(line) + "\n";
    return lines;
}

json::Value objectives_json(const Sweep& sweep, const SweepResult& result) {
    const Judged judged(sweep, result);
    json::Array maximize, minimize, bounds, networks;
    for (const auto& objective : sweep.objectives.wanted)
        (objective.maximize ? maximize : minimize).emplace_back(objective.column);
    for (const auto& bound : sweep.objectives.bounds) bounds.emplace_back(bound.text);
    for (const NetworkVerdict& network : judged.verdicts.networks) networks.push_back(network_json(judged, network));
    return json::Object{{"maximize", std::move(maximize)},
                        {"minimize", std::move(minimize)},
                        {"subject_to", std::move(bounds)},
                        {"networks", std::move(networks)}};
}

}  // namespace infsim::cli
