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

/// Rows by what they say in the axes.
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
    Grouping grouping;
    const std::size_t steps = rows_by(table, {along}).size();
    for (const TableColumn& column : table.columns) {
        if (!column.axis || column.name == along || !varies(table, column.name)) continue;
        // The key of the rate says what the rate says.
        if (rows_by(table, {along, column.name}).size() > steps) grouping.axes.push_back(column.name);
    }
    grouping.groups = rows_by(table, grouping.axes);
    for (const std::string& name : identity) {
        if (name == along || !varies(table, name)) continue;
        auto axes = grouping.axes;
        axes.push_back(name);
        auto finer = rows_by(table, axes);
        // A column that follows from the axes, as a name does from the file that was swept, tells nothing apart.
        if (finer.size() == grouping.groups.size()) continue;
        grouping = {std::move(axes), std::move(finer)};
    }
    return grouping;
}

}  // namespace infsim::report
