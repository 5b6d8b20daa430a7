#include "explore/offers.hpp"

#include <algorithm>
#include <variant>

#include "base/text.hpp"
#include "explore/axis_values.hpp"
#include "record/columns.hpp"

namespace infsim::explore {

namespace {

using record::RunRecord;

const record::Column* record_column(const std::string& name) {
    for (const record::Column& column : record::columns())
        if (column.name == name) return &column;
    return nullptr;
}

std::optional<double> number_of(const record::Column& column, const RunRecord& record) {
    const record::MemberRef member = record::member_of(column, record);
    if (const auto* const* integer = std::get_if<record::Integer*>(&member))
        return *integer && **integer ? std::optional(static_cast<double>(***integer)) : std::nullopt;
    if (const auto* const* real = std::get_if<record::Real*>(&member)) return **real;
    return std::nullopt;
}

bool goes_with_throughput(const std::string& column) {
    return column.rfind("latency_ms_", 0) == 0 || column == "service_ms" || column == "cost_per_1m_inf";
}

std::optional<Figure> figure_of(const record::Column& column, const RunRecord& r) {
    const auto value = number_of(column, r);
    if (!value) return std::nullopt;
    if (!r.throughput_avg || !r.throughput_low || !r.throughput_high) return Figure{*value, *value, *value};
    if (column.name == "throughput_avg") return Figure{*value, *r.throughput_low, *r.throughput_high};
    if (!goes_with_throughput(column.name)) return Figure{*value, *value, *value};
    return Figure{*value, *value * *r.throughput_avg / *r.throughput_high,
                  *value * *r.throughput_avg / *r.throughput_low};
}

/// A column of the record or an axis, by its name.
class Finder {
public:
    Finder(const Sweep& sweep, const std::string& name) : column_(record_column(name)) {
        for (std::size_t a = 0; a < sweep.axes.size(); ++a)
            if (sweep.axes[a].key == name) axis_ = a;
    }
    std::optional<Figure> operator()(const SweepRow& row) const {
        if (column_ != nullptr) return figure_of(*column_, row.record);
        const auto size = size_of(row.axis_values[axis_]);
        return size ? std::optional(Figure{size->size, size->size, size->size}) : std::nullopt;
    }

private:
    const record::Column* column_;
    std::size_t axis_ = 0;
};

/// The kind of size of all values of an axis; empty if they have no common kind.
std::string kind_of(const Axis& axis) {
    std::string kind;
    for (const json::Value& value : axis.values) {
        const auto size = size_of(value_text(value));
        if (!size || (!kind.empty() && size->kind != kind)) return "";
        kind = size->kind;
    }
    return kind;
}

/// The columns of the sweep's table, by the names of record columns and axes.
std::vector<Askable> askable_columns(const Sweep& sweep) {
    std::vector<Askable> columns;
    record::RunRecord scratch;
    for (const record::Column& c : record::columns()) {
        const record::MemberRef member = c.member(scratch);
        const bool number =
            std::holds_alternative<record::Integer*>(member) || std::holds_alternative<record::Real*>(member);
        columns.push_back({c.name, c.unit, number});
    }
    for (const Axis& axis : sweep.axes) columns.push_back({axis.key, kind_of(axis), !kind_of(axis).empty()});
    return columns;
}

bool names_network(const std::string& key) { return key == "model" || flow::is_extents_key(key); }

std::string network_of(const Sweep& sweep, const SweepRow& row) {
    std::vector<std::string> parts;
    for (std::size_t a = 0; a < sweep.axes.size(); ++a)
        if (names_network(sweep.axes[a].key)) parts.push_back(sweep.axes[a].key + "=" + row.axis_values[a]);
    return join(parts, " ");
}

}  // namespace

void check_objectives(Sweep& sweep, Problems& problems) {
    if (!is_serving(sweep)) {
        settle_objectives(sweep.objectives, askable_columns(sweep), sweep.file, problems);
        return;
    }
    const auto refuse = [&](const std::string& where) {
        problems.add(sweep.file, where, "does not apply to a sweep of scenarios, only to one of points");
    };
    for (const Objective& objective : sweep.objectives.wanted) refuse(objective.where);
    for (const Bound& bound : sweep.objectives.bounds) refuse(bound.where);
}

std::vector<OfferedRow> offered_rows(const Sweep& sweep, const std::vector<SweepRow>& rows) {
    std::vector<Finder> wanted, bounded;
    for (const Objective& objective : sweep.objectives.wanted) wanted.emplace_back(sweep, objective.column);
    for (const Bound& bound : sweep.objectives.bounds) bounded.emplace_back(sweep, bound.column);
    std::vector<OfferedRow> offered;
    for (const SweepRow& row : rows) {
        // Once the front was simulated, points that were only estimated are no longer candidates.
        const bool candidate = sweep.method.then.simulate_front ? row.record.status == record::Status::ok
                                                                : record::has_results(row.record);
        offered.push_back({network_of(sweep, row), candidate, {}, {}});
        for (const Finder& find : wanted) offered.back().wanted.push_back(find(row));
        for (const Finder& find : bounded) {
            const auto figure = find(row);
            offered.back().bounded.push_back(figure ? std::optional(figure->value) : std::nullopt);
        }
    }
    return offered;
}

Verdicts verdicts_of(const Sweep& sweep, const std::vector<SweepRow>& rows) {
    return verdicts_of(sweep.objectives, offered_rows(sweep, rows));
}

std::vector<AddedColumn> objective_columns(const Sweep& sweep, const std::vector<SweepRow>& rows) {
    if (sweep.objectives.empty()) return {};
    const auto flag = [](std::string name, std::string meaning) {
        return AddedColumn{{std::move(name), "", std::move(meaning), record::CellType::boolean, std::nullopt}, {}};
    };
    std::vector<AddedColumn> columns{
        flag("satisfies_constraints", "whether it is ok and keeps every bound of subject_to")};
    const bool fronts = !sweep.objectives.wanted.empty();
    if (fronts)
        columns.push_back(flag("pareto",
                               "whether no other point of its network that keeps the bounds is better in all "
                               "that is maximized or minimized"));
    const Verdicts verdicts = verdicts_of(sweep, rows);
    const auto word = [](bool is) { return is ? "true" : "false"; };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        columns[0].cells.emplace_back(word(verdicts.satisfies[i]));
        if (fronts) columns[1].cells.emplace_back(word(verdicts.on_front(i)));
    }
    return columns;
}

}  // namespace infsim::explore
