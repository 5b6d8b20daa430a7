// Tables for people: columns aligned, a line of names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/paint.hpp"

namespace infsim::cli {

/// Characters in a line of the terminal that a file is, by COLUMNS where that is set, 100 where it is none.
std::size_t terminal_width(int file = 1);

class Table {
public:
    explicit Table(std::vector<std::string> names) : rows_{{std::move(names), Ink::plain}} {}
    void add(std::vector<std::string> cells, Ink ink = Ink::plain) { rows_.push_back({std::move(cells), ink}); }
    /// Numbers to the right, text to the left, two blanks between columns. No line is longer than `most` characters: a
    /// last column of text goes on in further lines, or stands below its row; other columns at the right that find no
    /// room are named below.
    std::string text(const Paint& paint = {}, std::size_t most = terminal_width()) const;
    /// The same without the line of names.
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

/// What rows of a table have to say at length: below it, the same once, each behind the mark that its rows carry.
class Footnotes {
public:
    /// "[1]", for a text that was not there before the next number.
    std::string mark(const std::string& text);
    /// A line for each; "" where there are none.
    std::string text(std::size_t most = terminal_width()) const;

private:
    std::vector<std::string> texts_;
};

/// The text in lines of at most `most` characters, broken at blanks; further lines are indented.
std::string wrapped(const std::string& text, std::size_t most = terminal_width());

/// A number with so many digits behind the point; "-" where there is none.
std::string fixed(double x, int digits);
template <class T>
std::string fixed(const T& optional, int digits) {
    return optional ? fixed(static_cast<double>(*optional), digits) : "-";
}
/// Requests or items per second, with fewer digits the more there are.
std::string rate_text(double per_second);
/// Five digits, which is one more than the interval of a throughput leaves; whole numbers whole.
std::string rounded(double x);
/// "43.2 %".
std::string percent(double share);
/// "+4.3 %".
std::string signed_percent(double share);
/// Of a record: "0.43", and with more digits the less it is.
std::string efficiency_text(const std::optional<double>& efficiency);
/// "51.1 MB", "88 KB", "12 B": decimal units.
std::string megabytes(double bytes);

}  // namespace infsim::cli
