#include "record/csv.hpp"

#include <algorithm>

#include "base/problems.hpp"
#include "record/columns.hpp"

namespace infsim::record {

std::string csv_cell(std::string_view text) {
    if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string{text};
    std::string quoted = "\"";
    for (char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

namespace {

/// Whether a spreadsheet takes the text after the guards for a formula. Some skip tabs and line ends.
bool wants_guard(const std::string& text) {
    const auto first = text.find_first_not_of('\'');
    return first != std::string::npos && std::string_view("=+-@\t\r").find(text[first]) != std::string_view::npos;
}

/// A cell as in the table: texts guarded.
std::string table_cell(const Column& column, const RunRecord& record) {
    const std::string text = cell_text(column, record);
    return cell_type(column) == CellType::text ? guarded(text) : text;
}

}  // namespace

std::string guarded(const std::string& text) { return wants_guard(text) ? "'" + text : text; }

std::string unguarded(const std::string& text) {
    return !text.empty() && text[0] == '\'' && wants_guard(text) ? text.substr(1) : text;
}

std::string csv_line(const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line += ',';
        line += csv_cell(cells[i]);
    }
    return line;
}

std::vector<std::string> split_csv_line(std::string_view line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted) {
            if (c != '"') cells.back() += c;
            else if (i + 1 < line.size() && line[i + 1] == '"') cells.back() += line[++i];
            else quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            cells.emplace_back();
        } else {
            cells.back() += c;
        }
    }
    return cells;
}

RareColumns rare_columns(const RunRecord& record) {
    RareColumns names;
    for (const Column& c : columns())
        if (c.rare && !cell_text(c, record).empty()) names.insert(c.name);
    return names;
}

std::string csv_header(const RareColumns& rare) {
    std::vector<std::string> names;
    for (const Column& c : columns())
        if (!c.rare || rare.count(c.name) > 0) names.push_back(c.name);
    return csv_line(names);
}

std::string csv_row(const RunRecord& record, const RareColumns& rare) {
    std::vector<std::string> cells;
    for (const Column& c : columns())
        if (!c.rare || rare.count(c.name) > 0) cells.push_back(table_cell(c, record));
    return csv_line(cells);
}

RunRecord parse_csv_row(std::string_view header, std::string_view row, const std::string& file) {
    const auto names = split_csv_line(header);
    const auto cells = split_csv_line(row);
    if (names.size() != cells.size())
        throw InputError(
            file, "",
            "a row has " + std::to_string(cells.size()) + " cells, the header " + std::to_string(names.size()));
    RunRecord record;
    for (const Column& c : columns()) {
        const auto found = std::find(names.begin(), names.end(), c.name);
        if (found == names.end()) continue;
        std::string cell = cells[static_cast<std::size_t>(found - names.begin())];
        if (cell_type(c) == CellType::text) cell = unguarded(cell);
        if (!set_cell(c, record, cell)) throw InputError(file, c.name, "'" + cell + "' is not a value of this column");
    }
    return record;
}

}  // namespace infsim::record
