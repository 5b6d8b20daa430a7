#include "explore/objectives.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace infsim::explore {

namespace {

/// A text or an array of texts.
void read_wanted(json::ObjectReader& reader, const char* member, bool maximize, std::vector<Objective>& wanted) {
    const auto place = reader.optional(member);
    if (!place) return;
    if (!place->value().is_array() && !place->value().is_string()) {
        place->problem("must name a column, or be an array of names, and is " + std::string(place->value().kind()));
        return;
    }
    const auto places = place->value().is_array() ? *place->array() : std::vector<json::Cursor>{*place};
    if (places.empty()) place->problem("must name a column");
    for (const json::Cursor& name : places)
        if (const auto column = name.string()) wanted.push_back({*column, maximize, name.pointer()});
}

std::optional<Bound> read_bound(const json::Cursor& place) {
    const auto condition = read_condition(place);
    if (!condition) return std::nullopt;
    const auto limit = size_of(condition->right);
    if (!limit) {
        place.problem("'" + condition->right + "' must be a number, such as in \"latency_ms_p99 <= 10\"");
        return std::nullopt;
    }
    return Bound{condition->left, condition->op, *limit, 0, *place.string(), place.pointer()};
}

std::string no_column(const std::string& name, const std::vector<Askable>& columns) {
    std::vector<std::string> known;
    for (const Askable& column : columns)
        if (column.is_number) known.push_back(column.name);
    const auto near = closest(name, known);
    return "'" + name + "' is not a column of the table" + (near ? "; did you mean '" + *near + "'?" : "") +
           " (infsim sweep --help-columns lists them)";
}

/// The column; null after adding a problem if it cannot be used.
const Askable* column_of(const std::string& name, const std::string& where, const std::vector<Askable>& columns,
                         const std::string& file, Problems& problems) {
    const auto column =
        std::find_if(columns.begin(), columns.end(), [&](const Askable& known) { return known.name == name; });
    if (column != columns.end() && column->is_number) return &*column;
    problems.add(
        file, where,
        column == columns.end() ? no_column(name, columns) : "'" + name + "' is text, and must be a column of numbers");
    return nullptr;
}

/// A size in the column's unit; empty if it is of another kind.
std::optional<double> in_unit(const Size& size, const std::string& unit) {
    if (size.kind == unit) return size.size;
    if (size.kind == "bytes" && unit.rfind('B', 0) == 0) return size.size;
    if (size.kind == "duration" && unit == "ms") return size.size / 1e9;
    const auto& kinds = size_kinds();
    const bool of_axis = std::find(kinds.begin(), kinds.end(), unit) != kinds.end();
    return size.kind == "number" && !of_axis ? std::optional(size.size) : std::nullopt;
}

}  // namespace

Objectives read_objectives(json::ObjectReader& reader) {
    Objectives objectives;
    read_wanted(reader, "maximize", true, objectives.wanted);
    read_wanted(reader, "minimize", false, objectives.wanted);
    for (const json::Cursor& place : reader.array_or_empty("subject_to"))
        if (auto bound = read_bound(place)) objectives.bounds.push_back(std::move(*bound));
    return objectives;
}

void settle_objectives(Objectives& objectives, const std::vector<Askable>& columns, const std::string& file,
                       Problems& problems) {
    const auto& wanted = objectives.wanted;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        column_of(wanted[i].column, wanted[i].where, columns, file, problems);
        for (std::size_t j = 0; j < i; ++j)
            if (wanted[j].column == wanted[i].column)
                problems.add(file, wanted[i].where, "'" + wanted[i].column + "' is named already");
    }
    for (Bound& bound : objectives.bounds) {
        const Askable* const column = column_of(bound.column, bound.where, columns, file, problems);
        if (column == nullptr) continue;
        const auto limit = in_unit(bound.written, column->unit);
        if (limit) bound.limit = *limit;
        else
            problems.add(file, bound.where,
                         "'" + bound.column + "' is in " + (column->unit.empty() ? "no unit" : column->unit) +
                             " and cannot be compared with a " +
                             (bound.written.kind == "number" ? "plain number" : "quantity of " + bound.written.kind));
    }
}

}  // namespace infsim::explore
