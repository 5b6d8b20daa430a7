#include "explore/method.hpp"

#include <algorithm>

#include "explore/offers.hpp"
#include "explore/sweep.hpp"
#include "flow/run/estimate_point.hpp"

namespace infsim::explore {

namespace {

Measure measure_of(const json::Cursor& place) {
    // "estimate" and ["estimate"] mean the same.
    const auto list = place.value().is_array() ? place.array() : std::vector<json::Cursor>{place};
    if (!list || list->size() != 1) {
        place.problem("must name one of simulation, estimate, limits");
        return Measure::simulation;
    }
    const json::Cursor& name = list->front();
    const std::string text = name.value().is_string() ? name.value().as_string() : "";
    if (text == "estimate") return Measure::estimate;
    if (text == "limits") return Measure::limits;
    if (text != "simulation")
        name.problem("must be one of simulation, estimate, limits, and is " +
                     (text.empty() ? std::string(name.value().kind()) : "'" + text + "'"));
    return Measure::simulation;
}

Then then_of(const json::Cursor& place) {
    Then then;
    json::ObjectReader reader(place);
    const std::string which = reader.string("simulate");
    if (which == "pareto") then.simulate_front = true;
    else if (!which.empty()) reader.problem("simulate", "must be 'pareto', and is '" + which + "'");
    then.margin = reader.number_or("margin", 0, 0, 1);
    reader.finish();
    return then;
}

void check_then(const Sweep& sweep, Problems& problems) {
    const Method& method = sweep.method;
    if (!method.then.simulate_front) return;
    if (method.measure != Measure::estimate)
        problems.add(sweep.file, method.then_where, "follows \"measure\": \"estimate\" only");
    else if (sweep.objectives.wanted.empty())
        problems.add(sweep.file, method.then_where,
                     "needs \"maximize\" or \"minimize\": without either there is no front");
}

void check_objectives_of_estimates(const Sweep& sweep, Problems& problems) {
    const auto refuse = [&](const std::string& column, const std::string& where, const std::string& hint) {
        if (flow::simulated_only(column))
            problems.add(sweep.file, where, "'" + column + "' is known only for simulated points; " + hint);
    };
    for (const Objective& objective : sweep.objectives.wanted)
        refuse(objective.column, objective.where, "an estimate has throughput_avg, latency_ms_avg and service_ms");
    if (sweep.method.then.simulate_front) return;
    for (const Bound& bound : sweep.objectives.bounds)
        refuse(bound.column, bound.where,
               "with \"then\": {\"simulate\": \"pareto\"} it is judged after the simulation");
}

void check_limits(const Sweep& sweep, Problems& problems) {
    const std::string looked_for = "is what \"measure\": \"limits\" searches for; \"max_batch\" bounds it";
    for (const flow::Setting& s : sweep.base)
        if (s.key == "batch") problems.add(s.file, s.where, looked_for);
    for (const Axis& axis : sweep.axes)
        if (axis.key == "batch") problems.add(sweep.file, axis.where, looked_for);
    for (const Objective& objective : sweep.objectives.wanted)
        problems.add(sweep.file, objective.where, "does not apply to limits, only to a sweep of points");
    for (const Bound& bound : sweep.objectives.bounds)
        problems.add(sweep.file, bound.where, "does not apply to limits, only to a sweep of points");
}

/// The sweep as far as estimates can judge it.
Sweep judged_by_estimates(const Sweep& sweep) {
    Sweep judged = sweep;
    judged.method.then = {};
    auto& bounds = judged.objectives.bounds;
    bounds.erase(std::remove_if(bounds.begin(), bounds.end(),
                                [](const Bound& bound) { return flow::simulated_only(bound.column); }),
                 bounds.end());
    return judged;
}

}  // namespace

Method read_method(json::ObjectReader& reader) {
    Method method;
    if (const auto measure = reader.optional("measure")) {
        method.measure = measure_of(*measure);
        method.where = measure->pointer();
    }
    if (const auto then = reader.optional("then")) {
        method.then = then_of(*then);
        method.then_where = then->pointer();
    }
    return method;
}

void check_method(const Sweep& sweep, Problems& problems) {
    if (is_serving(sweep)) {
        for (const std::string& where : {sweep.method.where, sweep.method.then_where})
            if (!where.empty())
                problems.add(sweep.file, where, "does not apply to a sweep of scenarios, only to one of points");
        return;
    }
    check_then(sweep, problems);
    if (sweep.method.measure == Measure::estimate) check_objectives_of_estimates(sweep, problems);
    if (sweep.method.measure == Measure::limits) check_limits(sweep, problems);
}

std::vector<std::size_t> rows_to_simulate(const Sweep& sweep, const std::vector<SweepRow>& rows) {
    const double margin = sweep.method.then.margin;
    const Sweep judged = judged_by_estimates(sweep);
    std::vector<OfferedRow> offered = offered_rows(judged, rows);
    for (OfferedRow& row : offered)
        for (auto& figure : row.wanted)
            if (figure && figure->low < figure->high) {  // it depends on the estimated time
                figure->low = figure->value * (1 - margin);
                figure->high = figure->value * (1 + margin);
            }
    const Verdicts verdicts = verdicts_of(judged.objectives, offered);
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        using analysis::Standing;
        const Standing standing = verdicts.standings[i];
        if (standing == Standing::front || (margin > 0 && standing == Standing::within_intervals)) chosen.push_back(i);
    }
    return chosen;
}

}  // namespace infsim::explore
