#include "report/text_table.hpp"

#include <algorithm>

#include "base/problems.hpp"
#include "record/csv.hpp"

namespace infsim::report {

namespace {

struct Line {
    std::size_t number = 0;  ///< line number in the file, of its first character
    std::vector<std::string> cells;
};

/// Splits the whole text; a line end inside quotes belongs to the cell.
class Splitter {
public:
    Splitter(std::string_view text, const std::string& file) : text_(text), file_(file) {}

    std::vector<Line> lines() {
        while (at_ < text_.size()) {
            Line line{number_, {}};
            while (cell(line.cells)) {}
            if (line.cells.size() > 1 || !line.cells.front().empty()) lines_.push_back(std::move(line));
        }
        return std::move(lines_);
    }

private:
    /// Reads one cell and its delimiter; false at the end of the line.
    bool cell(std::vector<std::string>& cells) {
        std::string value;
        if (at_ < text_.size() && text_[at_] == '"') value = quoted();
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') value += text_[at_++];
        const bool more = at_ < text_.size() && text_[at_] == ',';
        if (!more) {
            if (!value.empty() && value.back() == '\r') value.pop_back();
            ++number_;
        }
        ++at_;
        cells.push_back(std::move(value));
        return more;
    }

    std::string quoted() {
        const std::size_t opened = number_;
        std::string value;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n') ++number_;
            if (text_[at_] != '"') value += text_[at_];
            else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') value += text_[at_++];
            else {
                ++at_;
                return value;
            }
        }
        throw InputError(file_, "line " + std::to_string(opened), "a quote is opened but never closed");
    }

    std::string_view text_;
    const std::string& file_;
    std::size_t at_ = 0, number_ = 1;
    std::vector<Line> lines_;
};

}  // namespace

std::optional<std::size_t> TextTable::find(std::string_view name) const {
    for (std::size_t c = 0; c < columns.size(); ++c)
        if (columns[c].name == name) return c;
    return std::nullopt;
}

const std::string& TextTable::cell(std::size_t row, std::string_view name) const {
    static const std::string nothing;
    const auto c = find(name);
    return c ? rows[row][*c] : nothing;
}

TextTable parse_csv(std::string_view text, const std::string& file) {
    std::vector<Line> lines = Splitter(text, file).lines();
    if (lines.empty()) throw InputError(file, "", "is empty; a table begins with a line of column names");
    TextTable table;
    for (const std::string& name : lines.front().cells) {
        if (table.find(name)) throw InputError(file, "line 1", "the column '" + name + "' appears twice");
        table.columns.push_back({name, "", "", false});
    }
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (lines[i].cells.size() != table.columns.size())
            throw InputError(file, "line " + std::to_string(lines[i].number),
                             "has " + std::to_string(lines[i].cells.size()) + " cells, and the header " +
                                 std::to_string(table.columns.size()));
        table.rows.push_back(std::move(lines[i].cells));
    }
    return table;
}

std::string to_csv(const TextTable& table) {
    std::vector<std::string> names;
    for (const TableColumn& c : table.columns) names.push_back(c.name);
    std::string text = record::csv_line(names) + "\n";
    for (const auto& row : table.rows) text += record::csv_line(row) + "\n";
    return text;
}

json::Object to_json(const TextTable& table) {
    json::Array columns;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const TableColumn& column = table.columns[c];
        json::Object entry{
            {"name", column.name}, {"unit", column.unit}, {"meaning", column.meaning}, {"axis", column.axis}};
        const bool same = !table.rows.empty() && std::all_of(table.rows.begin(), table.rows.end(), [&](const auto& r) {
            return r[c] == table.rows.front()[c];
        });
        if (same) {
            entry.set("same", table.rows.front()[c]);
        } else {
            json::Array cells;
            for (const auto& row : table.rows) cells.emplace_back(row[c]);
            entry.set("cells", std::move(cells));
        }
        columns.push_back(std::move(entry));
    }
    return {{"rows", static_cast<std::int64_t>(table.rows.size())}, {"columns", std::move(columns)}};
}

}  // namespace infsim::report
