// Axes as columns: the common type and unit of their values.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "explore/axis_values.hpp"
#include "explore/table.hpp"
#include "flow/point/neuron_flags.hpp"

namespace infsim::explore {

namespace {

using record::CellType;

/// A kind of quantity: the unit of its column, and the number of a text in that unit. Base units are integers, so equal
/// quantities give equal cells however they are written; dividing by a power of ten gives the shortest text.
struct Unit {
    std::string_view name;
    CellType type;
    std::optional<double> (*number)(const std::string& text);
};

template <class Q, int exponent>
std::optional<double> in_unit(const std::string& text) {
    const Parsed<Q> parsed = parse_quantity<Q>(text);
    if (!parsed) return std::nullopt;
    return static_cast<double>(base_units(*parsed.value)) / std::pow(10.0, exponent);
}

constexpr int kUnits = 5;
constexpr std::array<Unit, kUnits> units{{{"B", CellType::integer, &in_unit<Bytes, 0>},
                                          {"GB/s", CellType::number, &in_unit<Bandwidth, 9>},
                                          {"MHz", CellType::number, &in_unit<Frequency, 6>},
                                          {"us", CellType::number, &in_unit<Duration, 6>},
                                          {"cycles", CellType::integer, &in_unit<Cycles, 0>}}};
/// Quantities that a chip file writes in only one form.
constexpr std::array<std::string_view, 3> kPlainUnits{"pJ", "pJ/B", "W"};

std::string text_of(double x, CellType type) {
    return type == CellType::integer ? number_text(static_cast<std::int64_t>(x)) : number_text(x);
}

bool all(const std::vector<json::Value>& values, const std::function<bool(const json::Value&)>& is) {
    return !values.empty() && std::all_of(values.begin(), values.end(), is);
}

/// Sets the common unit of all values in `column`; false if there is none.
bool set_unit(record::TableColumn& column, const std::vector<json::Value>& values) {
    if (!all(values, [](const json::Value& v) { return v.is_string(); })) return false;
    for (const Unit& unit : units)
        if (all(values, [&](const json::Value& v) { return unit.number(v.as_string()).has_value(); })) {
            column.unit = unit.name;
            column.type = unit.type;
            return true;
        }
    for (const std::string_view name : kPlainUnits)
        if (all(values, [&](const json::Value& v) {
                const auto amount = parse_amount(v.as_string());
                return amount && amount->unit == name;
            })) {
            column.unit = name;
            column.type = CellType::number;
            return true;
        }
    return false;
}

CellType type_of(const std::vector<json::Value>& values) {
    if (all(values, [](const json::Value& v) { return v.is_bool(); })) return CellType::boolean;
    if (all(values, [](const json::Value& v) { return v.is_int(); })) return CellType::integer;
    return all(values, [](const json::Value& v) { return v.is_number(); }) ? CellType::number : CellType::text;
}

std::string meaning_of(const std::string& key) {
    const auto reaches = [&](std::string_view prefix) { return key.rfind(prefix, 0) == 0; };
    const auto behind = [&](std::string_view prefix) { return key.substr(prefix.size()); };
    if (reaches("chip.")) return "axis: " + behind("chip.") + " of the chip";
    if (reaches("compiler.")) return "axis: option " + behind("compiler.") + " of the compiler";
    if (reaches("scenario.")) return "axis: " + behind("scenario.") + " of the scenario";
    if (reaches("dims.")) return "axis: extent of the model's axis " + behind("dims.");
    if (reaches("inputs.")) return "axis: shape of the model's input " + behind("inputs.");
    if (flow::is_neuron_key(key)) return "axis: flag " + key + " of Neuron's compiler";
    return "axis: " + key;
}

/// The first of the axes that this one moves together with; empty if it is crossed or is itself the first.
std::string together_with(const Sweep& sweep, std::size_t axis) {
    if (!sweep.axes[axis].zipped) return "";
    std::size_t first = axis;
    while (first > 0 && sweep.axes[first].zipped) --first;
    return sweep.axes[first].key;
}

}  // namespace

record::TableColumn axis_column(const Sweep& sweep, std::size_t axis) {
    const Axis& of = sweep.axes[axis];
    record::TableColumn column;
    column.name = of.key;
    column.meaning = meaning_of(of.key);
    if (!set_unit(column, of.values)) column.type = type_of(of.values);
    const auto kind = column.type == CellType::text      ? record::AxisKind::name
                      : column.type == CellType::boolean ? record::AxisKind::flag
                                                         : record::AxisKind::quantity;
    column.axis = record::TableAxis{of.key, kind, together_with(sweep, axis)};
    return column;
}

std::string axis_cell(const record::TableColumn& column, const std::string& value) {
    if (column.unit.empty()) return value;
    for (const Unit& unit : units)
        if (unit.name == column.unit) return text_of(unit.number(value).value(), unit.type);
    return number_text(parse_amount(value).value().number);
}

}  // namespace infsim::explore
