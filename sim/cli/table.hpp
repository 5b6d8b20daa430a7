// Tables for people: aligned columns, a heading line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/paint.hpp"

namespace infsim::cli {

/// Width in characters: COLUMNS if set, else that of the terminal, else 100 if the file is not a terminal.
std::size_t terminal_width(int file = 1);

class Table {
public:
    explicit Table(std::vector<std::string> names) : rows_{{std::move(names), Ink::plain}} {}
    void add(std::vector<std::string> cells, Ink ink = Ink::plain) { rows_.push_back({std::move(cells), ink}); }
    /// Numbers right-aligned, text left-aligned, two blanks between columns. No line exceeds `most` characters: a last
    /// column of text wraps into further lines, or stands below its row. Other columns that do not fit are named below.
    std::string text(const Paint& paint = {}, std::size_t most = terminal_width()) const;
    /// The same without the heading line.
    std::string body(const Paint& paint = {}, std::size_t most = terminal_width()) const;

private:
    struct Row {
        std::vector<std::string> cells;
        Ink ink;
    };
    struct Layout;
    Layout layout(std::size_t most) const;
    static std::string lines_of(const Row& row, const Layout& l, std::size_t most);

    std::vector<Row> rows_;
};

/// Footnotes of a table: long texts of rows, each once below the table, after the mark that its rows carry.
class Footnotes {
public:
    /// The mark of a text, such as "[1]"; a new text gets the next number.
    std::string mark(const std::string& text);
    /// A line for each; "" if there are none.
    std::string text(std::size_t most = terminal_width()) const;

private:
    std::vector<std::string> texts_;
};

/// The text in lines of at most `most` characters, broken at blanks; further lines are indented.
std::string wrapped(const std::string& text, std::size_t most = terminal_width());

/// Lines longer than `most` characters are broken at blanks; further lines are indented by two more blanks.
std::string folded_lines(const std::string& lines, std::size_t most);
/// A message for a file such as stderr: folded to the width of a terminal. Elsewhere its lines stay whole, so that
/// programs find them.
std::string message_for(int file, const std::string& lines);

/// A number with this many digits after the decimal point; "-" if there is none.
std::string fixed(double x, int digits);
template <class T>
std::string fixed(const T& optional, int digits) {
    return optional ? fixed(static_cast<double>(*optional), digits) : "-";
}
/// Requests or items per second; larger numbers have fewer decimals.
std::string rate_text(double per_second);
/// Five digits, one more than the interval of a throughput justifies; integers in full.
std::string rounded(double x);
/// "43.2 %".
std::string percent(double share);
/// "+4.3 %".
std::string signed_percent(double share);
/// The efficiency of a record: "0.43"; smaller values have more decimals.
std::string efficiency_text(const std::optional<double>& efficiency);
/// "51.1 MB", "88 KB", "12 B": decimal units.
std::string megabytes(double bytes);

}  // namespace infsim::cli
