#include "report/groups.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace infsim::report {

bool varies(const TextTable& table, const std::string& column) {
    const auto c = table.find(column);
    return c && std::any_of(table.rows.begin(), table.rows.end(),
                            [&](const auto& row) { return row[*c] != table.rows.front()[*c]; });
}

namespace {

/// Rows by their values on the axes.
std::vector<Group> rows_by(const TextTable& table, const std::vector<std::string>& axes) {
    std::vector<Group> groups;
    std::map<std::string, std::size_t> known;
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        std::vector<std::string> parts;
        for (const std::string& axis : axes) parts.push_back(axis + "=" + table.cell(r, axis));
        const std::string label = join(parts, " ");
        const auto [entry, added] = known.emplace(label, groups.size());
        if (added) groups.push_back({label, {}});
        groups[entry->second].rows.push_back(r);
    }
    return groups;
}

}  // namespace

Grouping group_rows(const TextTable& table, const std::vector<std::string>& identity, const std::string& along) {
    std::vector<std::string> candidates;
    for (const TableColumn& column : table.columns)
        if (column.axis) candidates.push_back(column.name);
    candidates.insert(candidates.end(), identity.begin(), identity.end());
    const std::size_t steps = rows_by(table, {along}).size();
    Grouping grouping{{}, rows_by(table, {})};
    for (const std::string& name : candidates) {
        if (name == along || !varies(table, name)) continue;
        // A column that only repeats the step along the axis, such as the key of the rate, distinguishes nothing.
        if (rows_by(table, {along, name}).size() == steps) continue;
        auto axes = grouping.axes;
        axes.push_back(name);
        auto finer = rows_by(table, axes);
        // Neither does a column that follows from the other axes, such as the name of a swept file.
        if (finer.size() > grouping.groups.size()) grouping = {std::move(axes), std::move(finer)};
    }
    return grouping;
}

}  // namespace infsim::report
