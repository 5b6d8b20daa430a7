#include "explore/table.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/text.hpp"
#include "explore/limits_sweep.hpp"
#include "explore/offers.hpp"
#include "explore/serving_sweep.hpp"
#include "explore/sweep.hpp"
#include "record/columns.hpp"
#include "record/csv.hpp"

namespace infsim::explore {

namespace {

using record::TableColumn;
using record::TableHead;
using Cells = std::vector<std::string>;

/// The common interface of sweeps of points and of scenarios.
struct Content {
    std::string row;                   ///< name of one
    std::vector<TableColumn> columns;  ///< of the record
    std::size_t rows = 0;
    std::function<const Cells&(std::size_t)> axis_values;              ///< by row
    std::function<std::string(std::size_t, std::size_t)> record_cell;  ///< by row and column
};

/// A column before the record's: an axis, and how its values become cells.
struct Layout {
    TableHead head;
    std::vector<std::size_t> front;  ///< axes
};

/// The column of a record that shows the axis `key`; by default the same name.
std::string own_column(const std::string& key) {
    if (key == "model") return "model_name";
    if (key == "batch") return "batch_size";
    return key == "workers" ? "workers_per_model" : key;
}

/// Whether different values of the axis give different cells in that column. Two files may have chips of one name.
bool tells_apart(const Content& content, std::size_t axis, std::size_t column) {
    std::map<std::string, std::string> value_of;
    for (std::size_t r = 0; r < content.rows; ++r) {
        const std::string& value = content.axis_values(r)[axis];
        const auto [known, is_new] = value_of.emplace(content.record_cell(r, column), value);
        if (!is_new && known->second != value) return false;
    }
    return true;
}

Layout layout_of(const Sweep& sweep, const Content& content) {
    Layout layout;
    layout.head = {sweep.name, sweep.question, content.row, {}};
    std::vector<TableColumn> own = content.columns;
    for (std::size_t a = 0; a < sweep.axes.size(); ++a) {
        TableColumn column = axis_column(sweep, a);
        const std::string name = own_column(column.name);
        const auto found = std::find_if(own.begin(), own.end(), [&](const TableColumn& c) { return c.name == name; });
        if (found != own.end() && tells_apart(content, a, static_cast<std::size_t>(found - own.begin()))) {
            found->axis = column.axis;
            continue;
        }
        if (found != own.end()) column.name += "_file";
        layout.front.push_back(a);
        layout.head.columns.push_back(std::move(column));
    }
    layout.head.columns.insert(layout.head.columns.end(), own.begin(), own.end());
    return layout;
}

/// Row after row of the table.
record::NextRow rows_of(const Layout& layout, const Content& content) {
    return [&layout, &content, next = std::size_t{0}](Cells& cells) mutable {
        if (next == content.rows) return false;
        cells.clear();
        const Cells& values = content.axis_values(next);
        for (std::size_t f = 0; f < layout.front.size(); ++f)
            cells.push_back(axis_cell(layout.head.columns[f], values[layout.front[f]]));
        for (std::size_t c = 0; c < content.columns.size(); ++c) cells.push_back(content.record_cell(next, c));
        ++next;
        return true;
    };
}

Content content_of(const Sweep& sweep, const std::vector<SweepRow>& rows) {
    record::RareColumns rare;
    for (const SweepRow& row : rows) rare.merge(record::rare_columns(row.record));
    std::vector<const record::Column*> shown;
    Content content{"point", {}, rows.size(), {}, {}};
    for (const record::Column& c : record::columns()) {
        if (c.rare && rare.count(c.name) == 0) continue;
        shown.push_back(&c);
        content.columns.push_back({c.name, c.unit, c.meaning, record::cell_type(c), std::nullopt});
    }
    content.axis_values = [&rows](std::size_t r) -> const Cells& { return rows[r].axis_values; };
    auto added = objective_columns(sweep, rows);
    for (const AddedColumn& a : added) content.columns.push_back(a.column);
    content.record_cell = [&rows, shown, added = std::move(added)](std::size_t r, std::size_t c) {
        return c < shown.size() ? record::cell_text(*shown[c], rows[r].record) : added[c - shown.size()].cells[r];
    };
    return content;
}

/// For rows whose records have no rare columns.
template <class Row, class Columns>
Content content_of(const std::string& row, const std::vector<Row>& rows, const Columns& columns) {
    Content content{row, {}, rows.size(), {}, {}};
    for (const auto& c : columns)
        content.columns.push_back({c.name, c.unit, c.meaning, record::cell_type(c), std::nullopt});
    content.axis_values = [&rows](std::size_t r) -> const Cells& { return rows[r].axis_values; };
    content.record_cell = [&rows, &columns](std::size_t r, std::size_t c) {
        return record::cell_text(columns[c], rows[r].record);
    };
    return content;
}

Content content_of(const std::vector<ServingRow>& rows) {
    return content_of("scenario", rows, record::serving_columns());
}

Content content_of(const std::vector<LimitsRow>& rows) { return content_of("cell", rows, record::limits_columns()); }

void write(const Sweep& sweep, const Content& content, const std::string& folder, TableFormat format) {
    const Layout layout = layout_of(sweep, content);
    const bool csv = format == TableFormat::csv;
    std::error_code ignored;
    std::filesystem::remove(folder + (csv ? "/table.sqlite" : "/table.csv"), ignored);
    const auto next = rows_of(layout, content);
    write_file_atomic(folder + (csv ? "/table.csv" : "/table.sqlite"),
                      csv ? record::table_as_csv(layout.head, next) : record::table_as_sqlite(layout.head, next));
    write_file_atomic(folder + "/table.columns.json", json::dump(record::table_description(layout.head)) + "\n");
}

}  // namespace

record::TableHead table_head(const Sweep& sweep, const std::vector<SweepRow>& rows) {
    return layout_of(sweep, content_of(sweep, rows)).head;
}

record::TableHead table_head(const Sweep& sweep, const std::vector<ServingRow>& rows) {
    return layout_of(sweep, content_of(rows)).head;
}

std::string table_csv(const Sweep& sweep, const std::vector<SweepRow>& rows) {
    const Content content = content_of(sweep, rows);
    const Layout layout = layout_of(sweep, content);
    return record::table_as_csv(layout.head, rows_of(layout, content));
}

void write_table(const Sweep& sweep, const std::vector<SweepRow>& rows, const std::string& folder, TableFormat format) {
    write(sweep, content_of(sweep, rows), folder, format);
}

void write_table(const Sweep& sweep, const std::vector<ServingRow>& rows, const std::string& folder,
                 TableFormat format) {
    write(sweep, content_of(rows), folder, format);
}

void write_table(const Sweep& sweep, const std::vector<LimitsRow>& rows, const std::string& folder,
                 TableFormat format) {
    write(sweep, content_of(rows), folder, format);
}

}  // namespace infsim::explore
